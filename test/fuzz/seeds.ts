/** Valid messages of every kind, small and with every field in use, to start changing from. */
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { ModelInferRequestSchema } from "#gen/inference/grpc_service_pb.ts";
import { ConnectRequestSchema, ConnectResponseSchema } from "#gen/sluice/link/v1/link_pb.ts";
import {
  PredictBulkRequestSchema,
  PredictRequestSchema,
  SendFeedbackRequestSchema,
} from "#gen/sluice/predict/v1/predict_pb.ts";
import { encodePredictionEvent, encodeProducerEnd } from "#wire/event/encode.ts";
import { encodeFeedback } from "#wire/feedback/message.ts";
import { makeEvent } from "../support/prediction-events.ts";
import {
  constraintsFile,
  numberColumn,
  statisticsFile,
  textColumn,
} from "../support/sagemaker-files.ts";

const id = Uint8Array.from({ length: 16 }, (_, index) => index);
const span = id.subarray(0, 8);
const payload = Uint8Array.of(1, 2, 3);

export const sageMakerStatistics: readonly Uint8Array[] = [
  Buffer.from(
    statisticsFile(3, [
      numberColumn("age", [30, null, Number.NaN]),
      numberColumn("x", [...Array(40).keys()], 4),
      textColumn("home", ["own", "rent", ""]),
    ]),
  ),
];

export const sageMakerConstraints: readonly Uint8Array[] = [
  Buffer.from(
    constraintsFile([
      {
        ...{ name: "age", inferred_type: "Integral", completeness: 0.9 },
        num_constraints: { is_non_negative: true },
        monitoringConfigOverrides: { datatype_check_threshold: 0.5 },
      },
      {
        ...{ name: "home", inferred_type: "String", completeness: 1 },
        string_constraints: { domains: ["own", "rent"] },
      },
    ]),
  ),
];

export const feedbackRequests: readonly Uint8Array[] = [
  encode(SendFeedbackRequestSchema, {
    model: "m",
    feedback: [
      {
        prediction: { case: "predictionId", value: "01a2156e-a97d-7278-9c95-8a2e9079440a" },
        row: 300,
        label: { case: "number", value: -0.5 },
      },
      {
        prediction: { case: "requestId", value: "mine" },
        label: { case: "text", value: "yes" },
      },
      {
        prediction: { case: "predictionToken", value: payload },
        label: { case: "text", value: "no" },
      },
    ],
  }),
];

export const feedbackMessages: readonly Uint8Array[] = encodeFeedback(
  "m",
  [
    { target: { kind: "prediction", id }, row: 300, label: 1 },
    { target: { kind: "request", id: "mine" }, row: 0, label: 2 },
    { target: { kind: "token", token: payload }, row: 1, label: "yes" },
  ],
  1_000,
);

export const gatewayFrames: readonly Uint8Array[] = [
  encode(ConnectRequestSchema, {
    frames: [
      { kind: { case: "hello", value: { instance: "gateway", cluster: "local" } } },
      {
        kind: {
          case: "requestBegin",
          value: {
            ...{ id: 7, predictionId: id, method: 1, model: "m", version: 2, deadlineMs: 900 },
            ...{ attempt: 1, role: 1, alone: true, gatewayWaitUs: 40n, priority: 1, bulk: true },
            trace: {
              traceId: id,
              serverSpanId: span,
              attemptSpanId: span,
              runSpanId: span,
              flags: 1,
            },
            ...{ payloadBytes: 3n, payload },
          },
        },
      },
    ],
  }),
  encode(ConnectRequestSchema, {
    frames: [
      { kind: { case: "requestChunk", value: { id: 7, data: payload } } },
      { kind: { case: "requestEnd", value: { id: 7, aborted: true } } },
      { kind: { case: "cancel", value: { ids: [1, 300, 70_000] } } },
      { kind: { case: "credit", value: { requests: 1n, requestBytes: 2n, chunkBytes: 3n } } },
      { kind: { case: "keep", value: { predictionId: id, reason: "slow" } } },
      { kind: { case: "goodbye", value: { reason: "over" } } },
    ],
  }),
];

export const workerFrames: readonly Uint8Array[] = [
  encode(ConnectResponseSchema, {
    frames: [
      { kind: { case: "hello", value: { instance: "w", cluster: "c", model: "m", version: 1 } } },
      {
        kind: {
          case: "replyBegin",
          value: {
            ...{ id: 7, status: 3, message: "no", payloadBytes: 3n, payload, rows: 2 },
            timings: { decodeUs: 1, queueUs: 2, runUs: 3, encodeUs: 4, totalUs: 10 },
            batch: { rows: 2, requests: 1, closedBy: "idle", spanId: span },
            rowsAnswered: 9n,
            rowsFailed: 1,
          },
        },
      },
    ],
  }),
  encode(ConnectResponseSchema, {
    frames: [
      { kind: { case: "replyChunk", value: { id: 7, data: payload } } },
      { kind: { case: "replyEnd", value: { id: 7 } } },
      { kind: { case: "started", value: { ids: [7, 8, 70_000] } } },
      { kind: { case: "credit", value: { requests: 64n, requestBytes: 99n } } },
      { kind: { case: "load", value: { queueWaitUs: 5, inFlight: 6 } } },
      { kind: { case: "goodbye", value: { reason: "over" } } },
    ],
  }),
];

const floats = new Uint8Array(Float32Array.of(1, Number.NaN).buffer);
const choice = (value: bigint) => ({
  parameterChoice: { case: "int64Param" as const, value },
});

export const inferRequests: readonly Uint8Array[] = [
  encode(ModelInferRequestSchema, {
    ...{ modelName: "m", modelVersion: "1", id: "mine" },
    parameters: { timeout: choice(5000n), priority: choice(1n) },
    inputs: [{ name: "x", datatype: "FP32", shape: [1n, 2n], parameters: { mine: choice(1n) } }],
    outputs: [{ name: "y" }],
    rawInputContents: [floats],
  }),
  encode(ModelInferRequestSchema, {
    modelName: "m",
    inputs: [
      { name: "f", datatype: "FP32", shape: [2n], contents: { fp32Contents: [1, 2] } },
      { name: "d", datatype: "FP64", shape: [1n], contents: { fp64Contents: [1] } },
      { name: "i", datatype: "INT64", shape: [2n], contents: { int64Contents: [-1n, 300n] } },
      { name: "u", datatype: "UINT8", shape: [2n], contents: { uintContents: [1, 255] } },
      { name: "n", datatype: "INT8", shape: [1n], contents: { intContents: [-128] } },
      { name: "b", datatype: "BOOL", shape: [2n], contents: { boolContents: [true, false] } },
      { name: "s", datatype: "BYTES", shape: [1n], contents: { bytesContents: [payload] } },
    ],
  }),
  encode(ModelInferRequestSchema, {
    modelName: "m",
    inputs: [{ name: "s", datatype: "BYTES", shape: [2n] }],
    rawInputContents: [Uint8Array.of(1, 0, 0, 0, 65, 0, 0, 0, 0)],
  }),
];

export const predictRequests: readonly Uint8Array[] = [
  encode(PredictRequestSchema, {
    ...{ model: "m", version: "1", id: "mine" },
    columns: [
      { name: "a", values: { case: "numbers", value: { values: [1.5, 2] } }, nulls: span },
      { name: "b", values: { case: "integers", value: { values: [-1n, 2n ** 60n] } } },
      { name: "c", values: { case: "texts", value: { values: ["x", "ä"] } } },
    ],
  }),
];

export const bulkRequests: readonly Uint8Array[] = [
  encode(PredictBulkRequestSchema, {
    kind: {
      case: "open",
      value: { model: "m", version: "1", ordered: true, resumeToken: span, streamId: id },
    },
  }),
  encode(PredictBulkRequestSchema, {
    kind: {
      case: "item",
      value: {
        number: 70_000n,
        rows: { case: "columns", value: { columns: [{ name: "a", nulls: payload }] } },
      },
    },
  }),
  encode(PredictBulkRequestSchema, {
    kind: {
      case: "item",
      value: {
        number: 1n,
        rows: { case: "tensors", value: { inputs: [{ name: "x" }], rawInputContents: [payload] } },
      },
    },
  }),
];

export const predictionEvents: readonly Uint8Array[] = [
  encodePredictionEvent(makeEvent({})),
  encodeProducerEnd({ producer: "p", answered: 5, gateway: "g" }),
];

function encode<Desc extends DescMessage>(desc: Desc, init: MessageInitShape<Desc>): Uint8Array {
  return toBinary(desc, create(desc, init));
}
