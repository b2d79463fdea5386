import type { Bitmap } from "../bitmap.ts";
import type { Dtype, NumericData } from "../tensor/dtype.ts";
import type { ColumnKind } from "./value-column.ts";

/** Why an execution took place: only primaries answer a caller first-hand. */
export type Role = "primary" | "hedge" | "shadow";

/** Rows one worker answered, in columns: what travels on `sluice.prediction.<model>.<version>`. */
export type PredictionEvent = {
  /** Random for each process start. */
  readonly producer: string;
  /** Contiguous from 1 for each producer. */
  readonly seq: number;
  readonly cluster: string;
  readonly model: string;
  readonly version: number;
  /** SHA-256 of model.onnx, in hexadecimal. */
  readonly digest: string;
  /** Equal ids mean equal columns: names, kinds and data types. */
  readonly schemaId: string;
  /** Rows the producer has answered since it started, those of this event included. */
  readonly rowsTotal: number;
  /** Rows answered that this event stands for, of which sampling left some out. */
  readonly rowsCovered: number;
  /** Rows in the columns. */
  readonly rowsIncluded: number;
  /** Rows that could not be answered; in none of the counts above. */
  readonly rowsFailed: number;
  readonly requests: EventRequests;
  /** For each included row, its index within its request. */
  readonly rows: readonly number[];
  readonly columns: readonly EventColumn[];
};

/** One entry for each request with included rows, in the order of their rows. */
export type EventRequests = {
  readonly count: number;
  /** 16 bytes each. */
  readonly predictionIds: Uint8Array;
  /** How many included rows belong to each. */
  readonly rows: readonly number[];
  readonly attempts: readonly number[];
  readonly roles: readonly Role[];
  /** Microseconds since 1970. */
  readonly eventTimesUs: readonly number[];
  /** gRPC status codes. */
  readonly statuses: readonly number[];
  readonly queueUs: readonly number[];
  readonly runUs: readonly number[];
  /** 16, 8 and 1 bytes each; zeros where the request is not sampled. The span is the run span. */
  readonly traceIds: Uint8Array;
  readonly spanIds: Uint8Array;
  readonly traceFlags: Uint8Array;
  /** The id the caller gave, often empty. */
  readonly requestIds: readonly string[];
};

export type EventColumn = {
  readonly name: string;
  readonly kind: ColumnKind;
  /** The model's own, also where the values are texts because they number classes. */
  readonly dtype: Dtype;
  /** Set where the value is null; empty when none is. */
  readonly nulls: Bitmap;
  readonly values: EventValues;
};

/** One value for each included row. FP16 is kept as its bits. */
export type EventValues =
  | { readonly kind: "numbers"; readonly data: NumericData }
  | {
      readonly kind: "texts";
      readonly dictionary: readonly string[];
      readonly codes: readonly number[];
    };

/** The last total of rows a gateway saw from a producer before it lost the link to it. */
export type ProducerEnd = {
  readonly producer: string;
  readonly answered: number;
  readonly gateway: string;
};
