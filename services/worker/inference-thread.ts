// Entry point of an inference thread: loads the model, then runs what it is sent, one batch at a
// time. The runtime blocks its thread while it loads and runs, which is why it has one of its own.
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "#core/assert.ts";
import { Failure } from "#core/failure.ts";
import type { FromThread, ThreadOrder, ToThread } from "./inference-protocol.ts";
import { loadModel, reloadModel } from "./load-model.ts";
import type { Session } from "./session.ts";
import { lowerPriority } from "./thread-priority.ts";
import { buffersOf } from "./transfer.ts";

/** So that health answers while every core computes. */
const niceness = 10;

assert(parentPort !== null, "an inference thread is started by its host");
const port = parentPort;
lowerPriority(niceness);
try {
  await serve(await load(workerData as ThreadOrder));
} catch (error) {
  fail(error);
}

async function load({ onnx, settings, isFirst }: ThreadOrder): Promise<Session> {
  if (!isFirst) {
    const session = await reloadModel(onnx, settings);
    answer({ kind: "loaded", model: undefined });
    return session;
  }
  const { session, spec, digest } = await loadModel(onnx, settings);
  answer({ kind: "loaded", model: { spec, digest } });
  return session;
}

async function serve(session: Session): Promise<void> {
  await using _ = session;
  const closed = Promise.withResolvers<void>();
  let running = Promise.resolve();
  port.on("message", (message: ToThread) => {
    if (message.kind === "close") closed.resolve();
    else running = runBatch(session, message);
  });
  await closed.promise;
  await running;
  port.close();
}

async function runBatch(
  session: Session,
  batch: ToThread & { readonly kind: "run" },
): Promise<void> {
  try {
    const started = performance.now();
    const outputs = await session.run(batch.inputs, batch.outputs);
    const runUs = (performance.now() - started) * 1000;
    const buffers = batch.comesBack ? [...new Set(buffersOf(batch.inputs))] : [];
    answer({ kind: "ran", outputs, runUs, buffers }, [...buffersOf(outputs), ...buffers]);
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): void {
  const { code, message } = Failure.from(error);
  answer({ kind: "failed", code, message });
}

function answer(message: FromThread, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}
