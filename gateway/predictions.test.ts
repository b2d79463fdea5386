import { setTimeout as wait } from "node:timers/promises";
import { expect, it } from "vitest";
import { Failure } from "#core/failure.ts";
import { Meter } from "#core/metric/meter.ts";
import { defaultSampler } from "#core/trace/sampler.ts";
import { silentLog } from "#platform/log.ts";
import type { CallOwner, UnaryCall } from "#platform/rpc/unary-call.ts";
import { SpanExporter } from "#platform/span-exporter.ts";
import { statusCode } from "#wire/status.ts";
import { inferBytes } from "../test/support/infer.ts";
import { LinkWorker } from "../test/support/link-worker.ts";
import { Dispatcher } from "./dispatcher.ts";
import { createEvents } from "./events.ts";
import { Links } from "./links.ts";
import { Predictions } from "./predictions.ts";
import type { AnsweredRequest } from "./request-metrics.ts";
import { Statistics } from "./statistics.ts";
import { Traces } from "./traces.ts";

const ref = { model: "m", version: 1 };

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
  await using exporter = new SpanExporter(
    { service: "gateway", attributes: {}, endpoint: undefined },
    { log: silentLog },
  );
  using links = new Links({ gateway: "g", cluster: "local" }, { draw: Math.random });
  const answered: AnsweredRequest[] = [];
  const events = {
    ...createEvents(new Meter({ seriesMax: 100 }), silentLog),
    answered: (request: AnsweredRequest) => void answered.push(request),
  };
  const limits = { bytesMax: 2 ** 30, retainedBytesMax: 2 ** 20, retainedBytesTotalMax: 2 ** 26 };
  const dispatcher = new Dispatcher(
    { ...limits, queueRequestsMax: 10 },
    { links, events, draw: Math.random },
  );
  const traces = new Traces(
    { sampler: defaultSampler, slowMs: 1_000, keepsPerSecond: 100 },
    { exporter, events },
  );
  const predictions = new Predictions(
    { deadlineDefaultMs: 60_000 },
    { links, dispatcher, traces, events, statistics: new Statistics() },
  );
  links.add(ref, { instance: worker.instance, address: worker.address, metrics: "" });
  while (links.ready(ref).length === 0) await wait(5);
  const failure = code === undefined ? undefined : new Failure(code, "nobody gets it");
  const request = inferBytes({ modelName: "m", inputs: [], rawInputContents: [] });
  predictions.taker("ModelInfer")(new Call(failure), request);
  (await worker.next()).reply();
  while (answered.length === 0) await wait(5);
  expect(answered).toMatchObject([{ status }]);
});
