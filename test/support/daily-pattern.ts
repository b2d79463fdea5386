import type { StreamMessage } from "#core/monitor/stream-message.ts";
import { type Draw, seededDraw } from "#core/random.ts";
import { makeEvent } from "./prediction-events.ts";

const hourMs = 3_600_000;

export type DailyPattern = {
  readonly fromMs: number;
  readonly hours: number;
  /** Messages in each hour, one a window. */
  readonly perHour: number;
  readonly rows: number;
  /** Added to every value. */
  readonly shift?: number;
  readonly seed?: number;
};

/** Values of x that go up and down with the hour of the day, as a training file would have them. */
export function dailyValues(rows: number): number[] {
  const draw = seededDraw(1);
  return Array.from({ length: rows }, (_, row) => dailyValue(row % 24, draw));
}

/** What a model was asked over some hours: one message in the middle of each window. */
export function* dailyMessages(of: DailyPattern): Generator<StreamMessage> {
  const { fromMs, hours, perHour, rows, shift = 0, seed = 2 } = of;
  const draw = seededDraw(seed);
  const everyMs = hourMs / perHour;
  for (let place = 0; place < hours * perHour; place += 1) {
    const timeMs = fromMs + (place + 0.5) * everyMs;
    const hour = Math.floor(timeMs / hourMs) % 24;
    const x = Array.from({ length: rows }, () => dailyValue(hour, draw) + shift);
    const seq = 1 + Math.floor(timeMs / everyMs);
    const requests = [{ id: seq, timeMs, x }];
    const event = makeEvent({
      producer: `p${fromMs}`,
      seq: place + 1,
      of: requests,
      rowsTotal: rows * (place + 1),
    });
    yield { timeMs, seq, version: 1, body: { kind: "event", event } };
  }
}

/** One of x at an hour of the day. */
export function dailyValue(hour: number, draw: Draw): number {
  return Math.sin((hour / 24) * 2 * Math.PI) + 0.4 * (draw() + draw() + draw() - 1.5);
}
