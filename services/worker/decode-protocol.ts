import type { Bitmap } from "#core/bitmap.ts";
import { Failure, type FailureCode } from "#core/failure.ts";
import type { ModelRef } from "#core/model/name.ts";
import type { ModelSpec } from "#core/model/spec.ts";
import { RowFailures } from "#core/prediction/row-failures.ts";
import type { PackedTensor } from "./packed-texts.ts";
import type { Arrival, WorkMethod } from "./work.ts";

/** What a decode thread is started with. */
export type DecodeThreadData = { readonly ref: ModelRef; readonly spec: ModelSpec };

/** What of a request decoding depends on. */
export type DecodeHeader = Pick<Arrival, "method" | "model" | "version" | "isBulk">;

export type ToDecodeThread = {
  /** Transferred, and sent back with the answer. */
  readonly memory: ArrayBuffer;
  /** How many of the memory the payload has, from its beginning. */
  readonly bytes: number;
  readonly header: DecodeHeader;
};

export type SentFailure = { readonly code: FailureCode; readonly message: string };

/** A Question in a form that threads can send one another. */
export type SentQuestion = {
  readonly method: WorkMethod;
  readonly requestId: string;
  readonly rows: number;
  readonly inputs: readonly PackedTensor[];
  readonly outputs: readonly string[];
  readonly nulls: ReadonlyMap<string, Bitmap>;
  readonly failures: readonly SentRowFailure[] | undefined;
};

type SentRowFailure = SentFailure & { readonly row: number };

/** A thread answers each message before it gets the next, so nothing needs a number. */
export type FromDecodeThread = {
  readonly memory: ArrayBuffer;
  readonly result: SentQuestion | SentFailure;
};

export function sendFailure({ code, message }: Failure): SentFailure {
  return { code, message };
}

export function sendRowFailures(failures: RowFailures): SentRowFailure[] {
  return failures.inOrder().map(({ row, failure }) => ({ row, ...sendFailure(failure) }));
}

export function toRowFailures(sent: readonly SentRowFailure[]): RowFailures {
  const failures = new RowFailures();
  for (const { row, code, message } of sent) failures.add(row, new Failure(code, message));
  return failures;
}
