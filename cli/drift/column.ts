import type { TextReducer, WideReducer } from "#core/model/settings.ts";
import type { ColumnType } from "#core/model/spec.ts";
import type { Dtype } from "#core/tensor/dtype.ts";

/** A column of a file as the feature or output it holds. */
export type FileColumn = NumberColumn | CategoryColumn;

type Common = {
  readonly name: string;
  /** What the file calls it. */
  readonly title: string;
};

export type NumberColumn = Common & {
  readonly type: Extract<ColumnType, "number">;
  readonly dtype: Exclude<Dtype, "BYTES">;
  /** Absent: the number stands in the file. */
  readonly reduced?: Reduced;
};

/** What a number is made from where the file has what the model takes or answers. */
export type Reduced =
  | { readonly kind: "text"; readonly reducer: TextReducer }
  | {
      readonly kind: "wide";
      readonly reducer: WideReducer;
      /** Columns of the parts; where it is one, it may hold them as a list. */
      readonly titles: readonly string[];
      readonly dtype: Exclude<Dtype, "BYTES">;
    };

export type CategoryColumn = Common & {
  readonly type: Extract<ColumnType, "category">;
  readonly dtype: Dtype;
  /** Texts are the names of classes, whatever the data type is. */
  readonly isNamed?: boolean;
};

/** The columns of the file that it is read from. */
export function titlesOf(column: FileColumn): readonly string[] {
  const reduced = column.type === "number" ? column.reduced : undefined;
  return reduced?.kind === "wide" ? reduced.titles : [column.title];
}
