import { readFileSync } from "node:fs";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ModelProtoSchema } from "#gen/onnx/onnx_pb.ts";
import {
  everyDtypeModel,
  keptOutModel,
  mlpModel,
  multiModel,
  zipMapModel,
} from "../../../test/support/models.ts";
import { writeModel } from "../../../test/support/onnx-writer.ts";
import { readModelFile } from "./model-file.ts";

describe("a model file", () => {
  it("says what its inputs and outputs are, and needs no rewriting", () => {
    expect(readModelFile(multiModel())).toEqual({
      inputs: [
        { name: "a", dtype: "FP32", shape: [-1, 3] },
        { name: "b", dtype: "FP32", shape: [-1, 3] },
        { name: "text", dtype: "BYTES", shape: [-1] },
      ],
      outputs: [
        { name: "sum", dtype: "FP32", shape: [-1, 3] },
        { name: "product", dtype: "FP32", shape: [-1, 3] },
        { name: "same", dtype: "BYTES", shape: [-1] },
      ],
      labels: new Map(),
      rewritten: undefined,
    });
  });

  it("may have every data type we serve", () => {
    expect(readModelFile(everyDtypeModel()).inputs).toHaveLength(13);
  });

  it("does not count an initializer listed among the inputs, as old files do", () => {
    const model = writeModel({
      inputs: [
        { name: "x", type: "FP32", shape: ["N"] },
        { name: "w", type: "FP32", shape: [1] },
      ],
      outputs: [{ name: "y", type: "FP32", shape: ["N"] }],
      nodes: [{ op: "Mul", inputs: ["x", "w"], outputs: ["y"] }],
      initializers: [{ name: "w", dtype: "FP32", shape: [1], data: Float32Array.of(2) }],
    });
    expect(readModelFile(model).inputs.map((input) => input.name)).toEqual(["x"]);
  });

  it("may leave an output's shape open, but not an input's", () => {
    const nodes = [{ op: "Identity", inputs: ["x"], outputs: ["y"] }];
    const open = { name: "y", type: "FP32" } as const;
    const closed = { name: "x", type: "FP32", shape: ["N"] } as const;
    const { outputs } = readModelFile(writeModel({ inputs: [closed], outputs: [open], nodes }));
    expect(outputs).toEqual([{ name: "y", dtype: "FP32", shape: undefined }]);
    const broken = writeModel({ inputs: [{ ...open, name: "x" }], outputs: [open], nodes });
    expect(() => readModelFile(broken)).toThrow('model.onnx input "x" declares no shape');
  });
});

describe("a model is kept out", () => {
  it.each([
    ["BF16", 'output "y" is BF16'],
    ["sequence", 'output "y" is a sequence'],
    ["optional", 'output "y" is optional'],
  ] as const)("for an output that is %s", (kind, reason) => {
    expect(() => readModelFile(keptOutModel(kind))).toThrow(reason);
  });

  it("with everything that is wrong with it", () => {
    const model = writeModel({
      inputs: [{ name: "a", type: "BF16", shape: [1] }],
      outputs: [{ name: "b", type: { kind: "sparse" }, shape: [1] }],
      nodes: [],
    });
    expect(() => readModelFile(model)).toThrow(
      'model.onnx input "a" is BF16; output "b" is a sparse tensor',
    );
  });

  it.each([
    ["empty", new Uint8Array(), "model.onnx is empty"],
    ["text", new TextEncoder().encode("version https://git-lfs"), "is not an ONNX model"],
    ["cut short", mlpModel([4, 4]).subarray(0, 100), "model.onnx is not an ONNX model"],
    [
      "without a graph",
      toBinary(ModelProtoSchema, create(ModelProtoSchema)),
      "model.onnx is empty",
    ],
    [
      "a graph without outputs",
      writeModel({ inputs: [], outputs: [], nodes: [] }),
      "has no output",
    ],
  ])("when it is %s", (_, bytes, reason) => {
    expect(() => readModelFile(bytes)).toThrow(reason);
  });

  it("with a reason, whatever its bytes are", () => {
    void fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => readModelFile(bytes)).toThrow(/^model\.onnx /);
      }),
    );
  });
});

describe("a final ZipMap", () => {
  it.each([
    ["texts", ["no", "yes", "maybe"]],
    ["integers", [3, 1, 2]],
  ] as const)("with %s for classes is cut", (_, classes) => {
    const file = readModelFile(zipMapModel({ classes }));
    expect(file.outputs.map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual([
      ["label", typeof classes[0] === "string" ? "BYTES" : "INT64", [-1]],
      ["probabilities", "FP32", [-1, 3]],
    ]);
    expect(file.labels.get("probabilities")).toEqual(classes.map(String));
    const again = readModelFile(file.rewritten ?? new Uint8Array());
    expect(again).toEqual({ ...file, labels: new Map(), rewritten: undefined });
  });

  it("leaves the rest of the file as it is, unknown fields among it", () => {
    const original = fromBinary(ModelProtoSchema, zipMapModel());
    original.$unknown = [{ no: 25, wireType: 2, data: Uint8Array.of(2, 1, 2) }];
    if (original.graph)
      original.graph.$unknown = [{ no: 10, wireType: 2, data: Uint8Array.of(1, 65) }];
    const { rewritten } = readModelFile(toBinary(ModelProtoSchema, original));
    const model = fromBinary(ModelProtoSchema, rewritten ?? new Uint8Array());
    expect(model.$unknown).toEqual(original.$unknown);
    expect(model.graph?.$unknown).toEqual(original.graph?.$unknown);
    expect(model.opsetImport).toEqual(original.opsetImport);
    expect(model.graph?.node.map((node) => node.opType)).toEqual(["LinearClassifier", "Identity"]);
    expect(model.graph?.node[0]).toEqual(original.graph?.node[0]);
    expect(model.graph?.output[0]).toEqual(original.graph?.output[0]);
  });

  it("brings the standard operators with it where the file has none", () => {
    const { rewritten } = readModelFile(zipMapModel({ standardOperators: false }));
    const model = fromBinary(ModelProtoSchema, rewritten ?? new Uint8Array());
    expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([
      ["ai.onnx.ml", 3n],
      ["", 9n],
    ]);
  });

  it("that is not final keeps the model out", () => {
    const model = fromBinary(ModelProtoSchema, zipMapModel());
    model.graph?.node.push({
      ...model.graph.node[1],
      input: ["probabilities"],
      output: ["z"],
    } as never);
    expect(() => readModelFile(toBinary(ModelProtoSchema, model))).toThrow(
      'output "probabilities" is a sequence of maps',
    );
  });

  it.each([
    ["wine", ["0", "1", "2"]],
    ["credit", ["approved", "denied"]],
  ])("is cut from the sample %s", (name, labels) => {
    const file = readModelFile(readFileSync(`models/${name}/1/model.onnx`));
    expect([...(file.labels.get("output_probability") ?? [])].sort()).toEqual(labels);
    expect(file.rewritten).toBeDefined();
  });

  it.each(["digits/1", "digits/2", "diabetes/1"])("is not in the sample %s", (path) => {
    expect(readModelFile(readFileSync(`models/${path}/model.onnx`)).rewritten).toBeUndefined();
  });
});
