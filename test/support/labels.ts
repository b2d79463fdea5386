import type { ModelReport } from "#core/monitor/model-report.ts";
import type { ModelWatch } from "#core/monitor/model-watch.ts";
import type { Feedback } from "#core/performance/feedback.ts";
import type { ReceivedFeedback } from "#core/performance/performance-report.ts";
import type { Bus } from "#platform/bus/bus.ts";
import { feedbackStream } from "#platform/bus/streams.ts";
import { decodeFeedback, encodeFeedback } from "#wire/feedback/message.ts";
import { feedbackSubject } from "#wire/feedback/subject.ts";
import { sampleId } from "./prediction-events.ts";

/** Rows of a request that is larger than the rest, and the id of the one before the first such. */
export const bulkRows = 9_000;
export const bulkId = 500_000;

/** Of wine: of predictions before the one with this id and of the next; some come twice. */
export async function publishLabels(bus: Bus, seq: number): Promise<void> {
  const labels = [Math.max(1, seq - 3), seq + 1, ...(seq % 4 === 0 ? [Math.max(1, seq - 2)] : [])];
  const feedback = labels.map((id): Feedback => {
    const target = { kind: "prediction", id: sampleId(id) } as const;
    return { target, row: id % 2, label: id % 3 === 0 ? "negative" : "positive" };
  });
  const target = { kind: "prediction", id: sampleId(bulkId + 1) } as const;
  feedback.push({ target, row: (seq * 7) % bulkRows, label: "negative" });
  for (const message of encodeFeedback("wine", feedback, 1000)) {
    await bus.publish(feedbackSubject("wine"), message);
  }
}

/** Has a watch of wine take all labels that the stream holds. */
export async function applyLabels(bus: Bus, watch: ModelWatch): Promise<void> {
  const { lastSeq } = await bus.ensureStream(feedbackStream);
  if (lastSeq === 0) return;
  const { name: stream } = feedbackStream;
  const stop = new AbortController();
  const messages = bus.consume({ stream, subjects: [], fromSeq: 1, signal: stop.signal });
  for await (const { seq, timeMs, data } of messages) {
    const feedback = decodeFeedback(data, "wine") as ReceivedFeedback[];
    watch.applyFeedback({ seq, timeMs, feedback });
    if (seq === lastSeq) break;
  }
  stop.abort();
}

/** How many labels a report accounts for, but those that came twice. */
export function labelsTaken(performance: ModelReport["performance"]): number {
  const { matched = 0, revised = 0, waiting = 0 } = performance?.labels ?? {};
  return matched + revised + waiting;
}

/**
 * A report without what depends on where rows are kept for their labels: one that a label has
 * called for is in memory and in a file, and without a data folder there are no files.
 */
export function comparable(report: ModelReport): unknown {
  const { performance, ...rest } = JSON.parse(JSON.stringify(report));
  const labels = { ...performance.labels, rowsKnown: 0, rowsDropped: 0 };
  return { ...rest, performance: { ...performance, labels } };
}
