import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { DataType } from "#gen/inference/model_config_pb.ts";
import { ModelDescriptionSchema } from "#gen/sluice/control/v1/model_pb.ts";
import { toModelConfig, toModelMetadata } from "./model-metadata.ts";

function description(enabled: boolean) {
  return create(ModelDescriptionSchema, {
    inputs: [{ name: "features", datatype: "FP32", shape: [-1n, 13n] }],
    outputs: [
      { name: "label", datatype: "INT64", shape: [-1n] },
      { name: "text", datatype: "BYTES", shape: [-1n, 2n] },
    ],
    batching: {
      enabled,
      rowsMax: 64,
      rowsPreferred: [8, 16],
      queueDelayMs: 1.5,
      queueRowsMax: 4096,
      queueTimeoutMs: 20,
      orderingPreserved: true,
      priorityLevels: 3,
    },
    instances: 2,
  });
}

it("shows whole shapes in the metadata", () => {
  expect(toModelMetadata("wine", [1, 2], description(true))).toMatchObject({
    name: "wine",
    versions: ["1", "2"],
    platform: "onnxruntime_onnx",
    inputs: [{ name: "features", datatype: "FP32", shape: [-1n, 13n] }],
    outputs: [{ shape: [-1n] }, { shape: [-1n, 2n] }],
  });
});

it("shows dimensions without the batch in the configuration of a batched model", () => {
  const config = toModelConfig("wine", [1, 2], description(true));
  expect(config).toMatchObject({
    name: "wine",
    backend: "onnxruntime",
    versionPolicy: { policyChoice: { case: "specific", value: { versions: [1n, 2n] } } },
    maxBatchSize: 64,
    input: [{ name: "features", dataType: DataType.TYPE_FP32, dims: [13n] }],
    output: [
      { dataType: DataType.TYPE_INT64, dims: [] },
      { dataType: DataType.TYPE_STRING, dims: [2n] },
    ],
    instanceGroup: [{ count: 2 }],
    defaultModelFilename: "model.onnx",
  });
  expect(config.schedulingChoice).toMatchObject({
    case: "dynamicBatching",
    value: {
      preferredBatchSize: [8, 16],
      maxQueueDelayMicroseconds: 1_500n,
      preserveOrdering: true,
      priorityLevels: 3n,
      defaultPriorityLevel: 2n,
      defaultQueuePolicy: {
        timeoutAction: 0,
        allowTimeoutOverride: true,
        defaultTimeoutMicroseconds: 20_000n,
        maxQueueSize: 4096,
      },
    },
  });
});

it("shows whole dimensions and no batching for a model that is not batched", () => {
  const config = toModelConfig("wine", [1, 2], description(false));
  expect(config.maxBatchSize).toBe(0);
  expect(config.input[0]?.dims).toEqual([-1n, 13n]);
  expect(config.schedulingChoice.case).toBeUndefined();
});
