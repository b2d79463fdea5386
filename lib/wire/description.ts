import { create } from "@bufbuild/protobuf";
import { Failure } from "#core/failure.ts";
import type {
  BatchingOptions,
  FeatureSpec,
  ModelSpec,
  OutputRole,
  OutputSpec,
  TensorSpec,
} from "#core/model/spec.ts";
import { quote } from "#core/quote.ts";
import { type Dtype, isDtype } from "#core/tensor/dtype.ts";
import {
  type Batching,
  type Feature,
  type ModelDescription,
  ModelDescriptionSchema,
  type Output,
  type TensorSpec as TensorMessage,
} from "#gen/sluice/control/v1/model_pb.ts";

/**
 * What a worker tells of the model it has loaded. Limits and defaults of features stay with the
 * worker.
 */
export function toDescription(spec: ModelSpec): ModelDescription {
  const { batching, batched } = spec;
  return create(ModelDescriptionSchema, {
    inputs: spec.inputs.map(toTensorMessage),
    outputs: spec.outputs.map(toTensorMessage),
    batching: {
      ...batching,
      rowsPreferred: [...batching.rowsPreferred],
      enabled: batched.enabled,
      disabledReason: batched.enabled ? "" : batched.reason,
    },
    features: spec.features.map((feature) => ({
      ...{ name: feature.name, input: feature.input, column: feature.column },
      ...{ type: feature.type, datatype: feature.dtype, unit: feature.unit },
      ...{ categories: [...feature.categories], required: feature.required },
    })),
    predictions: spec.predictions.map((prediction) => ({
      ...prediction,
      labels: [...prediction.labels],
    })),
    instances: spec.instances,
  });
}

/**
 * The specification a description stands for; what descriptions leave out is absent. Throws an
 * invalid-argument Failure on a data type or role that is none.
 */
export function fromDescription(message: ModelDescription): ModelSpec {
  const { batching } = message;
  return {
    inputs: message.inputs.map(fromTensorMessage),
    outputs: message.outputs.map(fromTensorMessage),
    batching: toBatching(batching),
    batched:
      batching?.enabled === true
        ? { enabled: true }
        : { enabled: false, reason: batching?.disabledReason ?? "" },
    features: message.features.map(toFeature),
    predictions: message.predictions.map(toOutput),
    instances: message.instances,
  };
}

function toTensorMessage({ name, dtype, shape }: TensorSpec) {
  return { name, datatype: dtype, shape: shape.map(BigInt) };
}

function fromTensorMessage({ name, datatype, shape }: TensorMessage): TensorSpec {
  return { name, dtype: toDtype(datatype), shape: shape.map(Number) };
}

function toBatching(message: Batching | undefined): BatchingOptions {
  return {
    rowsMax: message?.rowsMax ?? 1,
    rowsPreferred: message?.rowsPreferred ?? [],
    queueDelayMs: message?.queueDelayMs ?? 0,
    queueRowsMax: message?.queueRowsMax ?? 0,
    queueTimeoutMs: message?.queueTimeoutMs ?? 0,
    orderingPreserved: message?.orderingPreserved ?? false,
    priorityLevels: message?.priorityLevels ?? 0,
    tolerance: 0,
  };
}

function toFeature(message: Feature): FeatureSpec {
  const { name, input, column, type, datatype, unit, categories, required } = message;
  return {
    ...{ name, input, column, unit, categories, required },
    type: type === "category" || type === "text" ? type : "number",
    dtype: toDtype(datatype),
    ...{ min: undefined, max: undefined, default: undefined },
  };
}

const roles: readonly OutputRole[] = ["label", "probabilities", "score", "embedding", "value"];

function toOutput({ name, output, role, labels }: Output): OutputSpec {
  const known = roles.find((each) => each === role);
  if (known === undefined) throw unknown(`output ${quote(name)}: role ${quote(role)}`);
  return { name, output, role: known, labels };
}

function toDtype(datatype: string): Dtype {
  if (!isDtype(datatype)) throw unknown(`data type ${quote(datatype)}`);
  return datatype;
}

function unknown(what: string): Failure {
  return new Failure("invalid-argument", `model description: ${what} is not known`);
}
