import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, it } from "vitest";
import { FeedbackMessageSchema } from "#gen/sluice/event/v1/event_pb.ts";
import { decodeFeedback, encodeFeedback } from "./message.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const target = fc.oneof(
  fc.record({ kind: fc.constant("prediction" as const), id: bytes(16) }),
  fc.record({
    kind: fc.constant("request" as const),
    id: fc.string({ minLength: 1, maxLength: 9 }),
  }),
  fc.record({ kind: fc.constant("token" as const), token: fc.uint8Array({ maxLength: 40 }) }),
);
const feedback = fc.record({
  target,
  row: fc.nat(2 ** 32 - 1),
  label: fc.oneof(fc.string({ maxLength: 9 }), fc.double({ noNaN: true, noDefaultInfinity: true })),
});

it("gives back what was sent, in its order and in messages of a bounded size", () => {
  fc.assert(
    fc.property(fc.array(feedback), fc.integer({ min: 1, max: 400 }), (sent, bytesMax) => {
      const messages = encodeFeedback("wine", sent, bytesMax);
      const received = messages.map((message) => decodeFeedback(message, "wine"));
      expect(received.flat()).toEqual(sent);
      for (const [place, message] of messages.entries()) {
        if (received[place]?.length !== 1) expect(message.length).toBeLessThan(bytesMax + 40);
      }
    }),
  );
});

it.each<[object, RegExp]>([
  [{ model: "beer" }, /of model "beer", its subject of "wine"/],
  [{ predictionIds: new Uint8Array(17) }, /17 bytes/],
  [{ requestIds: ["a", "b"] }, /names 2 predictions for 1 rows/],
  [{ numbers: [1, 2] }, /2 numbers and 0 texts for 1 rows/],
  [{ numbers: [1], texts: ["a"] }, /1 numbers and 1 texts/],
  [{ numbers: [] }, /0 numbers and 0 texts/],
  [{ numbers: [Number.NaN] }, /no number/],
  [{ requestIds: ["x".repeat(257)] }, /more than 256/],
])("refuses a message whose parts do not fit together: %j", (part, problem) => {
  const whole = { model: "wine", requestIds: ["a"], rows: [0], numbers: [1], ...part };
  const message = toBinary(FeedbackMessageSchema, create(FeedbackMessageSchema, whole));
  expect(() => decodeFeedback(message, "wine")).toThrow(problem);
});

it("fails on bytes that are no message, and in no other way", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (noise) => {
      try {
        decodeFeedback(noise, "wine");
      } catch (error) {
        expect(error).toMatchObject({ code: "invalid-argument" });
      }
    }),
  );
});
