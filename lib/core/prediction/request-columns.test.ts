import { expect, test } from "vitest";
import { RequestColumns, type RequestFacts } from "./request-columns.ts";

const facts: RequestFacts = {
  ...{ predictionId: new Uint8Array(16).fill(1), attempt: 1, role: "primary" },
  ...{ eventTimeUs: 5, status: 0, queueUs: 2 ** 40, runUs: 7, trace: undefined },
  requestId: "é".repeat(200),
};

test("copies ids, bounds numbers and cuts what callers wrote", () => {
  const requests = new RequestColumns();
  requests.add(facts, 3);
  facts.predictionId.fill(9);
  const sealed = requests.seal();
  expect(sealed).toMatchObject({ count: 1, rows: [3], queueUs: [2 ** 32 - 1], runUs: [7] });
  expect(sealed.requestIds).toEqual(["é".repeat(128)]);
  expect(sealed.predictionIds).toEqual(new Uint8Array(16).fill(1));
  expect([sealed.traceIds, sealed.spanIds, sealed.traceFlags]).toEqual(
    [16, 8, 1].map((length) => new Uint8Array(length)),
  );
});
