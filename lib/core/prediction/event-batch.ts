import { assert } from "../assert.ts";
import { emptyBitmap, isSet, setBit } from "../bitmap.ts";
import { hashText } from "../hash.ts";
import { elementBytes } from "../tensor/dtype.ts";
import type { EventColumn, EventRequests, PredictionEvent, Role } from "./event.ts";
import { GrowingArray } from "./growing-array.ts";
import { textAt, type ValueColumn } from "./value-column.ts";

/** What an event tells of a request besides its rows. */
export type RequestFacts = {
  /** 16 bytes. */
  readonly predictionId: Uint8Array;
  readonly attempt: number;
  readonly role: Role;
  readonly eventTimeUs: number;
  readonly status: number;
  readonly queueUs: number;
  readonly runUs: number;
  /** Undefined for a request that is not sampled: ids of 16 and 8 bytes. */
  readonly trace:
    | { readonly traceId: Uint8Array; readonly spanId: Uint8Array; readonly flags: number }
    | undefined;
  readonly requestId: string;
};

/** The columns, totals and requests of an event; who produced it is added when it is sealed. */
export type EventBody = Pick<
  PredictionEvent,
  "schemaId" | "rowsCovered" | "rowsIncluded" | "requests" | "rows" | "columns"
>;

/** Longer texts are cut: categories are short, and an event is not a place for documents. */
const textLengthMax = 256;
const requestIdLengthMax = 128;
const requestBytes = 80;
const uint32Max = 2 ** 32 - 1;

/** Rows of one schema on their way into one event. Bounded by its owner, who looks at `bytes`. */
export class EventBatch {
  readonly schemaId: string;
  readonly #columns: ColumnBatch[];
  readonly #requests: (RequestFacts & { readonly rows: number })[] = [];
  readonly #rows: number[] = [];
  #rowsCovered = 0;
  #bytes = 0;

  constructor(columns: readonly ValueColumn[]) {
    const names = columns.map(({ name, kind, type, dtype }) => [name, kind, type, dtype]);
    this.schemaId = hashText(JSON.stringify(names));
    this.#columns = columns.map((column) => new ColumnBatch(column));
  }

  /** True where these are the batch's own columns: rows with others belong in another batch. */
  accepts(columns: readonly ValueColumn[]): boolean {
    if (columns.length !== this.#columns.length) return false;
    return columns.every((column, index) => this.#columns[index]?.isLike(column));
  }

  /** Encoded size of what is held, within a few percent. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes in rows of a request, by index; `columns` are those of the schema, in its order. */
  add(facts: RequestFacts, columns: readonly ValueColumn[], rows: readonly number[]): void {
    assert(columns.length === this.#columns.length, "rows have the columns of their schema");
    if (rows.length === 0) return;
    this.#requests.push({ ...facts, rows: rows.length });
    this.#bytes += requestBytes + facts.requestId.length;
    this.#rowsCovered += rows.length;
    for (const row of rows) {
      for (const [index, column] of columns.entries()) {
        this.#bytes += this.#columns[index]?.push(column, row) ?? 0;
      }
      this.#rows.push(row);
      this.#bytes += 2;
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
      requests: toRequests(this.#requests),
      rows: this.#rows,
      columns: this.#columns.map((column) => column.seal()),
    };
  }
}

class ColumnBatch {
  readonly #like: ValueColumn;
  readonly #numbers: GrowingArray | undefined;
  readonly #codeOf = new Map<string, number>();
  readonly #codes: number[] = [];
  readonly #nullRows: number[] = [];
  #count = 0;

  constructor(like: ValueColumn) {
    this.#like = like;
    const isText = like.type === "category" || like.dtype === "BYTES";
    this.#numbers = isText ? undefined : numbersOf(like);
  }

  isLike({ name, kind, type, dtype }: ValueColumn): boolean {
    const like = this.#like;
    return name === like.name && kind === like.kind && type === like.type && dtype === like.dtype;
  }

  /** Appends one row; gives back the bytes it adds. */
  push(column: ValueColumn, row: number): number {
    if (column.nulls !== undefined && isSet(column.nulls, row)) this.#nullRows.push(this.#count);
    this.#count += 1;
    if (this.#numbers === undefined) return this.#pushText(textAt(column, row));
    this.#numbers.push(column.data[column.offset + row * column.stride] as number | bigint);
    return elementBytes(this.#like.dtype);
  }

  seal(): EventColumn {
    const { name, kind, dtype } = this.#like;
    const nulls = emptyBitmap(this.#nullRows.length === 0 ? 0 : this.#count);
    for (const row of this.#nullRows) setBit(nulls, row);
    const numbers = this.#numbers;
    const values =
      numbers === undefined
        ? { kind: "texts" as const, dictionary: [...this.#codeOf.keys()], codes: this.#codes }
        : { kind: "numbers" as const, data: numbers.view() };
    return { name, kind, dtype, nulls, values };
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

function numbersOf({ dtype }: ValueColumn): GrowingArray {
  assert(dtype !== "BYTES", "texts are kept in a dictionary");
  return new GrowingArray(dtype);
}

function toRequests(
  requests: readonly (RequestFacts & { readonly rows: number })[],
): EventRequests {
  const count = requests.length;
  const predictionIds = new Uint8Array(count * 16);
  const traceIds = new Uint8Array(count * 16);
  const spanIds = new Uint8Array(count * 8);
  const traceFlags = new Uint8Array(count);
  for (const [index, { predictionId, trace }] of requests.entries()) {
    predictionIds.set(predictionId.subarray(0, 16), index * 16);
    if (trace === undefined) continue;
    traceIds.set(trace.traceId.subarray(0, 16), index * 16);
    spanIds.set(trace.spanId.subarray(0, 8), index * 8);
    traceFlags[index] = trace.flags;
  }
  return {
    count,
    predictionIds,
    rows: requests.map(({ rows }) => rows),
    attempts: requests.map(({ attempt }) => attempt),
    roles: requests.map(({ role }) => role),
    eventTimesUs: requests.map(({ eventTimeUs }) => eventTimeUs),
    statuses: requests.map(({ status }) => status),
    queueUs: requests.map(({ queueUs }) => Math.min(queueUs, uint32Max)),
    runUs: requests.map(({ runUs }) => Math.min(runUs, uint32Max)),
    traceIds,
    spanIds,
    traceFlags,
    requestIds: requests.map(({ requestId }) =>
      requestId.slice(0, requestIdLengthMax).toWellFormed(),
    ),
  };
}
