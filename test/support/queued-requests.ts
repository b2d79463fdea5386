/**
 * Run with `--expose-gc`: prints how many bytes a gateway retains for each of many requests of 300
 * bytes that wait for a worker, payloads included. The HTTP/2 streams they come on are Node's and
 * are left out: `WaitingCall` stands for them and is there before anything is counted.
 */
import { strict as assert } from "node:assert";
import { setTimeout as wait } from "node:timers/promises";
import { Failure } from "#core/failure.ts";
import type { CallOwner, UnaryCall } from "#platform/rpc/unary-call.ts";
import { smallBuffer } from "#platform/small-buffers.ts";
import { inferBytes } from "./infer.ts";
import { LinkWorker } from "./link-worker.ts";
import { linkedRef, linkPredictions } from "./linked-predictions.ts";

const count = 40_000;
/** So many wait already, and have made what is made once. */
const countBefore = 10_000;
const messageBytes = 300;

class WaitingCall implements UnaryCall {
  owner: CallOwner | undefined;
  readonly deadlineMs: number = Date.now() + 3_600_000;

  header(): undefined {}

  releaseRequest(): void {}

  reply(): undefined {}

  refuse(): void {}
}

await using worker = await LinkWorker.start({ credit: 0 });
await using linked = await linkPredictions(worker, { queueRequestsMax: 2 * count });

const ask = linked.predictions.taker("ModelInfer");
const message = infer300();
const calls = Array.from({ length: count }, () => new WaitingCall());
calls.slice(0, countBefore).forEach(put);
const before = await retainedBytes();
calls.slice(countBefore).forEach(put);
const after = await retainedBytes();
assert(
  linked.dispatcher.waiting(linkedRef) >= count - 1,
  "all wait, but for one that an idle worker may take",
);
process.stdout.write(`${Math.round((after - before) / (count - countBefore))}\n`);
linked.dispatcher.abandon(new Failure("unavailable", "measured"));

function put(call: WaitingCall): void {
  const bytes = smallBuffer(messageBytes);
  bytes.set(message);
  ask(call, bytes);
}

/** A request for one row that is exactly that long. */
function infer300(): Uint8Array {
  const tensor = (width: number) =>
    inferBytes({
      modelName: linkedRef.model,
      id: "mine",
      inputs: [{ name: "x", datatype: "FP32", shape: [1n, BigInt(width)] }],
      rawInputContents: [new Uint8Array(width)],
    });
  const bytes = tensor(2 * messageBytes - tensor(messageBytes).byteLength);
  assert.equal(bytes.byteLength, messageBytes);
  return bytes;
}

async function retainedBytes(): Promise<number> {
  // What was queued for later turns has come and gone.
  await wait(50);
  for (let round = 0; round < 3; round += 1) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
