import type { FailureCode } from "#core/failure.ts";
import type { ModelSettings } from "#core/model/settings.ts";
import type { Tensor } from "#core/tensor/tensor.ts";
import type { LoadedModel } from "./load-model.ts";

/** What an inference thread is started with. */
export type ThreadOrder = {
  readonly onnx: string;
  readonly settings: ModelSettings;
  /** Whether to describe and probe the model, or to trust the thread that did. */
  readonly isFirst: boolean;
};

export type ToThread =
  | {
      readonly kind: "run";
      readonly inputs: readonly Tensor[];
      readonly outputs: readonly string[];
      /** Whether the memory of the inputs is to be sent back. */
      readonly comesBack: boolean;
    }
  | { readonly kind: "close" };

/** A thread answers each message before it gets the next, so nothing needs a number. */
export type FromThread =
  | { readonly kind: "loaded"; readonly model: LoadedModel | undefined }
  | {
      readonly kind: "ran";
      readonly outputs: readonly Tensor[];
      readonly runUs: number;
      /** That of the inputs, in their order, where it was to be sent back. */
      readonly buffers: readonly ArrayBuffer[];
    }
  | { readonly kind: "failed"; readonly code: FailureCode; readonly message: string };
