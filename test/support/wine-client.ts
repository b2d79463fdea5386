import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import {
  ModelInferRequestSchema,
  ModelStatisticsRequestSchema,
  type ModelStatisticsResponse,
  ModelStatisticsResponseSchema,
} from "#gen/inference/grpc_service_pb.ts";

type Reply = { readonly code: number; readonly payload: Buffer };

const deadlineMs = 20_000;
/** Features of the model. */
const width = 13;
/** A caller of the sample model with a connection of its own, which it opens again when it ends. */
export class WineClient implements Disposable {
  readonly #client: grpc.Client;

  constructor(address: string) {
    this.#client = new grpc.Client(address, grpc.credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1,
    });
  }

  /** The status of one request for so many rows. */
  async predict(rows: number = 1): Promise<number> {
    const request = create(ModelInferRequestSchema, inferRows(rows));
    return (await this.#call("ModelInfer", toBinary(ModelInferRequestSchema, request))).code;
  }

  /** Predicts until it succeeds. */
  async untilAnswered(): Promise<void> {
    while ((await this.predict()) !== grpc.status.OK);
  }

  async statistics(): Promise<ModelStatisticsResponse> {
    const request = toBinary(ModelStatisticsRequestSchema, create(ModelStatisticsRequestSchema));
    const { payload } = await this.#call("ModelStatistics", request);
    return fromBinary(ModelStatisticsResponseSchema, payload);
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  async #call(method: string, payload: Uint8Array): Promise<Reply> {
    return await new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        `/inference.GRPCInferenceService/${method}`,
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes: Buffer) => bytes,
        payload,
        new grpc.Metadata({ waitForReady: true }),
        { deadline: Date.now() + deadlineMs },
        (error, reply) =>
          resolve({ code: error?.code ?? grpc.status.OK, payload: reply ?? Buffer.alloc(0) }),
      );
    });
  }
}

function inferRows(rows: number): MessageInitShape<typeof ModelInferRequestSchema> {
  const fp32Contents = Array.from({ length: rows * width }, () => 1);
  const shape = [BigInt(rows), BigInt(width)];
  const input = { name: "features", datatype: "FP32", shape, contents: { fp32Contents } };
  return { modelName: "wine", inputs: [input] };
}
