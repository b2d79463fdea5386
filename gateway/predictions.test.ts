import { setTimeout as wait } from "node:timers/promises";
import { expect, it } from "vitest";
import { Failure } from "#core/failure.ts";
import type { CallOwner, UnaryCall } from "#platform/rpc/unary-call.ts";
import { statusCode } from "#wire/status.ts";
import { inferBytes } from "../test/support/infer.ts";
import { LinkWorker } from "../test/support/link-worker.ts";
import { linkPredictions } from "../test/support/linked-predictions.ts";
import type { AnsweredRequest } from "./request-metrics.ts";

/** Gets its reply, or nobody does for this reason. */
class Call implements UnaryCall {
  owner: CallOwner | undefined;
  readonly deadlineMs: number = Number.POSITIVE_INFINITY;
  readonly #unsent: Failure | undefined;

  constructor(unsent: Failure | undefined) {
    this.#unsent = unsent;
  }

  header(): undefined {}

  releaseRequest(): void {}

  reply(): Failure | undefined {
    return this.#unsent;
  }

  refuse(): void {}
}

it.each([
  ["OK", undefined, statusCode.ok],
  ["what it was refused with", "resource-exhausted", statusCode.resourceExhausted],
  ["cancelled", "cancelled", statusCode.cancelled],
] as const)("counts a reply as %s where it was sent or not", async (_, code, status) => {
  await using worker = await LinkWorker.start();
  const answered: AnsweredRequest[] = [];
  const events = { answered: (request: AnsweredRequest) => void answered.push(request) };
  await using linked = await linkPredictions(worker, { queueRequestsMax: 10, events });
  const failure = code === undefined ? undefined : new Failure(code, "nobody gets it");
  const request = inferBytes({ modelName: "m", inputs: [], rawInputContents: [] });
  linked.predictions.taker("ModelInfer")(new Call(failure), request);
  (await worker.next()).reply();
  while (answered.length === 0) await wait(5);
  expect(answered).toMatchObject([{ status }]);
});
