import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import {
  ModelInferRequestSchema,
  type ModelStreamInferResponse,
  ModelStreamInferResponseSchema,
} from "#gen/inference/grpc_service_pb.ts";

export type InferInit = MessageInitShape<typeof ModelInferRequestSchema>;

/** A ModelStreamInfer call of its own connection. */
export class InferStreamClient implements Disposable {
  readonly answers: ModelStreamInferResponse[] = [];
  readonly status: Promise<{ readonly code: number; readonly details: string }>;
  readonly #client: grpc.Client;
  readonly #call: grpc.ClientDuplexStream<Uint8Array, Uint8Array>;

  constructor(address: string, headers: Readonly<Record<string, string>> = {}) {
    this.#client = new grpc.Client(address, grpc.credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
      "grpc.use_local_subchannel_pool": 1,
    });
    const metadata = new grpc.Metadata();
    for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
    this.#call = this.#client.makeBidiStreamRequest<Uint8Array, Uint8Array>(
      "/inference.GRPCInferenceService/ModelStreamInfer",
      (bytes) => Buffer.from(bytes),
      (bytes) => bytes,
      metadata,
    );
    this.status = new Promise((resolve) => this.#call.on("status", resolve));
    this.#call.on("error", () => {});
    this.#call.on("data", (bytes: Uint8Array) => {
      this.answers.push(fromBinary(ModelStreamInferResponseSchema, bytes));
    });
  }

  ask(request: InferInit): void {
    this.raw(toBinary(ModelInferRequestSchema, create(ModelInferRequestSchema, request)));
  }

  /** Any bytes as one message. */
  raw(bytes: Uint8Array): void {
    this.#call.write(bytes);
  }

  /** Says that no more requests come. */
  half(): void {
    this.#call.end();
  }

  cancel(): void {
    this.#call.cancel();
  }

  [Symbol.dispose](): void {
    this.#call.cancel();
    this.#client.close();
  }
}
