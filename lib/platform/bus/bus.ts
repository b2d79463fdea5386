/**
 * The event log, the key-value buckets and the objects that the processes share. Every method that
 * speaks to the server rejects at once with a Failure `unavailable` while there is no connection,
 * and with one of `deadline-exceeded` when the server stays silent for five seconds. Nothing here
 * waits for a connection.
 */
export type Bus = AsyncDisposable & {
  /** Whether the server can be reached now, as far as anyone knows. */
  readonly isConnected: boolean;
  /**
   * Calls `listener` at every connection: the first, each one after a loss, and soon after
   * subscribing when there is one already. Returns what ends the subscription. The listener must
   * not throw.
   */
  onConnection(listener: () => void): () => void;
  /**
   * Resolves when a stream has stored the message. A `messageId` that its stream has seen lately,
   * by default within two minutes, is acknowledged without being stored again. `not-found` when no
   * stream takes the subject.
   */
  publish(subject: string, data: Uint8Array, options?: PublishOptions): Promise<void>;
  /** Creates the stream, or gives an existing one these subjects and limits. */
  ensureStream(options: StreamOptions): Promise<StreamState>;
  /**
   * What a stream holds, and of these subjects; undefined where there is no such stream. Changes
   * nothing.
   */
  findStream(name: string, subject: string): Promise<FoundStream | undefined>;
  /**
   * Messages in stream order, from `fromSeq` on, going on through lost connections without holes
   * and without repeats. Ends when the signal aborts. Rejects with `failed-precondition` when the
   * stream is gone or is no longer the one it was at the beginning, so that sequences mean
   * something else.
   */
  consume(options: ConsumeOptions): AsyncIterable<BusMessage>;
  /** The key-value bucket of this name, created when it is first used. */
  store(bucket: string, options?: StoreOptions): Promise<KeyValueStore>;
  /** The object bucket of this name, created when it is first used. */
  objects(bucket: string): Promise<ObjectStore>;
};

export type PublishOptions = { readonly messageId?: string };

/** The oldest messages go when either limit is passed. */
export type StreamOptions = {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly bytesMax: number;
  readonly ageMsMax: number;
  /** How long message ids are remembered, at most `ageMsMax`; absent: two minutes, or less. */
  readonly duplicatesMs?: number;
};

export type StreamState = {
  /** When the stream was created: differs when it was deleted and made anew. */
  readonly created: string;
  /** The oldest message it holds, or one past the last when it holds none. */
  readonly firstSeq: number;
  /** The newest message it ever held; 0 before the first. */
  readonly lastSeq: number;
};

export type FoundStream = StreamState & {
  /** When the oldest message it holds was stored; undefined when it holds none. */
  readonly firstTimeMs: number | undefined;
  /** The newest message of the subject; undefined when it holds none. */
  readonly last: { readonly seq: number; readonly timeMs: number } | undefined;
};

export type ConsumeOptions = {
  readonly stream: string;
  /** Patterns with `*` and `>`; none for every subject of the stream. */
  readonly subjects: readonly string[];
  /** The first sequence wanted, at least 1. Those no longer held are passed over. */
  readonly fromSeq: number;
  /** Passes over those stored before this time, in milliseconds since 1970. */
  readonly fromTimeMs?: number;
  /** What `ensureStream` said of the stream that `fromSeq` belongs to; any stream where absent. */
  readonly created?: string;
  readonly signal: AbortSignal;
};

export type BusMessage = {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly seq: number;
  /** When the server stored it, in milliseconds since 1970. */
  readonly timeMs: number;
};

/** Values older than `ageMsMax` go without a word; absent or 0 keeps them. */
export type StoreOptions = { readonly ageMsMax?: number };

/**
 * Keys are letters, digits, `_`, `-`, `=`, `/` and `.`. Revisions rise with every write to the
 * bucket.
 */
export type KeyValueStore = {
  get(key: string): Promise<KeyValueEntry | undefined>;
  put(key: string, value: Uint8Array): Promise<number>;
  /** Writes only where the key holds nothing. */
  create(key: string, value: Uint8Array): Promise<number | "conflict">;
  /** Writes only where the key is still at `revision`. */
  update(key: string, value: Uint8Array, revision: number): Promise<number | "conflict">;
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>;
  /**
   * First what every key holds, then every change, through lost connections; after one, what every
   * key holds is told again. Ends when the signal aborts.
   */
  watch(options: { readonly signal: AbortSignal }): AsyncIterable<KeyValueChange>;
};

export type KeyValueEntry = { readonly value: Uint8Array; readonly revision: number };

export type KeyValueChange = {
  readonly key: string;
  /** Undefined when the key was deleted. */
  readonly value: Uint8Array | undefined;
  readonly revision: number;
  /** True for what the bucket held before the watch began (or began again). */
  readonly isInitial: boolean;
};

/** Whole objects of any size, in memory. A name that is written again replaces what it held. */
export type ObjectStore = {
  put(name: string, bytes: Uint8Array): Promise<void>;
  get(name: string): Promise<Uint8Array | undefined>;
  /** Deleting what is not there is no error. */
  delete(name: string): Promise<void>;
  list(): Promise<readonly string[]>;
};
