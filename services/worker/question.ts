import type { Bitmap } from "#core/bitmap.ts";
import { Failure } from "#core/failure.ts";
import { formatRef, type ModelRef } from "#core/model/name.ts";
import { checkOutputs, checkTensors } from "#core/model/signature.ts";
import type { ModelSpec } from "#core/model/spec.ts";
import { toInputs } from "#core/prediction/to-inputs.ts";
import { countRows } from "#core/prediction/value-column.ts";
import { formatPredictionId } from "#core/prediction-id.ts";
import type { Tensor } from "#core/tensor/tensor.ts";
import { decodeInferRequest } from "#wire/oip/request.ts";
import { encodeInferResponse } from "#wire/oip/response.ts";
import { decodePredictRequest } from "#wire/predict/request.ts";
import { encodePredictResponse } from "#wire/predict/response.ts";
import type { Arrival } from "./work.ts";

/** A request as the model sees it, checked against the model, and how to answer it. */
export type Question = {
  /** The id the caller gave, often empty. */
  readonly requestId: string;
  readonly rows: number;
  /** In the model's order. */
  readonly inputs: readonly Tensor[];
  /** Names of the outputs to compute, in the order they are answered. */
  readonly outputs: readonly string[];
  /** Features of which rows were left out. */
  readonly nulls: ReadonlyMap<string, Bitmap>;
  readonly encode: (outputs: readonly Tensor[]) => Uint8Array;
};

export type QuestionContext = { readonly ref: ModelRef; readonly spec: ModelSpec };

/**
 * Decodes and checks a request. Nothing of `payload` is kept. Throws the Failure that its caller is
 * to get.
 */
export function readQuestion(
  payload: Uint8Array,
  arrival: Arrival,
  context: QuestionContext,
): Question {
  const { ref } = context;
  const { model, version } = arrival;
  if (model !== ref.model || version !== ref.version) {
    const problem = `this worker serves ${formatRef(ref)}, not ${formatRef({ model, version })}`;
    throw new Failure("internal", problem);
  }
  return arrival.method === "Predict"
    ? readPredict(payload, arrival.predictionId, context)
    : readModelInfer(payload, context);
}

function readModelInfer(payload: Uint8Array, { ref, spec }: QuestionContext): Question {
  const { id, inputs, outputs } = decodeInferRequest(payload);
  throwIfFailed(checkTensors(spec, inputs) ?? checkOutputs(spec, outputs));
  const ordered = spec.inputs.flatMap(({ name }) => inputs.filter((input) => input.name === name));
  return {
    requestId: id,
    rows: countRows(spec, ordered),
    inputs: ordered,
    outputs: outputs.length > 0 ? outputs : spec.outputs.map(({ name }) => name),
    nulls: new Map(),
    encode: (answered) => encodeInferResponse({ ref, id, outputs: answered }),
  };
}

function readPredict(
  payload: Uint8Array,
  predictionId: Uint8Array,
  { ref, spec }: QuestionContext,
): Question {
  const { id, columns } = decodePredictRequest(payload);
  const { rows, inputs, nulls } = toInputs(spec, columns);
  throwIfFailed(checkTensors(spec, inputs));
  const { predictions } = spec;
  const answer = { ref, id, rows, predictions, predictionId: formatPredictionId(predictionId) };
  return {
    requestId: id,
    rows,
    inputs,
    outputs: [...new Set(predictions.map(({ output }) => output))],
    nulls,
    encode: (outputs) => encodePredictResponse({ ...answer, outputs }),
  };
}

function throwIfFailed(failure: Failure | undefined): void {
  if (failure !== undefined) throw failure;
}
