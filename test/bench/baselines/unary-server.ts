/**
 * The worker's own machinery (decoding, batches, inference thread) behind a unary service in place
 * of the link, with neither events nor traces nor metrics. Arguments: model repository and model.
 */
import { Failure } from "#core/failure.ts";
import { Meter } from "#core/metric/meter.ts";
import { silentLog } from "#platform/log.ts";
import { modelPaths, readModelSettings } from "#platform/model-repository.ts";
import { toStatusReply } from "#platform/rpc/failure-status.ts";
import { decodeInferRequest } from "#wire/oip/request.ts";
import { InferResponseEncoder } from "#wire/oip/response.ts";
import { BatchRunner } from "../../../services/worker/batch-runner.ts";
import { WorkerEvents } from "../../../services/worker/events.ts";
import { openInferenceHost } from "../../../services/worker/inference-host.ts";
import { serve } from "./serve.ts";

const [root = "", model = ""] = process.argv.slice(2);
const ref = { model, version: 1 };
const host = await openInferenceHost({
  paths: modelPaths(root, ref),
  settings: await readModelSettings(`${root}/${model}`),
  runMaxMs: 30_000,
  signal: new AbortController().signal,
  onCrash: () => process.exit(1),
});
const events = new WorkerEvents({ log: silentLog, meter: new Meter({ seriesMax: 100 }) });
const runner = new BatchRunner({ host, events, announce: () => {} });
const replies = new InferResponseEncoder(ref);
const outputs = host.spec.outputs.map(({ name }) => name);

await serve((call, callback) => {
  const refuse = (failure: Failure) => callback(toStatusReply(failure));
  try {
    const { id, inputs } = decodeInferRequest(call.request);
    const taken = runner.submit({
      ...{ rows: inputs[0]?.shape[0] ?? 1, inputs, outputs },
      ...{ deadlineMs: Number.POSITIVE_INFINITY, priority: 0, alone: false, failures: undefined },
      onStarted: () => {},
      onDone: (result) => callback(null, replies.encode({ id, outputs: result.outputs })),
      onFailed: refuse,
    });
    if (taken === "full") refuse(new Failure("resource-exhausted", "the queue is full"));
  } catch (error) {
    refuse(Failure.from(error));
  }
});
