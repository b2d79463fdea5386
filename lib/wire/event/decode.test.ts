import fc from "fast-check";
import { expect, test } from "vitest";
import { Failure } from "#core/failure.ts";
import { decodePredictionMessage } from "./decode.ts";
import { encodeProducerEnd } from "./encode.ts";

test("fails on any bytes with a Failure or not at all", () => {
  const valid = encodeProducerEnd({ producer: "p", answered: 1, gateway: "g" });
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.tuple(fc.nat(valid.length - 1), fc.nat(255)).map(([at, value]) => valid.with(at, value)),
  );
  fc.assert(
    fc.property(bytes, (drawn) => {
      try {
        decodePredictionMessage(drawn);
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
      }
    }),
    { numRuns: 1000 },
  );
});
