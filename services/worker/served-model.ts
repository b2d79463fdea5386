import { type Bitmap, emptyBitmap } from "#core/bitmap.ts";
import { Failure } from "#core/failure.ts";
import { formatRef, type ModelRef } from "#core/model/name.ts";
import { checkOutputs, orderInputs } from "#core/model/signature.ts";
import type { ModelSpec } from "#core/model/spec.ts";
import { RowFailures } from "#core/prediction/row-failures.ts";
import { toInputs } from "#core/prediction/to-inputs.ts";
import { countRows } from "#core/prediction/value-column.ts";
import { formatPredictionId } from "#core/prediction-id.ts";
import { rowElements, type Tensor } from "#core/tensor/tensor.ts";
import { encodeItemAnswer } from "#wire/bulk/item-answer.ts";
import type { BulkForm } from "#wire/bulk/request.ts";
import { type BadElement, invalid } from "#wire/oip/raw.ts";
import { decodeInferRequest } from "#wire/oip/request.ts";
import { InferResponseEncoder } from "#wire/oip/response.ts";
import { decodePredictRequest } from "#wire/predict/request.ts";
import { encodePredictResponse } from "#wire/predict/response.ts";
import type { Arrival, BatchFacts, WorkMethod } from "./work.ts";

/** A request as the model sees it, checked against the model. */
export type Question = {
  readonly method: WorkMethod;
  /** The id the caller gave, often empty. */
  readonly requestId: string;
  readonly rows: number;
  /** In the model's order. */
  readonly inputs: readonly Tensor[];
  /** Names of the outputs to compute, in the order they are answered. */
  readonly outputs: readonly string[];
  /** Features of which rows were left out. */
  readonly nulls: ReadonlyMap<string, Bitmap>;
  /** Whether the values of its input are still in the memory that the request came in. */
  readonly isView: boolean;
  /** Rows that have no prediction; undefined where one that fails fails the request. */
  readonly failures: RowFailures | undefined;
};

/** What an answer tells besides the predictions. */
type Told = { readonly predictionId: Uint8Array; readonly batch: BatchFacts | undefined };

const noNulls: ReadonlyMap<string, Bitmap> = new Map();

/**
 * How requests for one loaded model version are read and answered. What is the same for all of them
 * is worked out once.
 */
export class ServedModel {
  readonly ref: ModelRef;
  readonly spec: ModelSpec;
  readonly #outputs: readonly string[];
  readonly #predicted: readonly string[];
  readonly #inferResponses: InferResponseEncoder;

  constructor(ref: ModelRef, spec: ModelSpec) {
    this.ref = ref;
    this.spec = spec;
    this.#outputs = spec.outputs.map(({ name }) => name);
    this.#predicted = [...new Set(spec.predictions.map(({ output }) => output))];
    this.#inferResponses = new InferResponseEncoder(ref);
  }

  /**
   * Decodes and checks a request. Nothing of `payload` is kept, unless it is `own`, all of its
   * memory, and the question says so. Throws the Failure that its caller is to get.
   */
  read(
    payload: Uint8Array,
    own: boolean,
    arrival: Pick<Arrival, "method" | "model" | "version" | "isBulk">,
  ): Question {
    const { model, version } = arrival;
    if (model !== this.ref.model || version !== this.ref.version) {
      const served = formatRef(this.ref);
      const problem = `this worker serves ${served}, not ${formatRef({ model, version })}`;
      throw new Failure("internal", problem);
    }
    // What the model fails on of a bulk item is run again, which needs its inputs.
    if (arrival.isBulk) return this.#readItem(payload, arrival.method);
    if (arrival.method === "Predict") return this.#readPredict(payload, undefined);
    return this.#readInfer(payload, { own, failures: undefined });
  }

  #readItem(payload: Uint8Array, method: WorkMethod): Question {
    const failures = new RowFailures();
    if (method === "Predict") return this.#readPredict(payload, failures);
    return this.#readInfer(payload, { own: false, failures });
  }

  /** Encodes the reply; throws the Failure that the caller is to get where that cannot be. */
  answer(question: Question, outputs: readonly Tensor[], told: Told): Uint8Array {
    const { method, failures } = question;
    const encoded =
      method === "Predict"
        ? this.#encodePredict(question, outputs, told)
        : this.#inferResponses.encode({ id: question.requestId, outputs, batch: told.batch });
    return failures === undefined ? encoded : encodeItemAnswer(failures, formOf(method), encoded);
  }

  #encodePredict(
    { requestId, rows, failures }: Question,
    outputs: readonly Tensor[],
    { predictionId, batch }: Told,
  ): Uint8Array {
    return encodePredictResponse({
      ref: this.ref,
      id: requestId,
      predictionId: formatPredictionId(predictionId),
      rows,
      predictions: this.spec.predictions,
      outputs,
      nulls: failures?.bitmap(rows) ?? emptyBitmap(0),
      batch,
    });
  }

  #readInfer(
    payload: Uint8Array,
    { own, failures }: { own: boolean; failures: RowFailures | undefined },
  ): Question {
    const bad: BadElement[] | undefined = failures === undefined ? undefined : [];
    const { id, inputs, outputs, isView } = decodeInferRequest(payload, { own, bad });
    const ordered = orderInputs(this.spec, inputs);
    if (ordered instanceof Failure) throw ordered;
    if (outputs.length > 0) throwIfFailed(checkOutputs(this.spec, outputs));
    const rows = countRows(this.spec, ordered);
    for (const element of bad ?? []) {
      failures?.add(
        rowOf(element, ordered, rows),
        invalid({ name: element.input }, element.problem),
      );
    }
    return {
      method: "ModelInfer",
      requestId: id,
      rows,
      inputs: ordered,
      outputs: outputs.length > 0 ? outputs : this.#outputs,
      nulls: noNulls,
      isView,
      failures,
    };
  }

  #readPredict(payload: Uint8Array, failures: RowFailures | undefined): Question {
    const { id, columns } = decodePredictRequest(payload);
    const { rows, inputs, nulls } = toInputs(this.spec, columns, failures);
    const ordered = orderInputs(this.spec, inputs);
    if (ordered instanceof Failure) throw ordered;
    return {
      method: "Predict",
      requestId: id,
      rows,
      inputs: ordered,
      outputs: this.#predicted,
      nulls,
      isView: false,
      failures,
    };
  }
}

/** The row of a request that an element of one of its inputs is in. */
function rowOf({ input, index }: BadElement, inputs: readonly Tensor[], rows: number): number {
  const shape = inputs.find(({ name }) => name === input)?.shape ?? [];
  return rows === 1 ? 0 : Math.floor(index / rowElements(shape));
}

export function formOf(method: WorkMethod): BulkForm {
  return method === "Predict" ? "columns" : "tensors";
}

function throwIfFailed(failure: Failure | undefined): void {
  if (failure !== undefined) throw failure;
}
