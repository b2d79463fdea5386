import {
  contentOf,
  contentsOf,
  decodeText,
  encodeField,
  fieldsOf,
  integersOf,
  join,
  textOf,
} from "./fields.ts";
import { encodeMatrix } from "./value-info.ts";

/**
 * Classifiers of scikit-learn end in a ZipMap: it turns the [N, classes] tensor of probabilities
 * into N maps from class to probability, which no protocol of ours can carry. The tensor is what we
 * want, and the classes' names are in the node's attributes, so an Identity takes the node's place.
 * The runtime removes it.
 */
export type ZipMapCut = {
  /** The name the output has and keeps. */
  readonly output: string;
  readonly labels: readonly string[];
  /** Encoded NodeProto in place of the ZipMap. */
  readonly node: Uint8Array;
  /** Encoded ValueInfoProto: what the output now is, FP32 [N, classes]. */
  readonly value: Uint8Array;
};

const nodeFields = { input: 1, output: 2, name: 3, opType: 4, attribute: 5 };
const attributeFields = { name: 1, ints: 8, strings: 9 };

/** Undefined for every node but a ZipMap that names its classes. */
export function cutZipMap(encoded: Uint8Array): ZipMapCut | undefined {
  if (!isZipMap(encoded)) return undefined;
  const [input] = contentsOf(encoded, nodeFields.input);
  const [output] = contentsOf(encoded, nodeFields.output);
  const labels = classLabels(contentsOf(encoded, nodeFields.attribute));
  if (input === undefined || output === undefined || labels.length === 0) return undefined;
  const name = decodeText(output);
  return {
    output: name,
    labels,
    node: join([
      encodeField(nodeFields.input, input),
      encodeField(nodeFields.output, output),
      encodeField(nodeFields.name, contentOf(encoded, nodeFields.name) ?? ""),
      encodeField(nodeFields.opType, "Identity"),
    ]),
    value: encodeMatrix(name, "FP32", labels.length),
  };
}

/** A big model has thousands of nodes with large attributes, so only the type is read. */
function isZipMap(encoded: Uint8Array): boolean {
  for (const { number, content } of fieldsOf(encoded)) {
    if (number === nodeFields.opType) return new TextDecoder().decode(content) === "ZipMap";
  }
  return false;
}

function classLabels(attributes: readonly Uint8Array[]): string[] {
  const attribute = (name: string) =>
    attributes.find((each) => textOf(each, attributeFields.name) === name) ?? new Uint8Array();
  const texts = contentsOf(attribute("classlabels_strings"), attributeFields.strings);
  if (texts.length > 0) return texts.map((text) => new TextDecoder().decode(text));
  return integersOf(attribute("classlabels_int64s"), attributeFields.ints).map(String);
}
