import { expect, it } from "vitest";
import { formatServerTiming, type RequestTiming, timingParts } from "./request-timing.ts";

const timing: RequestTiming = {
  totalMs: 10,
  waitMs: 1,
  retryMs: 2,
  worker: { decodeUs: 500, queueUs: 1_000, runUs: 2_000, encodeUs: 250, totalUs: 4_000 },
};

function total(one: RequestTiming): number {
  return timingParts(one).reduce((sum, part) => sum + part.ms, 0);
}

it("names every part and leaves the rest to the link", () => {
  expect(timingParts(timing)).toEqual([
    { name: "wait", ms: 1 },
    { name: "retry", ms: 2 },
    { name: "link", ms: 3 },
    { name: "decode", ms: 0.5 },
    { name: "queue", ms: 1 },
    { name: "run", ms: 2 },
    { name: "encode", ms: 0.25 },
    { name: "worker", ms: 0.25 },
  ]);
});

it("sums to the whole with and without a worker's answer and a retry", () => {
  expect(total(timing)).toBeCloseTo(10);
  expect(total({ ...timing, retryMs: 0 })).toBeCloseTo(10);
  expect(total({ ...timing, worker: undefined })).toBeCloseTo(10);
  expect(total({ ...timing, waitMs: 10, retryMs: 0, worker: undefined })).toBeCloseTo(10);
});

it("sums to the whole whatever a worker claims", () => {
  const worker = { decodeUs: 500, queueUs: 1_000, runUs: 9_000, encodeUs: 0, totalUs: 12_000 };
  expect(total({ ...timing, worker })).toBeCloseTo(10);
  expect(total({ ...timing, worker: { ...worker, totalUs: 1_000 } })).toBeCloseTo(10);
});

it("is written as the trailer has it", () => {
  const short = { totalMs: 1.25, waitMs: 1.25, retryMs: 0, worker: undefined };
  expect(formatServerTiming(short)).toBe("wait;dur=1.250, total;dur=1.250");
});
