import { Failure, messageOf } from "#core/failure.ts";
import { quote } from "#core/quote.ts";
import {
  contentsOf,
  decodeText,
  encodeField,
  encodeInteger,
  type Field,
  fieldsOf,
  join,
  lengthPrefix,
} from "./fields.ts";
import { type Declaration, type DeclaredTensor, readDeclaration, readName } from "./value-info.ts";
import { cutZipMap, type ZipMapCut } from "./zip-map.ts";

/**
 * What Sluice needs to know of a model file before the runtime sees it. Only names and types are
 * decoded; weights stay where they are. Where a ZipMap has to go, the few fields concerned are
 * replaced and everything else is copied as it is, unknown fields and all.
 */
export type ModelFile = {
  /** In the file's order, those with a value of their own left out. */
  readonly inputs: readonly DeclaredTensor[];
  readonly outputs: readonly DeclaredTensor[];
  /** The classes' names, by the output that has their probabilities. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
  /**
   * The file with its ZipMaps cut; undefined where there were none and the file can be loaded as it
   * lies.
   */
  readonly rewritten: Uint8Array | undefined;
};

const modelFields = { graph: 7, opsetImport: 8 };
const graphFields = { node: 1, initializer: 5, input: 11, output: 12 };
const nodeInputField = 1;
const tensorNameField = 8;
const operatorSetFields = { domain: 1, version: 2 };

/** Every operator set has Identity; this one is as old as the classical operators' third. */
const standardOperatorsVersion = 9;

/**
 * Reads the bytes of a model.onnx. Fails with `failed-precondition` where they are no model, and
 * where an input or output is of a kind Sluice keeps out, naming all of them.
 */
export function readModelFile(bytes: Uint8Array): ModelFile {
  try {
    return readModel(bytes);
  } catch (error) {
    if (error instanceof Failure && error.code === "failed-precondition") throw error;
    throw refused(`is not an ONNX model: ${messageOf(error)}`, error);
  }
}

function readModel(bytes: Uint8Array): ModelFile {
  if (bytes.length === 0) throw refused("is empty");
  const fields = [...fieldsOf(bytes)];
  const graphField = fields.find((field) => field.number === modelFields.graph);
  const graph = graphField?.content;
  if (graphField === undefined || graph === undefined) {
    throw refused("is not an ONNX model: it has no graph");
  }
  const parts = [...fieldsOf(graph)];
  const cuts = finalZipMaps(parts);
  const values = valuesOf(parts, cuts);
  const problems = [
    ...values.inputs.flatMap((value) => problemOf("input", value)),
    ...values.outputs.flatMap((value) => problemOf("output", value)),
  ];
  if (values.outputs.length === 0) problems.push("has no output");
  if (problems.length > 0) throw refused(problems.join("; "));
  return {
    inputs: values.inputs.flatMap(tensorOf),
    outputs: values.outputs.flatMap(tensorOf),
    labels: new Map([...cuts.values()].map((cut) => [cut.output, cut.labels])),
    rewritten: cuts.size === 0 ? undefined : rewrite({ bytes, fields, graphField, parts, cuts }),
  };
}

/**
 * ZipMaps whose output is the graph's and nobody else's, by their place among the graph's fields.
 */
function finalZipMaps(parts: readonly Field[]): Map<Field, ZipMapCut> {
  const cuts = new Map<Field, ZipMapCut>();
  for (const part of contents(parts, graphFields.node)) {
    const cut = cutZipMap(part.content);
    if (cut !== undefined) cuts.set(part.field, cut);
  }
  if (cuts.size === 0) return cuts;
  const outputs = new Set(
    contents(parts, graphFields.output).map(({ content }) => readName(content)),
  );
  const taken = new Set(
    contents(parts, graphFields.node).flatMap(({ content }) => textsOf(content, nodeInputField)),
  );
  for (const [field, cut] of cuts) {
    if (!outputs.has(cut.output) || taken.has(cut.output)) cuts.delete(field);
  }
  return cuts;
}

type Value = { readonly name: string; readonly declared: Declaration };

function valuesOf(parts: readonly Field[], cuts: ReadonlyMap<Field, ZipMapCut>) {
  const own = new Set(
    contents(parts, graphFields.initializer).flatMap(({ content }) =>
      textsOf(content, tensorNameField),
    ),
  );
  const cutValues = new Map([...cuts.values()].map((cut) => [cut.output, cut.value]));
  const read = (value: Uint8Array): Value => ({
    name: readName(value),
    declared: readDeclaration(value),
  });
  return {
    inputs: contents(parts, graphFields.input)
      .map(({ content }) => read(content))
      .filter((value) => !own.has(value.name)),
    outputs: contents(parts, graphFields.output).map(({ content }) =>
      read(cutValues.get(readName(content)) ?? content),
    ),
  };
}

function problemOf(side: "input" | "output", { name, declared }: Value): string[] {
  if (declared.kind === "refused") return [`${side} ${quote(name)} ${declared.reason}`];
  if (side === "output" || declared.tensor.shape !== undefined) return [];
  return [`input ${quote(name)} declares no shape`];
}

function tensorOf({ declared }: Value): DeclaredTensor[] {
  return declared.kind === "tensor" ? [declared.tensor] : [];
}

type Pieces = {
  readonly bytes: Uint8Array;
  readonly fields: readonly Field[];
  readonly graphField: Field;
  readonly parts: readonly Field[];
  readonly cuts: ReadonlyMap<Field, ZipMapCut>;
};

function rewrite({ bytes, fields, graphField, parts, cuts }: Pieces): Uint8Array {
  const graph = graphField.content ?? new Uint8Array();
  const outputs = new Map([...cuts.values()].map((cut) => [cut.output, cut.value]));
  const newGraph = parts.flatMap((part) => {
    const cut = cuts.get(part);
    if (cut !== undefined) return encodeField(graphFields.node, cut.node);
    if (part.number === graphFields.output && part.content !== undefined) {
      const value = outputs.get(readName(part.content));
      if (value !== undefined) return encodeField(graphFields.output, value);
    }
    return [graph.subarray(part.start, part.end)];
  });
  const graphBytes = newGraph.reduce((sum, piece) => sum + piece.length, 0);
  const pieces = fields.flatMap((field) =>
    field === graphField
      ? [lengthPrefix(modelFields.graph, graphBytes), ...newGraph]
      : [bytes.subarray(field.start, field.end)],
  );
  return join([...pieces, ...missingOperators(fields)]);
}

/** Converters leave the standard operators out where they use none, and Identity is one of them. */
function missingOperators(fields: readonly Field[]): Uint8Array[] {
  const hasStandard = contents(fields, modelFields.opsetImport).some(({ content }) =>
    textsOf(content, operatorSetFields.domain).every(
      (domain) => domain === "" || domain === "ai.onnx",
    ),
  );
  if (hasStandard) return [];
  const entry = encodeInteger(operatorSetFields.version, standardOperatorsVersion);
  return [encodeField(modelFields.opsetImport, entry)];
}

function contents(fields: readonly Field[], number: number) {
  return fields.flatMap((field) =>
    field.number === number && field.content !== undefined
      ? [{ field, content: field.content }]
      : [],
  );
}

function textsOf(message: Uint8Array, number: number): string[] {
  return contentsOf(message, number).map(decodeText);
}

function refused(reason: string, cause?: unknown): Failure {
  return new Failure("failed-precondition", `model.onnx ${reason}`, { cause });
}
