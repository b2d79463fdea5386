import type { Workbench } from "./workbench.ts";

/** One number to beat. */
export type Figure = {
  /** As design and reports name it. */
  readonly name: string;
  readonly unit: string;
  readonly better: "higher" | "lower";
  readonly goal: number;
  /** In a few words, for the list. */
  readonly about: string;
  /** Throws a Failure where a reply is wrong or what it needs cannot be started. */
  readonly measure: (bench: Workbench) => Promise<Measured>;
};

export type Measured =
  | {
      readonly kind: "measured";
      /** One for each pair of runs. */
      readonly values: readonly number[];
      /** What it is made of: both sides, and server CPU time a request. */
      readonly note: string;
      /** Why the figure does not count, however good it looks: it does not pass. */
      readonly doubt?: string | undefined;
    }
  | { readonly kind: "not-measurable"; readonly reason: string };
