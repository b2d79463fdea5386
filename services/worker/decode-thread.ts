// Entry point of a decode thread: reads the requests it is sent, one at a time, as the thread that
// does the input and output reads small ones. ONNX Runtime is not loaded here, so that this thread,
// unlike one that infers, may be ended at any moment.
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "#core/assert.ts";
import { Failure } from "#core/failure.ts";
import {
  type DecodeThreadData,
  type FromDecodeThread,
  type SentQuestion,
  sendFailure,
  sendRowFailures,
  type ToDecodeThread,
} from "./decode-protocol.ts";
import { packTexts } from "./packed-texts.ts";
import { type Question, ServedModel } from "./served-model.ts";
import { lowerPriority } from "./thread-priority.ts";
import { buffersOf } from "./transfer.ts";

/** That of inference: neither goes before the other, and health before both. */
const niceness = 10;

assert(parentPort !== null, "a decode thread is started by its host");
const port = parentPort;
const { ref, spec } = workerData as DecodeThreadData;
const model = new ServedModel(ref, spec);
lowerPriority(niceness);
port.on("message", decode);

function decode({ memory, bytes, header }: ToDecodeThread): void {
  try {
    const question = model.read(new Uint8Array(memory, 0, bytes), false, header);
    answer({ memory, result: toSent(question) }, new Set(buffersOf(question.inputs)));
  } catch (error) {
    answer({ memory, result: sendFailure(Failure.from(error)) });
  }
}

function toSent(question: Question): SentQuestion {
  const { method, requestId, rows, inputs, outputs, nulls, failures } = question;
  return {
    ...{ method, requestId, rows, outputs, nulls },
    inputs: inputs.map(packTexts),
    failures: failures === undefined ? undefined : sendRowFailures(failures),
  };
}

function answer(message: FromDecodeThread, buffers: ReadonlySet<ArrayBuffer> = new Set()): void {
  port.postMessage(message, [message.memory, ...buffers]);
}
