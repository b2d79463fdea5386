import type { Bitmap } from "#core/bitmap.ts";
import { hashRow } from "#core/hash.ts";
import type { ModelRef } from "#core/model/name.ts";
import type { ModelSpec } from "#core/model/spec.ts";
import { EventBatch, type EventBody, type RequestFacts } from "#core/prediction/event-batch.ts";
import { EventBudget } from "#core/prediction/event-budget.ts";
import {
  featureColumns,
  outputColumns,
  type ReducersByName,
  type ValueColumn,
} from "#core/prediction/value-column.ts";
import type { Tensor } from "#core/tensor/tensor.ts";
import { encodePredictionEvent } from "#wire/event/encode.ts";
import type { EventPublisher } from "./event-publisher.ts";
import type { WorkerEvents } from "./events.ts";
import type { Question } from "./served-model.ts";
import { type Arrival, idOf, isSampled, type WorkTimings } from "./work.ts";

export type EventRecorderOptions = {
  /** Random for each process start. */
  readonly producer: string;
  readonly cluster: string;
  readonly ref: ModelRef;
  readonly valuesPerSecond: number;
};

/** What is known of the model once it is loaded. */
export type RecordedModel = {
  readonly digest: string;
  readonly spec: Pick<ModelSpec, "features" | "predictions">;
  readonly windowMs: number;
  readonly reducers: ReducersByName;
};

type AnsweredRequest = {
  readonly facts: RequestFacts;
  readonly rows: number;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly nulls: ReadonlyMap<string, Bitmap>;
};

/** What was computed for a request, and how long it took. */
export type Answer = {
  /** Of the question, where they are now. */
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly timings: WorkTimings;
};

const messageBytesPreferred = 128 * 1024;
const messageBytesMax = 512 * 1024;
/**
 * Requests that ask for other outputs have other columns; more kinds than this are flushed early.
 */
const schemasMax = 8;
const silenceMs = 1000;
/** How much longer than a window silence is broken: the monitor's grace and some seconds. */
const aliveMsExtra = 15_000;
/** A text takes at most this much, cut and encoded. */
const textBytesMax = 800;

/**
 * Turns answered requests into prediction events. Every answered row is counted; its values are
 * recorded within the budget. Without a publisher rows are counted and nothing else is done.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #publisher: EventPublisher | undefined;
  readonly #events: WorkerEvents;
  readonly #budget: EventBudget;
  /** One for each set of columns. */
  #batches: EventBatch[] = [];
  #model: RecordedModel | undefined;
  #rowsTotal = 0;
  #rowsLeftOut = 0;
  #seq = 0;
  #lastRowMs = Number.NEGATIVE_INFINITY;
  #lastMessageMs = Number.NEGATIVE_INFINITY;

  constructor(
    options: EventRecorderOptions,
    modules: { readonly publisher: EventPublisher | undefined; readonly events: WorkerEvents },
  ) {
    this.#options = options;
    this.#publisher = modules.publisher;
    this.#events = modules.events;
    this.#budget = new EventBudget({ valuesPerSecond: options.valuesPerSecond });
  }

  /** Rows answered since the process started. */
  get rowsTotal(): number {
    return this.#rowsTotal;
  }

  modelLoaded(model: RecordedModel): void {
    this.#model = model;
  }

  /** Counts and, within the budget, keeps the rows of a request that is being answered. */
  record(arrival: Arrival, question: Question, answer: Answer, now: number): void {
    const request = toRequest(arrival, question, answer);
    const { rows } = request;
    this.#rowsTotal += rows;
    this.#lastRowMs = now;
    if (this.#publisher === undefined || this.#model === undefined || rows === 0) return;
    const { predictionId } = request.facts;
    const share = this.#budget.share(now);
    const included: number[] = [];
    for (let row = 0; row < rows; row += 1) {
      if (share >= 1 || hashRow(predictionId, row) < share) included.push(row);
    }
    this.#rowsLeftOut += rows - included.length;
    this.#events.eventRows("sampled_out", rows - included.length);
    this.#events.eventRows("included", included.length);
    const columns = this.#columnsOf(request, this.#model);
    this.#budget.count(rows * columns.length, included.length * columns.length);
    this.#keep(request.facts, columns, included, now);
  }

  /**
   * Publishes what has gathered; after a silence, that the producer lives. Call every quarter of a
   * second.
   */
  flush(now: number): void {
    if (this.#publisher === undefined) return;
    const batches = this.#batches;
    this.#batches = [];
    for (const batch of batches) this.#send(batch, now);
    if (this.#rowsLeftOut > 0) this.#send(new EventBatch([]), now);
    const windowMs = this.#model?.windowMs ?? 0;
    const isAwaited = now < this.#lastRowMs + windowMs + aliveMsExtra;
    if (isAwaited && now >= this.#lastMessageMs + silenceMs) this.#send(new EventBatch([]), now);
  }

  #columnsOf(
    { inputs, outputs, rows, nulls }: AnsweredRequest,
    model: RecordedModel,
  ): ValueColumn[] {
    const { spec, reducers } = model;
    return [
      ...featureColumns({ features: spec.features, inputs, rows, nulls, reducers }),
      ...outputColumns({ predictions: spec.predictions, outputs, rows, reducers }),
    ];
  }

  /** Adds rows in portions, so that no message grows far beyond its preferred size. */
  #keep(facts: RequestFacts, columns: ValueColumn[], rows: readonly number[], now: number): void {
    const isText = ({ type, dtype }: ValueColumn) => type === "category" || dtype === "BYTES";
    const rowBytes = columns.reduce((sum, each) => sum + (isText(each) ? textBytesMax : 8), 16);
    const portion = Math.max(1, Math.floor(messageBytesPreferred / rowBytes));
    for (let from = 0; from < rows.length; from += portion) {
      const batch = this.#batchOf(columns, now);
      batch.add(facts, columns, rows.slice(from, from + portion));
      if (batch.bytes < messageBytesPreferred) continue;
      this.#batches = this.#batches.filter((each) => each !== batch);
      this.#send(batch, now);
    }
  }

  #batchOf(columns: readonly ValueColumn[], now: number): EventBatch {
    let batch = this.#batches.find((each) => each.accepts(columns));
    if (batch === undefined) {
      if (this.#batches.length >= schemasMax) this.flush(now);
      batch = new EventBatch(columns);
      this.#batches.push(batch);
    }
    return batch;
  }

  #send(batch: EventBatch, now: number): void {
    batch.cover(this.#rowsLeftOut);
    this.#rowsLeftOut = 0;
    const body = batch.seal();
    this.#seq += 1;
    this.#lastMessageMs = now;
    const data = this.#encode(body);
    if (data.byteLength > messageBytesMax) {
      const size = `${data.byteLength} bytes, limit ${messageBytesMax}`;
      this.#events.eventDropped(body.rowsCovered, `one event is too large: ${size}`);
      return;
    }
    const id = `${this.#options.producer}:${this.#seq}`;
    this.#publisher?.enqueue({ id, data, rows: body.rowsCovered });
  }

  #encode(body: EventBody): Uint8Array {
    const { producer, cluster, ref } = this.#options;
    return encodePredictionEvent({
      ...{ producer, cluster, model: ref.model, version: ref.version, seq: this.#seq },
      digest: this.#model?.digest ?? "",
      rowsTotal: this.#rowsTotal,
      ...body,
    });
  }
}

function toRequest(arrival: Arrival, question: Question, answer: Answer): AnsweredRequest {
  const { ids, attempt, role, arrivedUs, traceFlags } = arrival;
  const { rows, nulls, requestId } = question;
  const { inputs, outputs, timings } = answer;
  const { queueUs, runUs } = timings;
  const trace = { traceId: idOf(ids, "trace"), spanId: idOf(ids, "runSpan"), flags: traceFlags };
  const facts = {
    ...{ predictionId: idOf(ids, "prediction"), attempt, role, eventTimeUs: arrivedUs },
    ...{ status: 0, requestId, queueUs, runUs, trace: isSampled(arrival) ? trace : undefined },
  };
  return { facts, rows, inputs, outputs, nulls };
}
