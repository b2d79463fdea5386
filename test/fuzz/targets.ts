/** What of the code reads bytes nobody vouches for, with the generated code as a witness. */
import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { ModelInferRequestSchema } from "#gen/inference/grpc_service_pb.ts";
import { ConnectRequestSchema, ConnectResponseSchema } from "#gen/sluice/link/v1/link_pb.ts";
import {
  PredictBulkRequestSchema,
  PredictRequestSchema,
  SendFeedbackRequestSchema,
} from "#gen/sluice/predict/v1/predict_pb.ts";
import { readBulkRequest } from "#wire/bulk/request.ts";
import { decodePredictionMessage } from "#wire/event/decode.ts";
import { decodeFeedback } from "#wire/feedback/message.ts";
import { readFeedbackRequest } from "#wire/feedback/read-request.ts";
import { decodeWorkerFrames } from "#wire/gateway-link.ts";
import { decodeInferRequest } from "#wire/oip/request.ts";
import { decodePredictRequest } from "#wire/predict/request.ts";
import { parseSageMakerConstraints } from "#wire/sagemaker/constraints.ts";
import { parseSageMakerStatistics } from "#wire/sagemaker/statistics.ts";
import { scanModelInfer, scanPredict } from "#wire/scan.ts";
import { decodeGatewayFrames } from "#wire/worker-link.ts";
import {
  bulkRequests,
  feedbackMessages,
  feedbackRequests,
  gatewayFrames,
  inferRequests,
  predictionEvents,
  predictRequests,
  sageMakerConstraints,
  sageMakerStatistics,
  workerFrames,
} from "./seeds.ts";
import { type FuzzTarget, requireSame, verdictOf } from "./target.ts";
import { isWellFormed } from "./well-formed.ts";

type Frame = { readonly case: string; readonly value: unknown };

export const targets: readonly FuzzTarget[] = [
  {
    name: "gateway-frames",
    seeds: gatewayFrames,
    read: (bytes) => {
      const ours = frames((take) => decodeGatewayFrames(bytes, take));
      compareFrames(ours, witnessOfFrames(ConnectRequestSchema, bytes));
    },
  },
  {
    name: "worker-frames",
    seeds: workerFrames,
    read: (bytes) => {
      const ours = frames((take) => decodeWorkerFrames(bytes, take));
      compareFrames(ours, witnessOfFrames(ConnectResponseSchema, bytes));
    },
  },
  {
    name: "infer-head",
    seeds: inferRequests,
    read: (bytes) => {
      const { model, version, id } = scanModelInfer(bytes);
      const there = witness(ModelInferRequestSchema, bytes);
      if (there === undefined) return;
      const { modelName, modelVersion } = there;
      requireSame(
        { model, version, id },
        { model: modelName, version: modelVersion, id: there.id },
      );
    },
  },
  {
    name: "predict-head",
    seeds: predictRequests,
    read: (bytes) => {
      const { model, version, id } = scanPredict(bytes);
      const there = witness(PredictRequestSchema, bytes);
      if (there !== undefined) requireSame({ model, version, id }, there);
    },
  },
  {
    name: "infer-request",
    seeds: inferRequests,
    read: (bytes) => {
      const { id, inputs, outputs } = decodeInferRequest(bytes);
      const there = witness(ModelInferRequestSchema, bytes);
      if (there === undefined) return;
      requireSame(id, there.id);
      requireSame(
        inputs.map(({ name, dtype, shape }) => ({ name, datatype: dtype, shape })),
        there.inputs,
      );
      requireSame(
        outputs,
        there.outputs.map(({ name }) => name),
      );
    },
  },
  {
    name: "predict-request",
    seeds: predictRequests,
    read: (bytes) => {
      const { id, columns } = decodePredictRequest(bytes);
      const there = witness(PredictRequestSchema, bytes);
      if (there === undefined) return;
      requireSame(id, there.id);
      for (const [index, { name, values, nulls }] of columns.entries()) {
        const other = there.columns[index];
        requireSame({ name, nulls }, other);
        requireSame(values.kind, other?.values.case);
        requireSame([...values.values], [...(other?.values.value?.values ?? [])]);
      }
    },
  },
  {
    name: "bulk-request",
    seeds: bulkRequests,
    read: (bytes) => {
      const ours = readBulkRequest(bytes);
      const there = witness(PredictBulkRequestSchema, bytes)?.kind;
      if (there === undefined) return;
      requireSame(ours.kind, there.case);
      if (ours.kind === "item" && there.case === "item") {
        requireSame(ours.item.number, there.value.number);
        requireSame(ours.item.form, there.value.rows.case);
      }
    },
  },
  {
    name: "prediction-event",
    seeds: predictionEvents,
    read: (bytes) => void decodePredictionMessage(bytes),
  },
  {
    name: "feedback-request",
    seeds: feedbackRequests,
    read: (bytes) => {
      const { model, entries } = readFeedbackRequest(bytes);
      const there = witness(SendFeedbackRequestSchema, bytes);
      if (there === undefined) return;
      requireSame(model, there.model);
      requireSame(entries.length, there.feedback.length);
      for (const [place, entry] of entries.entries()) {
        const other = there.feedback[place];
        if (typeof entry === "string") continue;
        requireSame({ row: entry.row, label: { value: entry.label } }, other);
      }
    },
  },
  {
    name: "feedback-message",
    seeds: feedbackMessages,
    read: (bytes) => void decodeFeedback(bytes, "m"),
  },
  {
    name: "sagemaker-statistics",
    seeds: sageMakerStatistics,
    read: (bytes) => void parseSageMakerStatistics(Buffer.from(bytes).toString("utf8")),
  },
  {
    name: "sagemaker-constraints",
    seeds: sageMakerConstraints,
    read: (bytes) => void parseSageMakerConstraints(Buffer.from(bytes).toString("utf8")),
  },
];

/** The frames a decoder gave, and whether it came to the end of the message. */
function frames(decode: (take: (frame: Frame) => void) => void) {
  const taken: Frame[] = [];
  const verdict = verdictOf(() => decode((frame) => void taken.push(frame)));
  return { taken, isWhole: !("refused" in verdict) };
}

type Frames = readonly {
  readonly kind: { readonly case: string | undefined; readonly value?: unknown };
}[];

function compareFrames({ taken, isWhole }: ReturnType<typeof frames>, there: Frames | undefined) {
  // A number beyond its field is refused here, and cut down to size by the generated code.
  if (there === undefined || !isWhole) return;
  requireSame(
    taken,
    there.map(({ kind }) => kind).filter((kind) => kind.case !== undefined),
  );
}

/** Undefined also where a frame is of several kinds at once, as no writer makes one. */
function witnessOfFrames(
  desc: typeof ConnectRequestSchema | typeof ConnectResponseSchema,
  bytes: Uint8Array,
): Frames | undefined {
  let isSingle = true;
  isWellFormed(desc, bytes, (name, fields) => {
    if (name.endsWith("Frame") && fields > 1) isSingle = false;
  });
  return isSingle ? witness(desc, bytes)?.frames : undefined;
}

function witness<Desc extends DescMessage>(
  desc: Desc,
  bytes: Uint8Array,
): MessageShape<Desc> | undefined {
  if (!isWellFormed(desc, bytes)) return undefined;
  try {
    return fromBinary(desc, bytes);
  } catch {
    return undefined;
  }
}
