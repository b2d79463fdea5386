import type { Readable } from "node:stream";

/**
 * Has gRPC read one message ahead of whoever pauses a stream, where it would read sixteen, of any
 * size. Call it before the stream is read. Node has no public way to do so from outside; a test
 * notices when this one is gone.
 */
export function readNoFurther(call: Readable): void {
  const { _readableState: state } = call as Readable & {
    readonly _readableState?: { highWaterMark: number };
  };
  if (state !== undefined) state.highWaterMark = 1;
}
