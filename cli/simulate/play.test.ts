import { describe, expect, it } from "vitest";
import { Failure } from "#core/failure.ts";
import type { Row } from "../cells.ts";
import { plain } from "../output.ts";
import { play } from "./play.ts";

function* counting(): Generator<Row, never> {
  for (let row = 0; ; row += 1) yield [row];
}

const run = { model: "m", version: 1, elapsedMs: 1000, rowsTotal: 30, isInterrupted: false };

describe("playing rows", () => {
  it("sends each once and in order, and counts answers and errors by status", async () => {
    const got: Row[] = [];
    const tally = await play(
      { pace: { rowsPerSecond: 1000, rowsTotal: 30 }, signal: new AbortController().signal },
      {
        rows: counting(),
        predict: async (rows) => {
          got.push(...rows);
          if (got.length < 30) throw new Failure("unavailable", "not ready");
        },
        onProgress: () => {},
      },
    );
    expect(got.flat()).toEqual(Array.from({ length: 30 }, (_, row) => row));
    expect(tally.rowsAnswered + tally.rowsFailed).toBe(30);
    expect(tally.rowsFailed).toBeGreaterThan(0);
    expect(tally.toPlain(run)).toMatchObject({
      rowsSent: 30,
      rowsNotSent: 0,
      errors: { UNAVAILABLE: tally.rowsFailed },
    });
    expect(tally.format(run, plain)).toMatch(/UNAVAILABLE +\d+ rows?: not ready/);
  });

  it("sends nothing more once it is interrupted, and waits for what is under way", async () => {
    const stop = new AbortController();
    let answered = 0;
    const tally = await play(
      { pace: { rowsPerSecond: 10, rowsTotal: 1000 }, signal: stop.signal },
      {
        rows: counting(),
        predict: async () => {
          stop.abort();
          await Promise.resolve();
          answered += 1;
        },
        onProgress: () => {},
      },
    );
    expect([tally.rowsSent, tally.rowsAnswered, answered]).toEqual([1, 1, 1]);
  });
});
