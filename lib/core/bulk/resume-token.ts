import { Failure } from "../failure.ts";

/** How far a bulk stream is: every item below the number has been answered. */
export type BulkPosition = {
  /** 16 bytes. */
  readonly streamId: Uint8Array;
  readonly answeredBelow: number;
};

export const streamIdBytes = 16;
const format = 1;
const tokenBytes = 1 + streamIdBytes + 8;

/** A position as its client keeps it. It says everything, so that any gateway can go on from it. */
export function encodeResumeToken({ streamId, answeredBelow }: BulkPosition): Uint8Array {
  const token = new Uint8Array(tokenBytes);
  token[0] = format;
  token.set(streamId.subarray(0, streamIdBytes), 1);
  new DataView(token.buffer).setBigUint64(1 + streamIdBytes, BigInt(answeredBelow));
  return token;
}

/** Throws a Failure `invalid-argument` for what is no token of ours. */
export function decodeResumeToken(token: Uint8Array): BulkPosition {
  if (token.byteLength !== tokenBytes) {
    throw invalid(`it has ${token.byteLength} bytes, expected ${tokenBytes}`);
  }
  if (token[0] !== format) throw invalid(`it is of format ${token[0]}, known is ${format}`);
  const view = new DataView(token.buffer, token.byteOffset, token.byteLength);
  const answeredBelow = view.getBigUint64(1 + streamIdBytes);
  if (answeredBelow > BigInt(Number.MAX_SAFE_INTEGER)) throw invalid("its item is beyond 2^53");
  const streamId = token.slice(1, 1 + streamIdBytes);
  return { streamId, answeredBelow: Number(answeredBelow) };
}

function invalid(problem: string): Failure {
  return new Failure("invalid-argument", `the resume token cannot be used: ${problem}`);
}
