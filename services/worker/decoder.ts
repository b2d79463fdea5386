/**
 * Decodes heavy requests in a thread of their own, one at a time in the order they came. The thread
 * starts with the first of them. How many wait is bounded by the credit of the links. A request
 * that brings its thread down, or holds it up for too long, fails alone: the next one gets another
 * thread.
 */
import { Worker } from "node:worker_threads";
import { Failure, messageOf } from "#core/failure.ts";
import type { SlabPool } from "#core/slab-pool.ts";
import {
  type DecodeHeader,
  type DecodeThreadData,
  type FromDecodeThread,
  type SentFailure,
  type SentQuestion,
  type ToDecodeThread,
  toRowFailures,
} from "./decode-protocol.ts";
import { unpackTexts } from "./packed-texts.ts";
import type { Question } from "./served-model.ts";

export type DecoderOptions = DecodeThreadData & {
  /** A request that takes longer to decode, its thread's start included, fails. */
  readonly decodeMaxMs: number;
  /** Of the thread's heap; the runtime's default where it is not given. */
  readonly heapMbMax?: number;
};

export type Decoded = Question | Failure;

export type DecodeRequest = {
  readonly payload: Uint8Array;
  /** Whether the payload is all of its memory, which goes back to the pool. */
  readonly own: boolean;
  readonly header: DecodeHeader;
};

type Task = {
  readonly memory: ArrayBuffer;
  readonly bytes: number;
  readonly own: boolean;
  readonly header: DecodeHeader;
  readonly onDecoded: (decoded: Decoded) => void;
  isCancelled: boolean;
};

export class Decoder implements AsyncDisposable {
  readonly #options: DecoderOptions;
  readonly #payloads: SlabPool;
  readonly #waiting = new Set<Task>();
  #thread: Worker | undefined;
  #task: Task | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  #isDisposed = false;

  /** `payloads`: where the memory of payloads that have some of their own comes from. */
  constructor(options: DecoderOptions, payloads: SlabPool) {
    this.#options = options;
    this.#payloads = payloads;
  }

  /**
   * Decodes and checks a request, and takes the memory of its payload if that is `own`. Calls back
   * once, later, unless it is cancelled with what is given back here: then what waits is let go,
   * and what is being decoded is forgotten.
   */
  decode(request: DecodeRequest, onDecoded: (decoded: Decoded) => void): () => void {
    const { payload, own, header } = request;
    // Others have messages in the memory of one that came within its message, now or soon.
    const memory = own ? (payload.buffer as ArrayBuffer) : copyOf(payload);
    const bytes = payload.byteLength;
    const task: Task = { own, header, memory, bytes, onDecoded, isCancelled: false };
    this.#waiting.add(task);
    this.#next();
    return () => {
      task.isCancelled = true;
      this.#waiting.delete(task);
    };
  }

  /** Ends the thread; whoever still waits is told that the model is shutting down. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    clearTimeout(this.#watchdog);
    const tasks = [...(this.#task === undefined ? [] : [this.#task]), ...this.#waiting];
    this.#task = undefined;
    this.#waiting.clear();
    for (const task of tasks)
      settle(task, new Failure("unavailable", "the model is shutting down"));
    await this.#thread?.terminate();
  }

  #next(): void {
    const [task] = this.#waiting;
    if (this.#task !== undefined || task === undefined || this.#isDisposed) return;
    this.#waiting.delete(task);
    this.#task = task;
    this.#thread ??= this.#start();
    const { memory, bytes, header } = task;
    const { method, model, version, isBulk } = header;
    const message: ToDecodeThread = {
      ...{ memory, bytes },
      header: { method, model, version, isBulk },
    };
    const { decodeMaxMs } = this.#options;
    this.#watchdog = setTimeout(() => this.#onHang(), decodeMaxMs);
    this.#thread.postMessage(message, [memory]);
  }

  #start(): Worker {
    const { ref, spec, heapMbMax } = this.#options;
    const data: DecodeThreadData = { ref, spec };
    const thread = new Worker(new URL("./decode-thread.ts", import.meta.url), {
      name: "decode",
      workerData: data,
      ...(heapMbMax === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapMbMax } }),
    });
    thread.on("message", (message: FromDecodeThread) => this.#onAnswer(message));
    thread.on("error", (error) => this.#onLost(thread, `ended: ${messageOf(error)}`));
    thread.on("exit", () => this.#onLost(thread, "ended on its own"));
    return thread;
  }

  #onAnswer({ memory, result }: FromDecodeThread): void {
    const task = this.#finish();
    if (task === undefined) return;
    if (task.own) this.#payloads.give(memory);
    if (isFailure(result)) settle(task, new Failure(result.code, result.message));
    else unpack(task, result);
    this.#next();
  }

  #onHang(): void {
    const { decodeMaxMs } = this.#options;
    const thread = this.#thread;
    if (thread === undefined) return;
    void thread.terminate();
    this.#onLost(thread, `took longer than ${decodeMaxMs} ms`);
  }

  #onLost(thread: Worker, what: string): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    const task = this.#finish();
    if (task !== undefined) settle(task, new Failure("internal", `the decode thread ${what}`));
    this.#next();
  }

  #finish(): Task | undefined {
    clearTimeout(this.#watchdog);
    const task = this.#task;
    this.#task = undefined;
    return task;
  }
}

/** Makes the texts of a request in turns of the event loop. */
function unpack(task: Task, sent: SentQuestion): void {
  const texts = unpackTexts(sent.inputs);
  const goOn = () => {
    if (task.isCancelled) return;
    const step = texts.next();
    if (step.done !== true) {
      setImmediate(goOn);
      return;
    }
    const failures = sent.failures === undefined ? undefined : toRowFailures(sent.failures);
    settle(task, { ...sent, inputs: step.value, failures, isView: false });
  };
  goOn();
}

function settle(task: Task, decoded: Decoded): void {
  if (!task.isCancelled) task.onDecoded(decoded);
}

function isFailure(result: SentQuestion | SentFailure): result is SentFailure {
  return "code" in result;
}

function copyOf(payload: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(payload.byteLength);
  new Uint8Array(copy).set(payload);
  return copy;
}
