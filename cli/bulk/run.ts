/**
 * A file through a bulk stream.
 *
 * Rows become chunks, in the order of the input. A chunk with rows to send is an item of the
 * stream; one without waits for its turn all the same. Chunks are written in order when they are
 * done. Once a second what is written is made to last, and then, in a file beside it, how far that
 * is: the rows, the bytes, and the stream's token. A run that goes on begins there.
 */
import type { BulkAnswer, BulkItem, BulkPosition, BulkStream } from "#client/index.ts";
import { Failure } from "#core/failure.ts";
import { monotonicMs } from "#platform/clock.ts";
import { type Chunk, type ChunkOptions, settle, toChunk, toOutputRows } from "./chunk.ts";
import { type OutputColumns, toOutputColumns } from "./output-columns.ts";
import type { BulkState, RunKey, Sink } from "./part-file.ts";
import type { Table } from "./table.ts";
import type { Row } from "./value.ts";
import type { TextFormat } from "./write-text.ts";

export type RunOptions = ChunkOptions & {
  readonly run: RunKey;
  readonly rowsPerItem: number;
  /** False to write predictions alone. */
  readonly isKept: boolean;
  /** Where an earlier run stood. */
  readonly state: BulkState | undefined;
};

export type RunModules = {
  readonly table: Table;
  readonly sink: Sink;
  readonly text: TextFormat;
  readonly open: (
    items: AsyncIterable<BulkItem<Chunk>> | Iterable<BulkItem<Chunk>>,
    resume: BulkPosition | undefined,
  ) => BulkStream<Chunk>;
  /** Called when what was written lasts. */
  readonly save: (state: BulkState) => Promise<void>;
  readonly onProgress: (rows: number, share: number | undefined) => void;
};

/** Chunks without a row to send may pile up behind one that is waited for, so far. */
const chunksMax = 256;
/** So many failed items without any prediction, and the titles cannot be written. */
const untitledMax = 64;
const saveEveryMs = 1_000;
/** The gateway itself waits for a worker, before it gives up an item. */
const againMax = 3;

export class BulkRun {
  readonly #options: RunOptions;
  readonly #modules: RunModules;
  readonly #chunks: Chunk[] = [];
  #stream: BulkStream<Chunk> | undefined;
  #columns: OutputColumns | undefined;
  #position: BulkPosition | undefined;
  #rows: number;
  #rowsFailed: number;
  /** The first chunk is saved at once. */
  #savedMs = Number.NEGATIVE_INFINITY;
  /** Writing is one after the other, whoever asks for it. */
  #writing: Promise<void> = Promise.resolve();
  #room: (() => void) | undefined;

  constructor(options: RunOptions, modules: RunModules) {
    const { state } = options;
    this.#options = options;
    this.#modules = modules;
    this.#rows = state?.rows ?? 0;
    this.#rowsFailed = state?.rowsFailed ?? 0;
    if (state === undefined) return;
    this.#position = {
      streamId: Buffer.from(state.streamId, "base64"),
      resumeToken: Buffer.from(state.resumeToken, "base64"),
      nextItem: state.nextItem,
      answered: [],
    };
    if (state.predictions !== undefined) this.#columns = this.#toColumns(state.predictions);
  }

  get rows(): number {
    return this.#rows;
  }

  get rowsFailed(): number {
    return this.#rowsFailed;
  }

  /** In the order they are written in. */
  get columns(): OutputColumns {
    return this.#columns ?? this.#toColumns([]);
  }

  /** To the end of the file. Throws what ends it early; what has been written stays. */
  async play(): Promise<void> {
    const stream = this.#modules.open(this.#items(), this.#position);
    this.#stream = stream;
    try {
      for await (const answer of stream) {
        settle(answer.tag, await this.#final(answer), stream.position.resumeToken);
        await this.#write();
      }
      if (this.#columns === undefined) await this.#writeTitles([]);
      await this.#write();
    } finally {
      await this.#writing.catch(() => {});
      await this.#save();
    }
  }

  /**
   * An item that was being run when its worker went may be lost with it, where no other serves the
   * version: it is asked for again, in a stream of its own. What ends a worker each time has no
   * prediction in the end.
   */
  async #final(answer: BulkAnswer<Chunk>): Promise<BulkAnswer<Chunk>> {
    const { columns } = answer.tag;
    let last = answer;
    for (let again = 0; again < againMax; again++) {
      if (last.error?.code !== "unavailable" || columns === undefined) break;
      const item = { columns, tag: answer.tag };
      for await (const next of this.#modules.open([item], undefined)) last = next;
    }
    return last;
  }

  async *#items(): AsyncGenerator<BulkItem<Chunk>> {
    const { rowsPerItem } = this.#options;
    let pending: Row[] = [];
    for await (const rows of this.#modules.table.rows(this.#rows)) {
      pending = pending.length === 0 ? [...rows] : pending.concat(rows);
      while (pending.length >= rowsPerItem) {
        yield* this.#itemOf(pending.slice(0, rowsPerItem));
        pending = pending.slice(rowsPerItem);
      }
    }
    if (pending.length > 0) yield* this.#itemOf(pending);
  }

  async *#itemOf(rows: readonly Row[]): AsyncGenerator<BulkItem<Chunk>> {
    const chunk = toChunk({ rows, share: this.#modules.table.share() }, this.#options);
    this.#chunks.push(chunk);
    if (chunk.columns !== undefined) {
      yield { columns: chunk.columns, tag: chunk };
      return;
    }
    await this.#write();
    if (this.#chunks.length < chunksMax) return;
    await new Promise<void>((resolve) => {
      this.#room = resolve;
    });
  }

  /** Everything that is done and whose turn it is. */
  async #write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeDone());
    await this.#writing;
  }

  async #writeDone(): Promise<void> {
    if (this.#columns === undefined && !(await this.#findTitles())) return;
    const { columns, isKept } = { columns: this.columns, isKept: this.#options.isKept };
    const { sink, text, onProgress } = this.#modules;
    for (let head = this.#chunks[0]; head?.isDone === true; head = this.#chunks[0]) {
      await sink.write(text.rows(columns, toOutputRows(head, { columns, isKept })));
      this.#chunks.shift();
      this.#rows += head.rows.length;
      this.#rowsFailed += head.problems.size;
      this.#advance(head);
      onProgress(this.#rows, head.share);
    }
    if (this.#chunks.length < chunksMax) this.#room?.();
    if (monotonicMs() - this.#savedMs >= saveEveryMs) await this.#save();
  }

  #advance({ columns, resumeToken }: Chunk): void {
    const position = this.#position ?? this.#stream?.position;
    if (position === undefined) return;
    const nextItem = (this.#position?.nextItem ?? 0) + (columns === undefined ? 0 : 1);
    this.#position = { ...position, nextItem, resumeToken: resumeToken ?? position.resumeToken };
  }

  /** Titles are known with the first prediction. */
  async #findTitles(): Promise<boolean> {
    const first = this.#chunks.find(({ predictions }) => predictions !== undefined);
    if (first?.predictions !== undefined) {
      await this.#writeTitles(Object.keys(first.predictions.columns));
      return true;
    }
    const done = this.#chunks.filter(({ isDone }) => isDone);
    const failed = done.filter(({ columns }) => columns !== undefined);
    // Where none was good enough to be sent, one that is waited for may be good.
    const counted = done.length === this.#chunks.length ? done : failed;
    if (counted.length >= untitledMax) throw this.#untitled();
    return false;
  }

  async #writeTitles(predictions: readonly string[]): Promise<void> {
    const columns = this.#toColumns(predictions);
    await this.#modules.sink.write(this.#modules.text.head(columns));
    this.#columns = columns;
  }

  #untitled(): Failure {
    const problem = this.#chunks.flatMap(({ problems }) => [...problems.values()])[0] ?? "";
    const rows = this.#chunks.reduce((sum, chunk) => sum + chunk.rows.length, 0);
    return new Failure("invalid-argument", `none of the first ${rows} rows is good: ${problem}`);
  }

  #toColumns(predictions: readonly string[]): OutputColumns {
    const { table } = this.#modules;
    return toOutputColumns(this.#options.isKept ? table.columns : [], predictions);
  }

  async #save(): Promise<void> {
    const { sink, save } = this.#modules;
    this.#savedMs = monotonicMs();
    const position = this.#position;
    if (position === undefined) return;
    await sink.sync();
    await save({
      format: 1,
      run: this.#options.run,
      streamId: Buffer.from(position.streamId).toString("base64"),
      resumeToken: Buffer.from(position.resumeToken).toString("base64"),
      nextItem: position.nextItem,
      rows: this.#rows,
      rowsFailed: this.#rowsFailed,
      bytes: sink.bytes,
      predictions: this.#columns?.predicted.map(([name]) => name),
    });
  }
}
