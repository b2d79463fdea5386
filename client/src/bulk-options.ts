import type { BulkItem } from "./bulk-message.ts";
import type { Channel } from "./channel.ts";
import type { Endpoints } from "./endpoints.ts";
export type BulkOptions = {
  readonly model: string;
  /** The highest one that is ready where absent, settled when the stream begins. */
  readonly version?: number | string;
  /** Answers in the order of the items, else as they come. Default true. */
  readonly ordered?: boolean;
  /** Where a stream of an earlier process stood: `items` go on from its `nextItem`. */
  readonly resume?: BulkPosition;
  readonly signal?: AbortSignal;
  /** Of the whole stream. None by default. */
  readonly deadlineMs?: number;
  /**
   * Ends the stream with `deadline-exceeded`, or with why there is no connection, when nothing has
   * been answered for so long though something should have been. Default 120 000.
   */
  readonly stallMs?: number;
  readonly traceparent?: string;
};

/** How far a stream has come, counting the answers that were given to the application. */
export type BulkPosition = {
  readonly streamId: Uint8Array;
  readonly resumeToken: Uint8Array;
  /** Items below have been answered. */
  readonly nextItem: number;
  /** Items from `nextItem` that have been answered too, in a stream that is not ordered. */
  readonly answered: readonly number[];
};

/** What a stream works with. */
export type BulkModules<Tag> = {
  readonly items: AsyncIterable<BulkItem<Tag>> | Iterable<BulkItem<Tag>>;
  readonly channels: readonly Channel[];
  readonly endpoints: Endpoints;
  readonly closing: AbortSignal;
};
