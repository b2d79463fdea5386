/**
 * Reads what routing needs off the bytes of a request, to the very end, since the last of a
 * repeated scalar counts, and decodes nothing else. Limits keep a request of many tiny fields from
 * costing seconds where it is decoded; bytes deeper than one level are the decoder's business.
 */
import { Failure } from "#core/failure.ts";
import { Cursor } from "./cursor.ts";

export type RequestHead = {
  readonly model: string;
  /** As the caller wrote it; empty for the highest version that is ready. */
  readonly version: string;
  readonly id: string;
  /** Microseconds the request may wait in queues, from `parameters`; 0 where absent. */
  readonly timeoutUs: number;
  /** From `parameters`: 1 is the most urgent; 0 for the model's default. */
  readonly priority: number;
};

export type ScanLimits = {
  /**
   * Fields of the request, its tensors and its parameters, unpacked elements of repeated ones
   * counted singly.
   */
  readonly fieldsMax: number;
  /** Inputs, requested outputs and raw contents together, or columns. */
  readonly tensorsMax: number;
  readonly parametersMax: number;
  /** Bytes of fields this version of the protocol does not know. */
  readonly unknownBytesMax: number;
};

export const scanLimits: ScanLimits = {
  fieldsMax: 131_072,
  tensorsMax: 16_384,
  parametersMax: 1_024,
  unknownBytesMax: 64 * 1024,
};

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
/** What has been seen so far, and how much may be. */
type Tally = { readonly counts: Counts; readonly limits: ScanLimits };
type Counts = { fields: number; tensors: number; parameters: number; unknownBytes: number };
/**
 * What is in a field: a text the head keeps, a parameter, or a tensor whose own fields are known up
 * to a number.
 */
type Field =
  | { readonly kind: "text"; readonly name: string; readonly key: "model" | "version" | "id" }
  | { readonly kind: "parameter" }
  | { readonly kind: "tensor"; readonly name: string; readonly fieldMax: number }
  | { readonly kind: "raw" };

const modelInferFields: readonly (Field | undefined)[] = [
  undefined,
  { kind: "text", name: "model_name", key: "model" },
  { kind: "text", name: "model_version", key: "version" },
  { kind: "text", name: "id", key: "id" },
  { kind: "parameter" },
  { kind: "tensor", name: "inputs", fieldMax: 5 },
  { kind: "tensor", name: "outputs", fieldMax: 2 },
  { kind: "raw" },
];

const predictFields: readonly (Field | undefined)[] = [
  undefined,
  { kind: "text", name: "model", key: "model" },
  { kind: "text", name: "version", key: "version" },
  { kind: "text", name: "id", key: "id" },
  { kind: "tensor", name: "columns", fieldMax: 5 },
];

/** The head of an encoded `inference.ModelInferRequest`. Throws a Failure `invalid-argument`. */
export function scanModelInfer(bytes: Uint8Array, limits: ScanLimits = scanLimits): RequestHead {
  return scan(bytes, modelInferFields, limits);
}

/**
 * The head of an encoded `sluice.predict.v1.PredictRequest`. Throws a Failure `invalid-argument`.
 */
export function scanPredict(bytes: Uint8Array, limits: ScanLimits = scanLimits): RequestHead {
  return scan(bytes, predictFields, limits);
}

function scan(
  bytes: Uint8Array,
  fields: readonly (Field | undefined)[],
  limits: ScanLimits,
): RequestHead {
  const head = { model: "", version: "", id: "", timeoutUs: 0, priority: 0 };
  const counts: Counts = { fields: 0, tensors: 0, parameters: 0, unknownBytes: 0 };
  const tally = { counts, limits };
  const cursor = new Cursor(bytes);
  for (let from = 0; cursor.next(); from = cursor.at) {
    const field = fields[cursor.number];
    if (field === undefined) {
      cursor.skip();
      counts.unknownBytes += cursor.at - from;
    } else if (field.kind === "text") {
      head[field.key] = cursor.text(field.name);
    } else if (field.kind === "parameter") {
      counts.parameters += 1;
      const outer = cursor.open("parameters");
      readParameter(cursor, head, tally);
      cursor.leave(outer);
    } else {
      counts.tensors += 1;
      if (field.kind === "raw") cursor.skip();
      else readTensor(cursor, field, tally);
    }
    check(tally);
  }
  return head;
}

/** Counts what is in a tensor; the values themselves are passed over. */
function readTensor(
  cursor: Cursor,
  { name, fieldMax }: Field & { readonly kind: "tensor" },
  tally: Tally,
): void {
  const outer = cursor.open(name);
  for (let from = cursor.at; cursor.next(); from = cursor.at) {
    const isKnown = cursor.number <= fieldMax;
    cursor.skip();
    if (!isKnown) tally.counts.unknownBytes += cursor.at - from;
    check(tally);
  }
  cursor.leave(outer);
}

/** One entry of `parameters`; of a oneof and of a key the last one counts. */
function readParameter(cursor: Cursor, head: Mutable<RequestHead>, tally: Tally): void {
  let key = "";
  let integer = 0n;
  while (cursor.next()) {
    if (cursor.number === 1) key = cursor.text("the key of a parameter");
    else if (cursor.number === 2) {
      const outer = cursor.open("the value of a parameter");
      integer = readInteger(cursor, integer, tally);
      cursor.leave(outer);
    } else cursor.skip();
    check(tally);
  }
  if (key === "timeout") head.timeoutUs = requireInteger(key, integer, Number.MAX_SAFE_INTEGER);
  else if (key === "priority") head.priority = requireInteger(key, integer, 2 ** 32 - 1);
}

/** The integer an InferParameter ends up holding; 0 where it holds something else. */
function readInteger(cursor: Cursor, before: bigint, tally: Tally): bigint {
  let integer = before;
  while (cursor.next()) {
    if (cursor.number === 2) integer = BigInt.asIntN(64, cursor.bits64("int64_param"));
    else if (cursor.number === 5) integer = cursor.bits64("uint64_param");
    else {
      cursor.skip();
      if (cursor.number <= 4) integer = 0n;
    }
    check(tally);
  }
  return integer;
}

function requireInteger(key: string, integer: bigint, max: number): number {
  if (integer >= 0n && integer <= BigInt(max)) return Number(integer);
  const problem = `parameter ${key} is ${integer}, expected at least 0 and at most ${max}`;
  throw new Failure("invalid-argument", problem);
}

/** Called once for every field. */
function check({ counts, limits }: Tally): void {
  counts.fields += 1;
  if (counts.fields > limits.fieldsMax) refuse("fields", limits.fieldsMax);
  if (counts.tensors > limits.tensorsMax) refuse("tensors", limits.tensorsMax);
  if (counts.parameters > limits.parametersMax) refuse("parameters", limits.parametersMax);
  if (counts.unknownBytes > limits.unknownBytesMax) {
    refuse("bytes of unknown fields", limits.unknownBytesMax);
  }
}

function refuse(what: string, limit: number): never {
  throw new Failure("invalid-argument", `the request has more than ${limit} ${what}`);
}
