import type { FeatureType } from "#core/model/spec.ts";
import type { Dtype } from "#core/tensor/dtype.ts";

/** A column of a file as the feature or output it holds. */
export type FileColumn = {
  readonly name: string;
  /** What the file calls it. */
  readonly title: string;
} & (
  | { readonly type: Extract<FeatureType, "number">; readonly dtype: Exclude<Dtype, "BYTES"> }
  | {
      readonly type: Extract<FeatureType, "category">;
      readonly dtype: Dtype;
      /** Texts are the names of classes, whatever the data type is. */
      readonly isNamed?: boolean;
    }
);
