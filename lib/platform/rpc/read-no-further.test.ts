import * as grpc from "@grpc/grpc-js";
import { expect, it } from "vitest";
import { GRPCInferenceService } from "#gen/inference/grpc_service_pb.ts";
import { serviceDefinition } from "./definition.ts";
import { readNoFurther } from "./read-no-further.ts";
import { RpcServer } from "./server.ts";

type Call = grpc.ServerDuplexStream<Uint8Array, Uint8Array>;
const service = serviceDefinition(GRPCInferenceService, ["ModelStreamInfer"])["ModelStreamInfer"];

it("keeps a stream that is paused from reading more than one message", async () => {
  const opened = Promise.withResolvers<Call>();
  const ModelStreamInfer = (call: Call) => {
    readNoFurther(call);
    call.on("data", () => call.pause());
    opened.resolve(call);
  };
  await using server = await RpcServer.listen(
    { address: "127.0.0.1:0", setting: "none", messageBytesMax: 1_000_000, drainMsMax: 0 },
    [
      {
        service: GRPCInferenceService,
        handlers: { ModelStreamInfer },
        raw: ["ModelStreamInfer"],
      },
    ],
  );
  const client = new grpc.Client(server.address, grpc.credentials.createInsecure());
  const call = client.makeBidiStreamRequest<Uint8Array, Uint8Array>(
    service?.path ?? "",
    (bytes) => Buffer.from(bytes),
    (bytes) => bytes,
  );
  call.on("error", () => {});
  const written = Array.from(
    { length: 8 },
    () => new Promise((resolve) => call.write(new Uint8Array(1_000), resolve)),
  );
  const read = await opened.promise;
  await Promise.all(written);
  await expect.poll(() => read.readableLength).toBe(1);
  call.cancel();
  client.close();
});
