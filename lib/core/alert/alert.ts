import type { PersistenceState } from "../drift/persistence.ts";
import type { ColumnKind } from "../prediction/value-column.ts";

/** What an alert is about: the deciding statistic of one feature or output of a model version. */
export type AlertSubject = {
  readonly side: ColumnKind;
  readonly feature: string;
  readonly statistic: string;
};

/** The closed window that had the last word. */
export type AlertEvidence = {
  readonly value: number;
  readonly threshold: number | undefined;
  readonly floor: number | undefined;
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  /** Values in bins. */
  readonly rows: number;
  /** Of a few sampled requests, in hexadecimal: of the window, or of the last one that had any. */
  readonly traceIds: readonly string[];
  /** Sequences in the prediction stream between which all messages of the window are. */
  readonly messages: MessageRange;
  /** Of model.onnx. */
  readonly digest: string;
  /** Names the baseline that was compared with. */
  readonly baseline: string;
};

export type MessageRange = { readonly firstSeq: number; readonly lastSeq: number };

/** One that is not calm. */
export type Alert = AlertSubject & {
  readonly state: PersistenceState;
  /** The end of the window that brought the state about. */
  readonly sinceMs: number;
  /** The first message of that window. */
  readonly sinceSeq: number;
  readonly evidence: AlertEvidence;
};

/**
 * Why an alert changed: windows said so; the model is compared with something else from now on; or
 * no window has spoken for long.
 */
export type AlertCause = "window" | "baseline" | "silence";

export type AlertChange = AlertSubject & {
  readonly version: number;
  readonly from: PersistenceState["kind"];
  readonly to: PersistenceState["kind"];
  readonly cause: AlertCause;
  readonly evidence: AlertEvidence;
};
