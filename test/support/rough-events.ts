import { type Draw, shuffledIndexes } from "#core/random.ts";
import type { Bus } from "#platform/bus/bus.ts";
import { sleep } from "#platform/clock.ts";
import { encodePredictionEvent } from "#wire/event/encode.ts";
import { predictionSubject } from "#wire/event/subject.ts";
import { makeEvent } from "./prediction-events.ts";

const messagesPerBlock = 6;
const rowsPerMessage = 24;

/**
 * Publishes predictions of some models as a bad day brings them: out of order, twice, late, run
 * more than once, and with times that cannot be, until the signal aborts. Waits where the bus is
 * away; a message whose acknowledgement is lost comes again.
 */
export async function publishRoughly(
  bus: Bus,
  { models, draw, signal }: Roughly,
): Promise<{ readonly published: number }> {
  let published = 0;
  for (let block = 0; !signal.aborted; block += 1) {
    for (const index of shuffledIndexes(messagesPerBlock, draw)) {
      const seq = block * messagesPerBlock + index + 1;
      for (const model of models) {
        const message = { model, seq, draw };
        const bytes = encodePredictionEvent(roughEvent(message));
        const times = draw() < 0.15 ? 2 : 1;
        for (let time = 0; time < times; time += 1) {
          await insist(() => bus.publish(predictionSubject({ model, version: 1 }), bytes));
          published += 1;
        }
      }
      await sleep(10 + draw() * 20);
    }
  }
  return { published };
}

export type Roughly = {
  readonly models: readonly string[];
  readonly draw: Draw;
  readonly signal: AbortSignal;
};

function roughEvent(of: { readonly model: string; readonly seq: number; readonly draw: Draw }) {
  const { model, seq, draw } = of;
  const x = Array.from({ length: rowsPerMessage }, () => draw() * 2 - (seq % 90 > 45 ? 0.4 : 1));
  // Some predictions are executed again, and told of by another message.
  const id = draw() < 0.1 ? Math.max(1, seq - 1) : seq;
  const role = draw() < 0.1 ? "hedge" : "primary";
  const timeMs = roughTime(draw);
  return makeEvent({
    ...{ model, producer: `${model}-a`, seq, rowsTotal: seq * rowsPerMessage },
    of: [{ id, role, timeMs, x }],
  });
}

function roughTime(draw: Draw): number {
  const kind = draw();
  if (kind < 0.02) return 0;
  if (kind < 0.04) return Date.UTC(2200, 0, 1);
  return Date.now() - Math.floor(kind < 0.3 ? draw() * 3000 : draw() * 100);
}

async function insist(act: () => Promise<void>): Promise<void> {
  for (;;) {
    const isDone = await act().then(
      () => true,
      () => false,
    );
    if (isDone) return;
    await sleep(50);
  }
}
