import { hashRow } from "#core/hash.ts";
import type { ModelRef } from "#core/model/name.ts";
import type { ReducersByName } from "#core/model/settings.ts";
import type { ModelSpec } from "#core/model/spec.ts";
import { ColumnPlan, type PlannedColumn, type Vocabularies } from "#core/prediction/column-plan.ts";
import { ColumnPlans } from "#core/prediction/column-plans.ts";
import type { PredictionEvent } from "#core/prediction/event.ts";
import { EventBatch, type EventBody, type RowSource } from "#core/prediction/event-batch.ts";
import { EventBudget } from "#core/prediction/event-budget.ts";
import type { RequestFacts } from "#core/prediction/request-columns.ts";
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
  readonly vocabularies: Vocabularies;
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
/** Of an event without rows. */
const silent = new ColumnPlan({
  ...{ features: [], predictions: [], inputs: [], outputs: [], rows: 0 },
});
const firstRow: readonly number[] = [0];

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
  #plans: ColumnPlans | undefined;
  #rowsTotal = 0;
  #rowsLeftOut = 0;
  /** What the texts of a row came to, the last time that any was kept. */
  #textValues = 0;
  #rowsFailed = 0;
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
    const { spec, reducers, vocabularies } = model;
    const { features, predictions } = spec;
    this.#plans = new ColumnPlans({ features, predictions, reducers, vocabularies });
  }

  /**
   * Counts and, within the budget, keeps the rows of a request that is being answered. Nothing is
   * read of rows that are left out.
   */
  record(arrival: Arrival, question: Question, answer: Answer, now: number): void {
    const { rows, nulls, failures } = question;
    const answered = rows - (failures?.size ?? 0);
    this.fail(arrival, rows - answered);
    this.#rowsTotal += answered;
    this.#lastRowMs = now;
    if (this.#publisher === undefined || this.#plans === undefined || answered === 0) return;
    const { inputs, outputs } = answer;
    const included = rowsWithin(this.#budget.share(now), arrival, question);
    const leftOut = answered - included.length;
    this.#rowsLeftOut += leftOut;
    this.#events.eventRows("sampled_out", leftOut);
    this.#events.eventRows("included", included.length);
    const plan = this.#plans.of({ inputs, outputs, rows });
    if (included.length > 0) this.#textValues = plan.textValues(inputs, included);
    const values = plan.columns.length + this.#textValues;
    this.#budget.count(answered * values, included.length * values);
    if (included.length === 0) return;
    const facts = toFacts(arrival, question, answer.timings);
    this.#keep(facts, plan, { inputs, outputs, nulls }, included, now);
  }

  /** Counts rows of a request that could not be answered. Of shadows nobody expects an answer. */
  fail({ role }: Pick<Arrival, "role">, rows: number): void {
    if (role !== "shadow") this.#rowsFailed += rows;
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
    if (this.#rowsLeftOut + this.#rowsFailed > 0) this.#send(new EventBatch(silent), now);
    const windowMs = this.#model?.windowMs ?? 0;
    const isAwaited = now < this.#lastRowMs + windowMs + aliveMsExtra;
    if (isAwaited && now >= this.#lastMessageMs + silenceMs)
      this.#send(new EventBatch(silent), now);
  }

  /** Adds rows in portions, so that no message grows far beyond its preferred size. */
  #keep(
    facts: RequestFacts,
    plan: ColumnPlan,
    source: RowSource,
    rows: readonly number[],
    now: number,
  ): void {
    const portion = portionOf(plan);
    for (let from = 0; from < rows.length; from += portion) {
      const batch = this.#batchOf(plan, now);
      const isWhole = from === 0 && rows.length <= portion;
      batch.add(facts, plan, source, isWhole ? rows : rows.slice(from, from + portion));
      if (batch.bytes < messageBytesPreferred) continue;
      this.#batches = this.#batches.filter((each) => each !== batch);
      this.#send(batch, now);
    }
  }

  #batchOf(plan: ColumnPlan, now: number): EventBatch {
    for (const batch of this.#batches) if (batch.schemaId === plan.schemaId) return batch;
    if (this.#batches.length >= schemasMax) this.flush(now);
    const batch = new EventBatch(plan);
    this.#batches.push(batch);
    return batch;
  }

  #send(batch: EventBatch, now: number): void {
    batch.cover(this.#rowsLeftOut);
    this.#rowsLeftOut = 0;
    const body = { ...batch.seal(), rowsFailed: this.#rowsFailed };
    this.#rowsFailed = 0;
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

  #encode(body: EventBody & Pick<PredictionEvent, "rowsFailed">): Uint8Array {
    const { producer, cluster, ref } = this.#options;
    return encodePredictionEvent({
      ...{ producer, cluster, model: ref.model, version: ref.version, seq: this.#seq },
      digest: this.#model?.digest ?? "",
      rowsTotal: this.#rowsTotal,
      ...body,
    });
  }
}

/** The answered rows that are within a share of all, by the same draw wherever it is made. */
function rowsWithin(
  share: number,
  { ids }: Arrival,
  { rows, failures }: Question,
): readonly number[] {
  if (share >= 1 && rows === 1) return firstRow;
  const predictionId = idOf(ids, "prediction");
  const within: number[] = [];
  for (let row = 0; row < rows; row += 1) {
    if (failures?.has(row) === true) continue;
    if (share >= 1 || hashRow(predictionId, row) < share) within.push(row);
  }
  return within;
}

/** Rows that a message may take in at a time. */
function portionOf({ columns }: ColumnPlan): number {
  let rowBytes = 16;
  for (const column of columns) rowBytes += isText(column) ? textBytesMax : 8;
  return Math.max(1, Math.floor(messageBytesPreferred / rowBytes));
}

function isText({ type, dtype }: PlannedColumn): boolean {
  return type === "category" || dtype === "BYTES";
}

function toFacts(arrival: Arrival, question: Question, timings: WorkTimings): RequestFacts {
  const { ids, traceFlags } = arrival;
  return {
    predictionId: idOf(ids, "prediction"),
    attempt: arrival.attempt,
    role: arrival.role,
    eventTimeUs: arrival.arrivedUs,
    status: 0,
    queueUs: timings.queueUs,
    runUs: timings.runUs,
    trace: isSampled(arrival)
      ? { traceId: idOf(ids, "trace"), spanId: idOf(ids, "runSpan"), flags: traceFlags }
      : undefined,
    requestId: question.requestId,
  };
}
