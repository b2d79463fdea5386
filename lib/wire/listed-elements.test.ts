import { create, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ModelInferRequestSchema } from "#gen/inference/grpc_service_pb.ts";
import { PredictRequestSchema } from "#gen/sluice/predict/v1/predict_pb.ts";
import { listedMax } from "./listed-elements.ts";
import { decodeInferRequest } from "./oip/request.ts";
import { decodePredictRequest } from "./predict/request.ts";

const tooMany = `more than ${listedMax} elements one by one`;
const half = listedMax / 2;

test.each([
  ["numbers of a byte", { contents: { int64Contents: new Array<bigint>(listedMax).fill(1n) } }],
  ["texts of none", { contents: { bytesContents: new Array(listedMax).fill(new Uint8Array()) } }],
  ["dimensions", { shape: new Array<bigint>(listedMax).fill(1n) }],
  [
    "some of each",
    {
      shape: new Array<bigint>(half).fill(1n),
      contents: { boolContents: new Array<boolean>(half).fill(true) },
    },
  ],
])("refuses an input of too many %s", (_, input) => {
  const message = create(ModelInferRequestSchema, { inputs: [input] });
  const bytes = toBinary(ModelInferRequestSchema, message);
  expect(() => decodeInferRequest(bytes)).toThrow(`${tooMany}: use raw_input_contents`);
});

test.each([
  ["integers", { case: "integers", value: { values: new Array<bigint>(listedMax).fill(1n) } }],
  ["texts", { case: "texts", value: { values: new Array<string>(listedMax).fill("") } }],
] as const)("refuses a column of too many %s", (_, values) => {
  const message = create(PredictRequestSchema, { columns: [{ name: "a", values }] });
  const bytes = toBinary(PredictRequestSchema, message);
  expect(() => decodePredictRequest(bytes)).toThrow(`${tooMany}: send fewer rows at a time`);
});

test("lets any number of decimals and of raw bytes pass", () => {
  const values = new Array<number>(listedMax).fill(1);
  const columns = [{ name: "a", values: { case: "numbers" as const, value: { values } } }];
  const predict = create(PredictRequestSchema, { columns });
  const [column] = decodePredictRequest(toBinary(PredictRequestSchema, predict)).columns;
  expect(column?.values.values).toHaveLength(listedMax);
  const shape = [BigInt(2 * listedMax)];
  const infer = create(ModelInferRequestSchema, {
    inputs: [{ name: "x", datatype: "UINT8", shape }],
    rawInputContents: [new Uint8Array(2 * listedMax)],
  });
  const [input] = decodeInferRequest(toBinary(ModelInferRequestSchema, infer)).inputs;
  expect(input?.data).toHaveLength(2 * listedMax);
});

test("counts fields that nobody knows as well", () => {
  const unknown = new Uint8Array(2 * (listedMax + 1)).fill(0x78);
  expect(() => decodeInferRequest(unknown)).toThrow(tooMany);
  expect(() => decodePredictRequest(unknown)).toThrow(tooMany);
});
