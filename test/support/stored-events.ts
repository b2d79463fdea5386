import type { Bus } from "#platform/bus/bus.ts";
import { alertStream } from "#platform/bus/streams.ts";

/** Everything that is in the stream of alerts now, oldest first. */
export async function readStoredEvents<Event>(
  bus: Bus,
): Promise<{ readonly subject: string; readonly event: Event }[]> {
  const { lastSeq } = await bus.ensureStream(alertStream);
  const found: { readonly subject: string; readonly event: Event }[] = [];
  if (lastSeq === 0) return found;
  const stop = new AbortController();
  const { name: stream } = alertStream;
  const messages = bus.consume({ stream, subjects: [], fromSeq: 1, signal: stop.signal });
  for await (const { data, seq, subject } of messages) {
    found.push({ subject, event: JSON.parse(new TextDecoder().decode(data)) });
    if (seq === lastSeq) break;
  }
  stop.abort();
  return found;
}
