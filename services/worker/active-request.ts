import { Failure } from "#core/failure.ts";
import type { RowFailures } from "#core/prediction/row-failures.ts";
import type { SlabPool } from "#core/slab-pool.ts";
import { blankRow, copyRow } from "#core/tensor/rows.ts";
import type { Tensor } from "#core/tensor/tensor.ts";
import { monotonicMs, wallUs } from "#platform/clock.ts";
import { encodeItemAnswer } from "#wire/bulk/item-answer.ts";
import type { ReplyHeader } from "#wire/reply-begin.ts";
import { statusCode, toStatusCode } from "#wire/status.ts";
import type { BatchRunner, TakenJob } from "./batch-runner.ts";
import type { Decoder } from "./decoder.ts";
import type { EventRecorder } from "./event-recorder.ts";
import type { WorkerEvents } from "./events.ts";
import { isHeavy } from "./is-heavy.ts";
import type { Job, JobResult } from "./job.ts";
import { formOf, type Question, type ServedModel } from "./served-model.ts";
import type { TraceRecorder } from "./trace-recorder.ts";
import { type Arrival, type BatchFacts, idOf, type Outcome, type WorkTimings } from "./work.ts";

/** Where answers go: each request is answered at most once. */
export type AnswerSink = {
  /** A request, by its number on its link, is about to run. */
  readonly started: (id: number) => void;
  readonly reply: (id: number, header: ReplyHeader, payload: Uint8Array) => void;
};

/** What it takes to answer; there is none while the model is not ready. */
export type AnswerModules = {
  readonly model: ServedModel;
  readonly runner: BatchRunner;
  readonly decoder: Decoder;
};

export type RequestModules = {
  readonly recorder: EventRecorder;
  readonly traces: TraceRecorder;
  readonly events: WorkerEvents;
  /** Memory that payloads of more than a message are put together in. */
  readonly payloads: SlabPool;
};

const nothing = new Uint8Array(0);
const noTensors: readonly Tensor[] = [];
const noBatches: readonly BatchFacts[] = [];
const noNames: readonly string[] = [];
/** Longer ones could not travel as gRPC status messages. */
const messageLengthMax = 2000;

/**
 * One request from its arrival to its reply: decoded, queued, run, answered, recorded. It is itself
 * the job that the batch runner runs.
 */
export class ActiveRequest implements Job {
  rows = 0;
  inputs: readonly Tensor[] = noTensors;
  outputs: readonly string[] = noNames;
  memory: ArrayBuffer | undefined;
  readonly deadlineMs: number;
  readonly priority: number;
  readonly alone: boolean;
  failures: RowFailures | undefined;
  readonly #arrival: Arrival;
  readonly #sink: AnswerSink;
  readonly #modules: RequestModules;
  #model: ServedModel | undefined;
  #question: Question | undefined;
  #job: TakenJob | undefined;
  #cancelDecoding: (() => void) | undefined;
  #isOver = false;
  #decodeUs = 0;
  #queuedUs = 0;

  constructor(arrival: Arrival, sink: AnswerSink, modules: RequestModules) {
    this.#arrival = arrival;
    this.#sink = sink;
    this.#modules = modules;
    this.deadlineMs = arrival.deadlineMs;
    this.priority = arrival.priority;
    this.alone = arrival.alone;
  }

  /**
   * Decodes and queues the request, or answers at once what cannot be queued; one that takes long
   * to decode is queued later. A payload that came in chunks has memory of its own, which goes back
   * to where it comes from.
   */
  begin(payload: Uint8Array, modules: AnswerModules): void {
    const arrival = this.#arrival;
    // One that came within its beginning has that before it in its memory.
    const own = payload.byteOffset === 0;
    const startUs = wallUs();
    try {
      if (this.deadlineMs <= monotonicMs()) {
        throw new Failure("deadline-exceeded", "the deadline had passed when the request arrived");
      }
      if (isHeavy(payload, own, arrival)) {
        const request = { payload, own, header: arrival };
        this.#cancelDecoding = modules.decoder.decode(request, (decoded) => {
          if (decoded instanceof Failure) this.refuse(decoded);
          else this.#queue(decoded, startUs, modules);
        });
        return;
      }
      const question = modules.model.read(payload, own, arrival);
      const memory = own ? (payload.buffer as ArrayBuffer) : undefined;
      if (question.isView) this.memory = memory;
      else if (memory !== undefined) this.#modules.payloads.give(memory);
      this.#queue(question, startUs, modules);
    } catch (error) {
      this.refuse(Failure.from(error));
    }
  }

  onStarted(): void {
    this.#sink.started(this.#arrival.id);
  }

  onDone(result: JobResult): void {
    const { inputs, outputs, batches, runUs } = result;
    if (this.#isOver || this.#question === undefined || this.#model === undefined) return;
    const startUs = wallUs();
    const { failures } = this;
    let payload: Uint8Array;
    try {
      if (failures !== undefined) blankFailed(outputs, failures, this.rows);
      const told = { predictionId: idOf(this.#arrival.ids, "prediction"), batch: batches.at(-1) };
      payload = this.#model.answer(this.#question, outputs, told);
    } catch (error) {
      this.refuse(Failure.from(error), batches);
      return;
    }
    const endedUs = wallUs();
    const timings = this.#timings({ batches, runUs, encodeUs: endedUs - startUs, endedUs });
    const { recorder } = this.#modules;
    recorder.record(this.#arrival, this.#question, { inputs, outputs, timings }, monotonicMs());
    if (this.memory !== undefined) this.#modules.payloads.give(memoryOf(inputs) ?? this.memory);
    const outcome = { status: statusCode.ok, rows: this.rows, error: undefined, endedUs };
    this.#end({ ...outcome, timings, batches }, payload);
  }

  onFailed(failure: Failure, batches: readonly BatchFacts[]): void {
    this.refuse(failure, batches);
  }

  /** Answers with an error. */
  refuse(failure: Failure, batches: readonly BatchFacts[] = noBatches): void {
    if (this.#isOver) return;
    const status = toStatusCode(failure.code);
    const error = failure.message.slice(0, messageLengthMax).toWellFormed();
    const endedUs = wallUs();
    const timings = this.#timings({ batches, runUs: 0, encodeUs: 0, endedUs });
    const { failures } = this;
    // One that was not understood is a row, too.
    this.#modules.recorder.fail(this.#arrival, Math.max(1, this.rows));
    const payload =
      failures === undefined
        ? nothing
        : encodeItemAnswer(failures, formOf(this.#arrival.method), undefined);
    this.#end({ status, rows: 0, error, endedUs, timings, batches }, payload);
  }

  /** Its caller has gone: frees what is held for it and answers nobody. */
  cancel(): void {
    if (this.#isOver) return;
    const begun = this.#job?.cancel() ?? noBatches;
    const endedUs = wallUs();
    const timings = this.#timings({ batches: begun, runUs: 0, encodeUs: 0, endedUs });
    // A batch still under way is told of by those of its members that wait for its end.
    const batches = begun.filter((batch) => batch.endedUs > 0);
    const error = "nobody waited for the answer";
    this.#end({ status: statusCode.cancelled, rows: 0, error, endedUs, timings, batches });
  }

  #queue(question: Question, startUs: number, { model, runner }: AnswerModules): void {
    this.#queuedUs = wallUs();
    this.#decodeUs = this.#queuedUs - startUs;
    this.#model = model;
    this.#question = question;
    this.rows = question.rows;
    this.inputs = question.inputs;
    this.outputs = question.outputs;
    this.failures = question.failures;
    try {
      if (question.failures !== undefined) substituteFailed(question, question.failures);
      const taken = runner.submit(this);
      if (taken !== "full") this.#job = taken;
      else throw tooManyRows(model, runner);
    } catch (error) {
      this.refuse(Failure.from(error));
    }
  }

  /** Without a payload nobody is answered. */
  #end(outcome: Outcome, payload?: Uint8Array): void {
    this.#isOver = true;
    this.#cancelDecoding?.();
    const { status, rows, error, endedUs, timings, batches } = outcome;
    const arrival = this.#arrival;
    const { events, traces, recorder } = this.#modules;
    events.requestEnded({ method: arrival.method, status, rows, timings });
    if (arrival.hasTrace) traces.record(arrival, outcome);
    if (payload === undefined) return;
    const totalUs = endedUs - arrival.arrivedUs;
    const { decodeUs, queueUs, runUs, encodeUs } = timings;
    const header: ReplyHeader = {
      status,
      rows,
      rowsFailed: this.failures?.size ?? 0,
      message: error ?? "",
      timings: { decodeUs, queueUs, runUs, encodeUs, totalUs },
      batch: batches.at(-1),
      rowsAnswered: recorder.rowsTotal,
    };
    this.#sink.reply(arrival.id, header, payload);
  }

  #timings(ended: {
    readonly batches: readonly BatchFacts[];
    readonly runUs: number;
    readonly encodeUs: number;
    readonly endedUs: number;
  }): WorkTimings {
    const { batches, runUs, encodeUs, endedUs } = ended;
    const startedUs = batches[0]?.startedUs ?? (this.#queuedUs > 0 ? endedUs : 0);
    return { decodeUs: this.#decodeUs, queueUs: startedUs - this.#queuedUs, runUs, encodeUs };
  }
}

/** Where what was moved to the inference thread is now that it has come back. */
function memoryOf([input]: readonly Tensor[]): ArrayBuffer | undefined {
  const data = input?.data;
  return data === undefined || Array.isArray(data) ? undefined : (data.buffer as ArrayBuffer);
}

/**
 * Rows that cannot be run stand in for by one that can, so that all others keep their places; what
 * they come to is blanked. Throws the reason of the first where no row can be run.
 */
function substituteFailed({ rows, inputs }: Question, failures: RowFailures): void {
  if (failures.size === 0) return;
  const [first] = failures.inOrder();
  if (failures.size === rows && first !== undefined) {
    const { code, message } = first.failure;
    throw new Failure(code, `no row can be run: ${message}`);
  }
  let whole = 0;
  while (failures.has(whole)) whole += 1;
  for (const { row } of failures.inOrder()) for (const input of inputs) copyRow(input, whole, row);
}

function blankFailed(outputs: readonly Tensor[], failures: RowFailures, rows: number): void {
  for (const output of outputs) {
    if (output.shape[0] !== rows) continue;
    for (const { row } of failures.inOrder()) blankRow(output, row);
  }
}

function tooManyRows({ spec }: ServedModel, runner: BatchRunner): Failure {
  const { queueRowsMax } = spec.batching;
  const message = `queue full: ${runner.queuedRows} rows waiting, limit ${queueRowsMax}`;
  return new Failure("resource-exhausted", message);
}
