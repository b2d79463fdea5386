import type { FoundStream } from "./bus.ts";
import { isNoStream } from "./nats-failure.ts";
import { foundOf, type StreamDescription } from "./stream-state.ts";

/** What is used of the client library's account of streams. */
export type Streams<Info> = {
  readonly info: (name: string) => Promise<Info>;
  readonly getMessage: (
    name: string,
    query: { readonly last_by_subj: string },
  ) => Promise<{ readonly seq: number; readonly timestamp: string } | null>;
};

/** Undefined where there is no such stream. */
export async function streamInfo<Info>(
  streams: Pick<Streams<Info>, "info">,
  name: string,
): Promise<Info | undefined> {
  try {
    return await streams.info(name);
  } catch (error) {
    if (isNoStream(error)) return undefined;
    throw error;
  }
}

/** See `Bus.findStream`. */
export async function findStream<Info extends StreamDescription>(
  streams: Streams<Info>,
  name: string,
  subject: string,
): Promise<FoundStream | undefined> {
  const found = await streamInfo(streams, name);
  if (found === undefined) return undefined;
  const last = await streams.getMessage(name, { last_by_subj: subject });
  return foundOf(found, last ?? undefined);
}
