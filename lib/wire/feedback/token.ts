import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { isModelName } from "#core/model/name.ts";
import { type TokenContent, type TokenOutput, tokenRowsMax } from "#core/performance/feedback.ts";
import { predictionIdBytes } from "#core/prediction-id.ts";
import { TokenContentSchema } from "#gen/sluice/event/v1/event_pb.ts";
import { PredictResponseSchema } from "#gen/sluice/predict/v1/predict_pb.ts";

const versionMax = 2 ** 31 - 1;

export function encodeTokenContent({ timeUs, outputs, ...same }: TokenContent): Uint8Array {
  const message = create(TokenContentSchema, {
    ...same,
    timeUs: BigInt(Math.trunc(timeUs)),
    outputs: outputs.map(({ name, values }) => ({
      name,
      numbers: values.filter((value) => typeof value === "number"),
      texts: values.filter((value) => typeof value === "string"),
    })),
  });
  return toBinary(TokenContentSchema, message);
}

/** Undefined where the bytes are none. */
export function decodeTokenContent(bytes: Uint8Array): TokenContent | undefined {
  try {
    const { model, version, predictionId, timeUs, rows, outputs } = fromBinary(
      TokenContentSchema,
      bytes,
    );
    const isWhole =
      isModelName(model) &&
      version >= 1 &&
      version <= versionMax &&
      predictionId.length === predictionIdBytes &&
      rows <= tokenRowsMax &&
      outputs.every(({ numbers, texts }) => (numbers.length || texts.length) === rows);
    if (!isWhole) return undefined;
    const values = outputs.map(({ name, numbers, texts }) => ({
      name,
      values: numbers.length > 0 ? numbers : texts,
    }));
    return {
      ...{ model, version, rows, outputs: values, timeUs: Number(timeUs) },
      predictionId: new Uint8Array(predictionId),
    };
  } catch {
    return undefined;
  }
}

/** The outputs of an encoded PredictResponse; undefined where it has too many rows for a token. */
export function outputsOfReply(
  payload: Uint8Array,
): { readonly rows: number; readonly outputs: readonly TokenOutput[] } | undefined {
  const { rows, predictions } = fromBinary(PredictResponseSchema, payload);
  if (rows === 0 || rows > tokenRowsMax) return undefined;
  const outputs = predictions.flatMap(({ name, values, nulls }): TokenOutput[] => {
    // A row without a prediction has nothing that could be right or wrong.
    if (nulls.length > 0 || values.case === undefined) return [];
    const { case: kind, value } = values;
    if (kind === "integers") return [{ name, values: value.values.map(Number) }];
    return [{ name, values: value.values }];
  });
  return { rows, outputs };
}
