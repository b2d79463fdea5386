import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { type InferParameter, ModelInferRequestSchema } from "#gen/inference/grpc_service_pb.ts";
import { PredictRequestSchema } from "#gen/sluice/predict/v1/predict_pb.ts";
import { scanLimits, scanModelInfer, scanPredict } from "./scan.ts";

const limits = { fieldsMax: 100, tensorsMax: 3, parametersMax: 2, unknownBytesMax: 10 };

it("reads names and leaves the rest empty", () => {
  const bytes = toBinary(
    ModelInferRequestSchema,
    create(ModelInferRequestSchema, { modelName: "wine", modelVersion: "2", id: "ä" }),
  );
  expect(scanModelInfer(bytes)).toEqual({
    model: "wine",
    version: "2",
    id: "ä",
    timeoutUs: 0,
    priority: 0,
  });
});

it("reads the names of a prediction by feature", () => {
  const columns = [{ name: "a", values: { case: "numbers" as const, value: { values: [1] } } }];
  const message = create(PredictRequestSchema, { model: "wine", version: "1", id: "7", columns });
  expect(scanPredict(toBinary(PredictRequestSchema, message))).toMatchObject({
    model: "wine",
    version: "1",
    id: "7",
  });
});

const parameter = fc.oneof(
  fc.record({ case: fc.constant("int64Param" as const), value: fc.bigInt(0n, 1_000_000n) }),
  fc.record({ case: fc.constant("uint64Param" as const), value: fc.bigInt(0n, 1_000_000n) }),
  fc.record({ case: fc.constant("stringParam" as const), value: fc.string() }),
  fc.record({ case: fc.constant("boolParam" as const), value: fc.boolean() }),
  fc.record({ case: fc.constant("doubleParam" as const), value: fc.double() }),
);

const message = fc.record({
  modelName: fc.string({ unit: "grapheme" }),
  modelVersion: fc.string(),
  id: fc.string({ unit: "grapheme" }),
  parameters: fc.dictionary(
    fc.constantFrom("timeout", "priority", "other"),
    parameter.map((parameterChoice) => ({ parameterChoice })),
  ),
  inputs: fc.array(
    fc.record({ name: fc.string(), shape: fc.array(fc.bigInt(0n, 99n), { maxLength: 3 }) }),
    { maxLength: 3 },
  ),
  rawInputContents: fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 3 }),
});

it("reads what protobuf-es reads, whatever is repeated and in whatever order", () => {
  void fc.assert(fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), agreesWithDecoder));
});

function agreesWithDecoder(
  messages: readonly (typeof message extends fc.Arbitrary<infer T> ? T : never)[],
) {
  // Messages one after the other are one message in which scalars are repeated and maps merge.
  const bytes = Uint8Array.from(
    messages.flatMap((one) => [
      ...toBinary(ModelInferRequestSchema, create(ModelInferRequestSchema, one)),
    ]),
  );
  const decoded = fromBinary(ModelInferRequestSchema, bytes);
  expect(scanModelInfer(bytes)).toEqual({
    model: decoded.modelName,
    version: decoded.modelVersion,
    id: decoded.id,
    timeoutUs: integerOf(decoded.parameters["timeout"]),
    priority: integerOf(decoded.parameters["priority"]),
  });
}

function integerOf(one: InferParameter | undefined): number {
  const choice = one?.parameterChoice;
  return choice?.case === "int64Param" || choice?.case === "uint64Param" ? Number(choice.value) : 0;
}

it("accepts or refuses any bytes without any other error", () => {
  void fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        scanModelInfer(bytes);
        scanPredict(bytes);
      } catch (error) {
        expect(error).toMatchObject({ name: "Failure", code: "invalid-argument" });
      }
    }),
  );
});

it.each([
  ["timeout", -5n],
  ["priority", -5n],
  ["priority", 2n ** 32n],
])("refuses a %s of %i", (key, value) => {
  const parameter = { parameterChoice: { case: "int64Param" as const, value } };
  const message = create(ModelInferRequestSchema, { parameters: { [key]: parameter } });
  const bytes = toBinary(ModelInferRequestSchema, message);
  expect(() => scanModelInfer(bytes)).toThrow(`parameter ${key} is ${value}, expected at least 0`);
});

it("counts tensors, parameters, fields and unknown bytes against their limits", () => {
  const tensors = Uint8Array.of(...Array<number[]>(4).fill([0x2a, 0x00]).flat());
  expect(() => scanModelInfer(tensors, limits)).toThrow("more than 3 tensors");
  const parameters = Uint8Array.of(...Array<number[]>(3).fill([0x22, 0x00]).flat());
  expect(() => scanModelInfer(parameters, limits)).toThrow("more than 2 parameters");
  const fields = Uint8Array.of(...Array<number[]>(101).fill([0x0a, 0x00]).flat());
  expect(() => scanModelInfer(fields, limits)).toThrow("more than 100 fields");
  const unknown = Uint8Array.of(...Array<number[]>(4).fill([0x48, 0x80, 0x00]).flat());
  expect(() => scanModelInfer(unknown, limits)).toThrow("more than 10 bytes of unknown fields");
});

it.each<[string, (fields: readonly number[]) => readonly number[]]>([
  ["a parameter", (fields) => [0x22, fields.length, ...fields]],
  [
    "the value of a parameter",
    (fields) => [0x22, fields.length + 2, 0x12, fields.length, ...fields],
  ],
])("counts the fields inside %s", (_, wrap) => {
  const fields = Array<number[]>(51).fill([0x1a, 0x00]).flat();
  const half = wrap(fields);
  const strict = { ...limits, parametersMax: 100 };
  expect(() => scanModelInfer(Uint8Array.from(half), strict)).not.toThrow();
  const whole = Uint8Array.of(...half, ...half);
  expect(() => scanModelInfer(whole, strict)).toThrow("more than 100 fields");
});

it("counts unknown bytes inside a tensor", () => {
  const inside = [0x48, 0x00, 0x48, 0x00, 0x48, 0x00, 0x48, 0x00, 0x48, 0x00, 0x48, 0x00];
  expect(() => scanModelInfer(Uint8Array.of(0x2a, inside.length, ...inside), limits)).toThrow(
    "more than 10 bytes of unknown fields",
  );
});

it("tolerates a few unknown fields", () => {
  expect(scanModelInfer(Uint8Array.of(0x78, 0x01, 0x0a, 0x01, 0x61), scanLimits).model).toBe("a");
});
