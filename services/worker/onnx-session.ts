import { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-node";
import { assert } from "#core/assert.ts";
import { Failure, messageOf } from "#core/failure.ts";
import type { Dtype, TensorData } from "#core/tensor/dtype.ts";
import { elementCount, type Tensor } from "#core/tensor/tensor.ts";
import type { Session, SessionValue } from "./session.ts";

export type OnnxSessionOptions = {
  readonly source: OnnxSource;
  /** Threads within one run. */
  readonly threads: number;
  /**
   * Whether every dimension of every input and output is known, so that memory can be planned and
   * kept.
   */
  readonly isFixedShape: boolean;
};

/**
 * A file as it lies, which loads faster, or changed bytes of one whose neighbours may hold its
 * weights.
 */
export type OnnxSource =
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array; readonly folder: string };

/** Nothing: what goes wrong in a run is in the error, and one bad request must not fill the log. */
const logFatalOnly = 4;

const onnxTypes: Record<Dtype, OnnxTensor.Type> = {
  BOOL: "bool",
  UINT8: "uint8",
  UINT16: "uint16",
  UINT32: "uint32",
  UINT64: "uint64",
  INT8: "int8",
  INT16: "int16",
  INT32: "int32",
  INT64: "int64",
  FP16: "float16",
  FP32: "float32",
  FP64: "float64",
  BYTES: "string",
};
const dtypesByOnnx = new Map(
  Object.entries(onnxTypes).map(([dtype, type]) => [type, dtype as Dtype]),
);

/**
 * Loads a model into this thread, which it blocks meanwhile. Fails with `failed-precondition` and
 * the runtime's reason. `ORT_DISABLE_TELEMETRY` must have been set by the main thread before.
 */
export async function openOnnxSession(options: OnnxSessionOptions): Promise<Session> {
  const { source } = options;
  const settings = sessionOptions(options);
  try {
    const session =
      source.kind === "path"
        ? await InferenceSession.create(source.path, settings)
        : await InferenceSession.create(source.bytes, settings);
    return new OnnxSession(session);
  } catch (error) {
    const reason = `model.onnx cannot be loaded: ${oneLine(error)}`;
    throw new Failure("failed-precondition", reason, { cause: error });
  }
}

function sessionOptions(options: OnnxSessionOptions): InferenceSession.SessionOptions {
  const { source, threads, isFixedShape } = options;
  const folder =
    source.kind === "bytes" ? { model_external_initializers_file_folder_path: source.folder } : {};
  return {
    intraOpNumThreads: threads,
    // Both keep memory for every shape seen: one odd request would hold a gigabyte for good.
    enableCpuMemArena: isFixedShape,
    enableMemPattern: isFixedShape,
    logSeverityLevel: logFatalOnly,
    // Threads that spin while they wait take a whole core at a hundred small requests a second.
    extra: { session: { intra_op: { allow_spinning: "0" }, ...folder } },
  };
}

class OnnxSession implements Session {
  readonly outputs: readonly SessionValue[];
  readonly #session: InferenceSession;

  constructor(session: InferenceSession) {
    this.#session = session;
    this.outputs = session.outputMetadata.map(describe);
  }

  async run(inputs: readonly Tensor[], outputs: readonly string[]): Promise<Tensor[]> {
    const feeds: Record<string, OnnxTensor> = {};
    for (const tensor of inputs) feeds[tensor.name] = toOnnx(tensor);
    let results: InferenceSession.ReturnType;
    try {
      results = await this.#session.run(feeds, outputs);
    } catch (error) {
      throw new Failure("internal", `the model failed: ${oneLine(error)}`, { cause: error });
    }
    return outputs.map((name) => {
      const result = results[name];
      assert(result !== undefined, `the runtime gave no output ${name}`);
      return fromOnnx(name, result);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.release();
  }
}

function toOnnx({ name, dtype, shape, data }: Tensor): OnnxTensor {
  assert(data.length === elementCount(shape), `${name}: ${data.length} elements for ${shape}`);
  if (dtype === "FP16" && data instanceof Uint16Array) return toOnnxHalf(data, shape);
  const values = data as Exclude<TensorData, Uint16Array>;
  return new OnnxTensor(onnxTypes[dtype], values, shape);
}

/**
 * The binding of 1.30 takes a Float16Array from JavaScript and then does not know it: "not enough
 * space". It reads `cpuData`, so that is where the bits have to be.
 */
function toOnnxHalf(bits: Uint16Array, shape: readonly number[]): OnnxTensor {
  const { buffer, byteOffset, length } = bits;
  const halves = new Float16Array(buffer, byteOffset, length);
  const tensor = new OnnxTensor("float16", halves as never, shape);
  return Object.defineProperty(tensor, "cpuData", { value: bits });
}

function fromOnnx(name: string, tensor: OnnxTensor): Tensor {
  const dtype = dtypesByOnnx.get(tensor.type);
  assert(dtype !== undefined, `the runtime gave ${name} the type ${tensor.type}`);
  const data: unknown = tensor.data;
  if (data instanceof Float16Array) {
    const bits = new Uint16Array(data.buffer, data.byteOffset, data.length);
    return { name, dtype, shape: tensor.dims, data: bits };
  }
  return { name, dtype, shape: tensor.dims, data: data as TensorData };
}

function describe(metadata: InferenceSession.ValueMetadata): SessionValue {
  if (!metadata.isTensor) return { name: metadata.name, shape: [] };
  const shape = metadata.shape.map((dim) => (typeof dim === "number" ? dim : -1));
  return { name: metadata.name, shape };
}

function oneLine(error: unknown): string {
  return messageOf(error).replace(/\s+/g, " ").trim();
}
