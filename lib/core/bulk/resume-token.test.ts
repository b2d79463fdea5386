import * as fc from "fast-check";
import { expect, it } from "vitest";
import { decodeResumeToken, encodeResumeToken } from "./resume-token.ts";

const position = fc.record({
  streamId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  answeredBelow: fc.maxSafeNat(),
});

it("gives back every position", () => {
  void fc.assert(
    fc.property(position, (one) => {
      expect(decodeResumeToken(encodeResumeToken(one))).toEqual(one);
    }),
  );
});

it("refuses whatever is no token", () => {
  void fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const isToken = bytes.length === 25 && bytes[0] === 1 && bytes[17] === 0 && bytes[18] === 0;
      if (!isToken) expect(() => decodeResumeToken(bytes)).toThrow("cannot be used");
    }),
  );
  const token = encodeResumeToken({ streamId: new Uint8Array(16), answeredBelow: 5 });
  expect(() => decodeResumeToken(token.with(0, 2))).toThrow("it is of format 2, known is 1");
  expect(() => decodeResumeToken(token.with(17, 255))).toThrow("its item is beyond 2^53");
  expect(() => decodeResumeToken(token.subarray(1))).toThrow("it has 24 bytes, expected 25");
});
