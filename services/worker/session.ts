import type { Tensor } from "#core/tensor/tensor.ts";

/** A loaded model in the thread it runs in. Disposing of it frees the weights. */
export type Session = AsyncDisposable & {
  readonly outputs: readonly SessionValue[];
  /**
   * Runs the model once and blocks its thread meanwhile. `inputs` must agree with the model's;
   * `outputs` are names, answered in the order asked for. Rejects with a Failure `internal` that
   * carries the runtime's reason when the model does not take these values.
   */
  run(inputs: readonly Tensor[], outputs: readonly string[]): Promise<Tensor[]>;
};

/** What the runtime knows of an output once it has worked out the shapes. */
export type SessionValue = {
  readonly name: string;
  /** -1 where any length is accepted; empty for scalars and where the runtime does not know. */
  readonly shape: readonly number[];
};
