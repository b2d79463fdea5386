import { Failure } from "#core/failure.ts";
import { monotonicMs, wallUs } from "#platform/clock.ts";
import type { ReplyHeader } from "#wire/reply-begin.ts";
import { statusCode, toStatusCode } from "#wire/status.ts";
import type { BatchRunner, TakenJob } from "./batch-runner.ts";
import type { EventRecorder } from "./event-recorder.ts";
import type { WorkerEvents } from "./events.ts";
import type { JobResult } from "./job.ts";
import { type Question, type QuestionContext, readQuestion } from "./question.ts";
import type { TraceRecorder } from "./trace-recorder.ts";
import type { Arrival, BatchFacts, WorkTimings } from "./work.ts";

/** Where an answer goes; it may be called once. */
export type AnswerSink = {
  readonly started: () => void;
  readonly reply: (header: ReplyHeader, payload: Uint8Array) => void;
};

/** What it takes to answer; there is none while the model is not ready. */
export type AnswerModules = {
  readonly context: QuestionContext;
  readonly runner: BatchRunner;
};

export type RequestModules = {
  readonly recorder: EventRecorder;
  readonly traces: TraceRecorder;
  readonly events: WorkerEvents;
};

const nothing = new Uint8Array(0);
/** Longer ones could not travel as gRPC status messages. */
const messageLengthMax = 2000;

/** One request from its arrival to its reply: decoded, queued, run, answered, recorded. */
export class ActiveRequest {
  readonly #arrival: Arrival;
  readonly #sink: AnswerSink;
  readonly #modules: RequestModules;
  #job: TakenJob | undefined;
  #isOver = false;
  #decodeUs = 0;
  #queuedUs = 0;

  constructor(arrival: Arrival, sink: AnswerSink, modules: RequestModules) {
    this.#arrival = arrival;
    this.#sink = sink;
    this.#modules = modules;
  }

  /** Decodes and queues the request, or answers at once what cannot be queued. */
  begin(payload: Uint8Array, { context, runner }: AnswerModules): void {
    const { deadlineMs, alone } = this.#arrival;
    try {
      if (deadlineMs <= monotonicMs()) {
        throw new Failure("deadline-exceeded", "the deadline had passed when the request arrived");
      }
      const startUs = wallUs();
      const question = readQuestion(payload, this.#arrival, context);
      this.#queuedUs = wallUs();
      this.#decodeUs = this.#queuedUs - startUs;
      const { rows, inputs, outputs } = question;
      const taken = runner.submit({
        ...{ rows, inputs, outputs, deadlineMs, alone },
        onStarted: this.#sink.started,
        onDone: (result) => this.#answer(question, result),
        onFailed: (failure, batches) => this.refuse(failure, batches),
      });
      if (taken !== "full") this.#job = taken;
      else throw tooManyRows(context, runner);
    } catch (error) {
      this.refuse(Failure.from(error));
    }
  }

  /** Answers with an error. */
  refuse(failure: Failure, batches: readonly BatchFacts[] = []): void {
    if (this.#isOver) return;
    const status = toStatusCode(failure.code);
    const message = failure.message.slice(0, messageLengthMax).toWellFormed();
    const timings = this.#timings(batches, { runUs: 0, encodeUs: 0 });
    this.#end({ status, rows: 0, message, timings, batches });
    this.#sink.reply({ ...this.#header(timings, batches), status, message }, nothing);
  }

  /** Its caller has gone: frees what is held for it and answers nobody. */
  cancel(): void {
    if (this.#isOver) return;
    const begun = this.#job?.cancel() ?? [];
    const timings = this.#timings(begun, { runUs: 0, encodeUs: 0 });
    // A batch still under way is told of by those of its members that wait for its end.
    const batches = begun.filter(({ endedUs }) => endedUs > 0);
    const message = "nobody waited for the answer";
    this.#end({ status: statusCode.cancelled, rows: 0, message, timings, batches });
  }

  #answer(question: Question, result: JobResult): void {
    if (this.#isOver) return;
    const startUs = wallUs();
    let payload: Uint8Array;
    try {
      payload = question.encode(result.outputs);
    } catch (error) {
      this.refuse(Failure.from(error), result.batches);
      return;
    }
    const { batches, runUs } = result;
    const timings = this.#timings(batches, { runUs, encodeUs: wallUs() - startUs });
    this.#record(question, result, timings);
    this.#end({ status: statusCode.ok, rows: question.rows, message: undefined, timings, batches });
    const header = { ...this.#header(timings, batches), status: statusCode.ok };
    this.#sink.reply({ ...header, rows: question.rows }, payload);
  }

  #record(question: Question, { outputs }: JobResult, timings: WorkTimings): void {
    const { predictionId, attempt, role, arrivedUs, trace } = this.#arrival;
    const isSampled = trace !== undefined && (trace.flags & 1) !== 0;
    const { rows, inputs, nulls, requestId } = question;
    const facts = {
      ...{ predictionId, attempt, role, eventTimeUs: arrivedUs, status: statusCode.ok, requestId },
      ...{ queueUs: timings.queueUs, runUs: timings.runUs },
      trace: isSampled
        ? { traceId: trace.traceId, spanId: trace.runSpanId, flags: trace.flags }
        : undefined,
    };
    this.#modules.recorder.record({ facts, rows, inputs, outputs, nulls }, monotonicMs());
  }

  #end(outcome: {
    readonly status: number;
    readonly rows: number;
    readonly message: string | undefined;
    readonly timings: WorkTimings;
    readonly batches: readonly BatchFacts[];
  }): void {
    this.#isOver = true;
    const { status, rows, message, timings, batches } = outcome;
    const { predictionId, trace, method, attempt, role, arrivedUs } = this.#arrival;
    this.#modules.events.requestEnded({ method, status, rows, timings });
    if (trace === undefined) return;
    this.#modules.traces.record({
      ...{ predictionId, trace, method, attempt, role, rows, status, error: message },
      ...{ arrivedUs, endedUs: wallUs(), timings, batches },
    });
  }

  #timings(
    batches: readonly BatchFacts[],
    { runUs, encodeUs }: Pick<WorkTimings, "runUs" | "encodeUs">,
  ): WorkTimings {
    const [first] = batches;
    const startedUs = first?.startedUs ?? (this.#queuedUs > 0 ? wallUs() : 0);
    return { decodeUs: this.#decodeUs, queueUs: startedUs - this.#queuedUs, runUs, encodeUs };
  }

  #header(timings: WorkTimings, batches: readonly BatchFacts[]): ReplyHeader {
    const last = batches.at(-1);
    return {
      timings: { ...timings, totalUs: wallUs() - this.#arrival.arrivedUs },
      ...(last === undefined ? {} : { batch: batchInfo(last) }),
      rowsAnswered: BigInt(this.#modules.recorder.rowsTotal),
    };
  }
}

function batchInfo({ rows, requests, closedBy, spanId }: BatchFacts) {
  return { rows, requests, closedBy, spanId };
}

function tooManyRows({ spec }: QuestionContext, runner: BatchRunner): Failure {
  const { queueRowsMax } = spec.batching;
  const message = `queue full: ${runner.waitingRows} rows waiting, limit ${queueRowsMax}`;
  return new Failure("resource-exhausted", message);
}
