import type { ComparisonState } from "./comparison.ts";
import type { Feedback, TokenContent } from "./feedback.ts";
import type { LabelCounts } from "./label-join.ts";
import type { PerformanceReport } from "./performance-windows.ts";
import type { Task } from "./resolve-task.ts";

/** A label as it came; of a token what it says, or undefined where nobody signed it. */
export type ReceivedFeedback =
  | Feedback
  | {
      readonly target: { readonly kind: "opened"; readonly content: TokenContent | undefined };
      readonly row: number;
      readonly label: number | string;
    };

export type FeedbackBatch = {
  /** Its sequence in the feedback stream. */
  readonly seq: number;
  /** When that stream stored it. */
  readonly timeMs: number;
  readonly feedback: readonly ReceivedFeedback[];
};

export type AllLabelCounts = LabelCounts & {
  readonly waiting: number;
  /** Neither a class nor a number, or with a token that nobody here signed. */
  readonly unusable: number;
  /** Rows that had to be forgotten before their time. */
  readonly rowsDropped: number;
  /** Rows that a label would find now. */
  readonly rowsKnown: number;
};

/** Of one version; labels are counted for all versions of a model together. */
export type PerformanceSummary = {
  readonly task: Task["kind"] | undefined;
  /** Why labels cannot be compared with anything; empty when they can. */
  readonly problem: string;
  /** The output that is compared; absent where that is the class of the highest score. */
  readonly target: string | undefined;
  readonly classes: readonly string[];
  readonly windowMs: number;
  readonly horizonMs: number;
  readonly labels: AllLabelCounts;
  /** All windows together. */
  readonly total: PerformanceReport | undefined;
  /** The latest, newest first. */
  readonly windows: readonly PerformanceReport[];
};

/** Plain data. */
export type PerformanceState = {
  /** Of the settings it was made with. */
  readonly made: string;
  readonly problem: string;
  readonly nowMs: number;
  readonly unusable: number;
  /** What is added to sequences of the feedback stream, and the highest of these sums. */
  readonly seqBase: number;
  readonly seqLast: number;
  readonly early: readonly FeedbackBatch[];
  readonly sampledMinutes: readonly number[];
  readonly comparison: ComparisonState | undefined;
};
