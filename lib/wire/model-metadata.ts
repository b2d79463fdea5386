/**
 * A loaded model in the words of the Open Inference Protocol and of Triton's model configuration.
 */
import { create } from "@bufbuild/protobuf";
import { defaultLevel } from "#core/batching/priority.ts";
import { configOfDtype, isDtype } from "#core/tensor/dtype.ts";
import {
  type ModelMetadataResponse,
  ModelMetadataResponseSchema,
} from "#gen/inference/grpc_service_pb.ts";
import {
  DataType,
  type ModelConfig,
  ModelConfigSchema,
  ModelInstanceGroup_Kind,
  ModelQueuePolicy_TimeoutAction,
} from "#gen/inference/model_config_pb.ts";
import type { Batching, ModelDescription, TensorSpec } from "#gen/sluice/control/v1/model_pb.ts";

const platform = "onnxruntime_onnx";
const usPerMs = 1_000;

/** Shapes include the batch dimension, -1 where the model is batched. */
export function toModelMetadata(
  name: string,
  versions: readonly number[],
  description: ModelDescription,
): ModelMetadataResponse {
  return create(ModelMetadataResponseSchema, {
    name,
    versions: versions.map(String),
    platform,
    inputs: description.inputs.map(toTensorMetadata),
    outputs: description.outputs.map(toTensorMetadata),
  });
}

/**
 * `versions` are those served. Dimensions are without the batch dimension exactly where
 * `max_batch_size` is 1 or more.
 */
export function toModelConfig(
  name: string,
  versions: readonly number[],
  description: ModelDescription,
): ModelConfig {
  const { batching, instances } = description;
  const isBatched = batching?.enabled === true;
  const toValue = ({ name: value, datatype, shape }: TensorSpec) => ({
    name: value,
    dataType: toDataType(datatype),
    dims: isBatched ? shape.slice(1) : shape,
  });
  return create(ModelConfigSchema, {
    name,
    platform,
    backend: "onnxruntime",
    versionPolicy: {
      policyChoice: { case: "specific", value: { versions: versions.map(BigInt) } },
    },
    maxBatchSize: isBatched ? batching.rowsMax : 0,
    input: description.inputs.map(toValue),
    output: description.outputs.map(toValue),
    instanceGroup: [{ name, count: instances, kind: ModelInstanceGroup_Kind.CPU }],
    defaultModelFilename: "model.onnx",
    schedulingChoice: isBatched
      ? { case: "dynamicBatching", value: toDynamicBatching(batching) }
      : { case: undefined },
    modelTransactionPolicy: { decoupled: false },
    responseCache: { enable: false },
  });
}

function toTensorMetadata({ name, datatype, shape }: TensorSpec) {
  return { name, datatype, shape };
}

function toDynamicBatching(batching: Batching) {
  return {
    preferredBatchSize: batching.rowsPreferred,
    maxQueueDelayMicroseconds: toUs(batching.queueDelayMs),
    preserveOrdering: batching.orderingPreserved,
    priorityLevels: BigInt(batching.priorityLevels),
    defaultPriorityLevel: BigInt(defaultLevel(batching.priorityLevels)),
    defaultQueuePolicy: {
      timeoutAction: ModelQueuePolicy_TimeoutAction.REJECT,
      defaultTimeoutMicroseconds: toUs(batching.queueTimeoutMs),
      allowTimeoutOverride: true,
      maxQueueSize: batching.queueRowsMax,
    },
  };
}

function toUs(ms: number): bigint {
  return BigInt(Math.round(ms * usPerMs));
}

/** TYPE_INVALID for a name that is none. */
function toDataType(datatype: string): DataType {
  const number = isDtype(datatype) ? configOfDtype(datatype) : DataType.TYPE_INVALID;
  return Object.values(DataType).find((value) => value === number) ?? DataType.TYPE_INVALID;
}
