import type { ServiceDefinition } from "@grpc/grpc-js";
import * as grpc from "@grpc/grpc-js";
import { GRPCInferenceService } from "#gen/inference/grpc_service_pb.ts";
import { serviceDefinition } from "#platform/rpc/definition.ts";
import { uploadWindowBytesDefault, widenUploads } from "#platform/rpc/upload-window.ts";

export type UnaryHandler = grpc.handleUnaryCall<Uint8Array, Uint8Array>;

/** ModelInfer with its messages as bytes. */
export const modelInfer: ServiceDefinition = {
  ModelInfer: serviceDefinition(GRPCInferenceService, ["ModelInfer"])["ModelInfer"] as never,
};

/**
 * Serves ModelInfer, and nothing around it, on a free port of the loopback interface, with the
 * flow-control window of a gateway; tells the parent where, and ends when it is gone.
 */
export async function serve(handler: UnaryHandler): Promise<void> {
  const server = new grpc.Server({
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    "grpc.enable_channelz": 0,
  });
  widenUploads(server, uploadWindowBytesDefault);
  server.addService(modelInfer, { ModelInfer: handler });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  process.on("disconnect", () => process.exit());
  process.send?.({ kind: "ready", address: `127.0.0.1:${port}` });
}
