import { expect, it } from "vitest";
import { afterLoss, mayTryAgain } from "./after-loss.ts";
import type { Attempt, Exchange } from "./exchange.ts";
import type { PredictionRequest } from "./request.ts";
import { RequestTrace, requestIdsBytes } from "./request-trace.ts";

const request: PredictionRequest = {
  rpc: "inference.GRPCInferenceService/ModelInfer",
  trace: new RequestTrace(new Uint8Array(requestIdsBytes)),
  arrivedUs: 0,
  arrivedMs: 0,
  requestId: "",
  exchange: undefined,
};

function exchange(fields: Partial<Exchange> = {}): Exchange {
  return {
    request,
    owner: { ended: () => {} },
    method: "ModelInfer",
    ref: { model: "m", version: 1 },
    deadlineMs: 1_000,
    queueUntilMs: Number.POSITIVE_INFINITY,
    payloadBytes: 3,
    payload: new Uint8Array(3),
    isBulk: false,
    priority: 0,
    isRetained: true,
    isSuspect: false,
    level: 0,
    queuePlace: -1,
    livePlace: -1,
    isEnded: false,
    attempts: [],
    ...fields,
  };
}

function attempt(fields: Partial<Attempt> = {}): Attempt {
  return {
    exchange: exchange(),
    number: 1,
    worker: { instance: "m-1-0", cancel() {}, keep() {} },
    isAlone: false,
    linkId: 0,
    spanId: new Uint8Array(),
    runSpanId: new Uint8Array(),
    leftMs: 1,
    isStarted: false,
    endedMs: 2,
    failure: undefined,
    ...fields,
  };
}

it("tries what had not been started again, though there is no other worker", () => {
  expect(afterLoss(attempt(), 1)).toEqual({ kind: "retry", isSuspect: false });
});

it("keeps a suspect apart that had not been started this time", () => {
  const suspect = attempt({ exchange: exchange({ isSuspect: true }), isAlone: true });
  expect(afterLoss(suspect, 2)).toEqual({ kind: "retry", isSuspect: true });
});

it("tries what was being run once more where another worker remains", () => {
  expect(afterLoss(attempt({ isStarted: true }), 2)).toEqual({ kind: "retry", isSuspect: true });
});

it.each<[string, Attempt, number, string, string]>([
  ["there is no other worker", attempt({ isStarted: true }), 1, "unavailable", "no other serves"],
  [
    "its bytes were given up",
    attempt({ exchange: exchange({ payload: new Uint8Array() }) }),
    2,
    "unavailable",
    "too large to keep",
  ],
  [
    "five workers were tried",
    attempt({ exchange: exchange({ attempts: Array(5).fill(attempt()) }) }),
    2,
    "unavailable",
    "5 workers were tried",
  ],
  [
    "it brought a second worker down",
    attempt({ isStarted: true, isAlone: true }),
    9,
    "internal",
    "ran this request alone",
  ],
])("gives up when %s", (_, lost, replicas, code, message) => {
  expect(afterLoss(lost, replicas)).toMatchObject({
    kind: "fail",
    failure: { code, message: expect.stringContaining(message) },
  });
});

it("says when to try again only of what may then succeed", () => {
  const passing = afterLoss(attempt({ isStarted: true }), 1);
  const lasting = afterLoss(attempt({ isStarted: true, isAlone: true }), 2);
  expect(passing).toMatchObject({ failure: { retryAfterMs: expect.any(Number) } });
  expect(lasting).toMatchObject({ failure: { retryAfterMs: undefined } });
});

it("does not give away a request of which only a part is left", () => {
  expect(mayTryAgain(exchange())).toBe(true);
  expect(mayTryAgain(exchange({ payload: new Uint8Array() }))).toBe(false);
});
