import { type Bitmap, emptyBitmap, isSet, setBit } from "../bitmap.ts";
import { elementBytes, type NumericData } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type ReducedTexts, reduceTexts } from "../text/reduce-texts.ts";
import type { ColumnPlan, PlannedColumn } from "./column-plan.ts";
import type { EventColumn, PredictionEvent } from "./event.ts";
import { GrowingArray } from "./growing-array.ts";
import { RequestColumns, type RequestFacts } from "./request-columns.ts";
import { type Summary, summarise } from "./summary.ts";
import { textAt } from "./value-column.ts";

/** The columns, totals and requests of an event; who produced it is added when it is sealed. */
export type EventBody = Pick<
  PredictionEvent,
  "schemaId" | "rowsCovered" | "rowsIncluded" | "requests" | "rows" | "columns"
>;

/** What a request was asked with and answered. */
export type RowSource = {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** Features of which rows were left out. */
  readonly nulls: ReadonlyMap<string, Bitmap>;
};

/** Longer texts are cut: categories are short, and an event is not a place for documents. */
const textLengthMax = 256;
const requestBytes = 80;

/** Rows of one schema on their way into one event. Bounded by its owner, who looks at `bytes`. */
export class EventBatch {
  readonly schemaId: string;
  readonly #columns: ColumnBatch[];
  readonly #requests = new RequestColumns();
  readonly #rows: number[] = [];
  #rowsCovered = 0;
  #bytes = 0;

  constructor(plan: Pick<ColumnPlan, "schemaId" | "columns">) {
    this.schemaId = plan.schemaId;
    this.#columns = plan.columns.map((column) => new ColumnBatch(column));
  }

  /** Encoded size of what is held, within a few percent. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes in rows of a request, by index; the plan is one of the batch's schema. */
  add(
    facts: RequestFacts,
    plan: Pick<ColumnPlan, "columns">,
    source: RowSource,
    rows: readonly number[],
  ): void {
    if (rows.length === 0) return;
    this.#requests.add(facts, rows.length);
    this.#bytes += requestBytes + facts.requestId.length + 2 * rows.length;
    this.#rowsCovered += rows.length;
    for (const row of rows) this.#rows.push(row);
    const values = new PlannedValues(source, rows);
    for (let index = 0; index < this.#columns.length; index += 1) {
      const column = plan.columns[index] as PlannedColumn;
      this.#bytes += (this.#columns[index] as ColumnBatch).append(column, values);
    }
  }

  /** Counts answered rows that sampling left out and that this event stands for as well. */
  cover(rows: number): void {
    this.#rowsCovered += rows;
  }

  /** Everything taken in. The batch is not used any more. */
  seal(): EventBody {
    return {
      schemaId: this.schemaId,
      rowsCovered: this.#rowsCovered,
      rowsIncluded: this.#rows.length,
      requests: this.#requests.seal(),
      rows: this.#rows,
      columns: this.#columns.map((column) => column.seal()),
    };
  }
}

/** Some rows of a request, of which each wide tensor and each text is summarised once. */
class PlannedValues {
  readonly source: RowSource;
  readonly rows: readonly number[];
  #summarised: Tensor | undefined;
  #summary: Summary | undefined;
  #reduced: string | undefined;
  #texts: ReducedTexts | undefined;

  constructor(source: RowSource, rows: readonly number[]) {
    this.source = source;
    this.rows = rows;
  }

  tensorOf({ kind, tensor }: PlannedColumn): Tensor {
    const { inputs, outputs } = this.source;
    return (kind === "feature" ? inputs : outputs)[tensor] as Tensor;
  }

  /** The summaries of a tensor are neighbours among the columns. */
  summaryOf(tensor: Tensor, width: number): Summary {
    if (this.#summary === undefined || this.#summarised !== tensor) {
      this.#summarised = tensor;
      this.#summary = summarise(tensor, this.rows, width);
    }
    return this.#summary;
  }

  /** The numbers of a text, too, are neighbours. */
  textsOf(column: PlannedColumn, { data }: Tensor): ReducedTexts {
    if (this.#texts === undefined || this.#reduced !== column.feature) {
      this.#reduced = column.feature;
      this.#texts = reduceTexts(data as string[], column, { ...column, rows: this.rows });
    }
    return this.#texts;
  }
}

class ColumnBatch {
  readonly #head: PlannedColumn;
  readonly #numbers: GrowingArray | undefined;
  readonly #codeOf = new Map<string, number>();
  readonly #codes: number[] = [];
  readonly #nullRows: number[] = [];
  #count = 0;

  constructor(head: PlannedColumn) {
    this.#head = head;
    const { type, dtype } = head;
    const isText = type === "category" || dtype === "BYTES";
    this.#numbers = isText ? undefined : new GrowingArray(dtype);
  }

  /** Appends the rows; gives back the bytes they add. */
  append(column: PlannedColumn, values: PlannedValues): number {
    const { rows, source } = values;
    if (source.nulls.size > 0 && column.kind === "feature") {
      this.#appendNulls(source.nulls.get(column.feature), rows);
    }
    const first = this.#count;
    this.#count += rows.length;
    const tensor = values.tensorOf(column);
    if (this.#numbers === undefined) return this.#appendTexts(column, tensor, rows);
    const { reducer } = column;
    if (reducer === undefined) {
      this.#numbers.append(tensor.data as NumericData, column, rows);
    } else if (reducer === "length" || reducer === "unknown") {
      this.#appendReduced(values.textsOf(column, tensor)[reducer], this.#numbers, first);
    } else {
      for (const value of values.summaryOf(tensor, column.stride)[reducer]) {
        this.#numbers.push(value);
      }
    }
    return elementBytes(column.dtype) * rows.length;
  }

  seal(): EventColumn {
    const { name, kind, dtype } = this.#head;
    const nulls = emptyBitmap(this.#nullRows.length === 0 ? 0 : this.#count);
    for (const row of this.#nullRows) setBit(nulls, row);
    const numbers = this.#numbers;
    const values =
      numbers === undefined
        ? { kind: "texts" as const, dictionary: [...this.#codeOf.keys()], codes: this.#codes }
        : { kind: "numbers" as const, data: numbers.view() };
    return { name, kind, dtype, nulls, values };
  }

  #appendNulls(nulls: Bitmap | undefined, rows: readonly number[]): void {
    if (nulls === undefined) return;
    for (let index = 0; index < rows.length; index += 1) {
      if (isSet(nulls, rows[index] as number)) this.#nullRows.push(this.#count + index);
    }
  }

  /** What an empty text does not have is null. */
  #appendReduced(values: Float64Array, numbers: GrowingArray, first: number): void {
    for (let index = 0; index < values.length; index += 1) {
      const value = values[index] as number;
      numbers.push(value);
      if (Number.isNaN(value)) this.#nullRows.push(first + index);
    }
  }

  #appendTexts(column: PlannedColumn, { data }: Tensor, rows: readonly number[]): number {
    const values = { ...column, data };
    let bytes = 0;
    for (const row of rows) bytes += this.#pushText(textAt(values, row));
    return bytes;
  }

  #pushText(text: string): number {
    const kept = text.length > textLengthMax ? text.slice(0, textLengthMax).toWellFormed() : text;
    let code = this.#codeOf.get(kept);
    const isNew = code === undefined;
    code ??= this.#codeOf.size;
    if (isNew) this.#codeOf.set(kept, code);
    this.#codes.push(code);
    return isNew ? kept.length + 4 : 2;
  }
}
