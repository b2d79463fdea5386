import { type PredictedValue, valuesOf } from "./columns.ts";
import type { BatchSummary, PredictResponse } from "./gen/sluice/predict/v1/predict_pb.ts";

/** One predicted row: `label`, `probabilities.<label>`, or what the model calls its outputs. */
export type PredictedRow = Readonly<Record<string, PredictedValue>>;

/** The batch a request shared its run with. */
export type Batch = {
  readonly rows: number;
  readonly requests: number;
  /** full, preferred, delay, deadline, idle, alone or unbatched. */
  readonly closedBy: string;
};

/** What a reply says beside its predictions. */
export type ReplyDetails = {
  /** Names this prediction in traces, events and feedback. */
  readonly predictionId: string;
  /** Of the caller's trace, or of the one that `sampled` began; undefined where there is none. */
  readonly traceId: string | undefined;
  /**
   * Milliseconds by part, on request (`explain`): `total` is the gateway's, `network` what the
   * caller waited beyond it.
   */
  readonly serverTiming: Readonly<Record<string, number>> | undefined;
  /** How often it was sent until it was answered. */
  readonly attempts: number;
};

/** Predictions of one or many rows, by column and by row. */
export class Predictions<Row extends PredictedRow = PredictedRow> {
  readonly model: string;
  /** The version that ran. */
  readonly version: number;
  /** The id the request was given. */
  readonly id: string;
  /** UUID that names this prediction in traces, events and feedback. */
  readonly predictionId: string;
  readonly rowCount: number;
  readonly batch: Batch | undefined;
  /** Predicted values by name. */
  readonly columns: Readonly<Record<string, readonly PredictedValue[]>>;

  constructor(response: PredictResponse) {
    this.model = response.model;
    this.version = Number(response.version);
    this.id = response.id;
    this.predictionId = response.predictionId;
    this.rowCount = response.rows;
    this.batch = toBatch(response.batch);
    this.columns = Object.fromEntries(
      response.predictions.map((column) => [column.name, valuesOf(column)]),
    );
  }

  /** The same by row, made anew at every call. */
  rows(): Row[] {
    const entries = Object.entries(this.columns);
    return Array.from({ length: this.rowCount }, (_, row) => {
      return Object.fromEntries(
        entries.map(([name, values]) => [name, values[row] ?? null]),
      ) as Row;
    });
  }
}

export function toBatch(summary: BatchSummary | undefined): Batch | undefined {
  if (summary === undefined) return undefined;
  return { rows: summary.rows, requests: summary.requests, closedBy: summary.closedBy };
}
