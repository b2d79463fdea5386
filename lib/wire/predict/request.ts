import { fromBinary } from "@bufbuild/protobuf";
import { Failure, messageOf } from "#core/failure.ts";
import type { Column, ColumnValues } from "#core/prediction/column.ts";
import { quote } from "#core/quote.ts";
import {
  type Column as ColumnMessage,
  type PredictRequest as PredictMessage,
  PredictRequestSchema,
} from "#gen/sluice/predict/v1/predict_pb.ts";
import { refuseLongLists } from "../listed-elements.ts";

/** What a caller of Predict asked for, not yet checked against a model. */
export type PredictRequest = { readonly id: string; readonly columns: readonly Column[] };

/** Decodes a PredictRequest. Throws an invalid-argument Failure. */
export function decodePredictRequest(bytes: Uint8Array): PredictRequest {
  const message = parse(bytes);
  return { id: message.id, columns: message.columns.map(toColumn) };
}

/** `columns`, and of each its `integers` and its `texts`. */
const listed = { 4: { 3: { 1: "varints" }, 4: {} } } as const;

function parse(bytes: Uint8Array): PredictMessage {
  refuseLongLists(bytes, listed, "send fewer rows at a time");
  try {
    return fromBinary(PredictRequestSchema, bytes, { readUnknownFields: false });
  } catch (error) {
    const problem = `the request is not a PredictRequest: ${messageOf(error)}`;
    throw new Failure("invalid-argument", problem, { cause: error });
  }
}

function toColumn(message: ColumnMessage): Column {
  const values = toValues(message);
  return { name: message.name, values, nulls: message.nulls };
}

function toValues({ name, values }: ColumnMessage): ColumnValues {
  if (values.case === "numbers") return { kind: "numbers", values: values.value.values };
  if (values.case === "integers") return { kind: "integers", values: values.value.values };
  if (values.case === "texts") return { kind: "texts", values: values.value.values };
  throw new Failure("invalid-argument", `feature ${quote(name)} has no values`);
}
