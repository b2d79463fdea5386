/** A unary-to-unary proxy to the address in its argument, as one writes it with grpc-js. */
import * as grpc from "@grpc/grpc-js";
import { modelInfer, serve } from "./serve.ts";

const [target = ""] = process.argv.slice(2);
const Client = grpc.makeGenericClientConstructor(modelInfer, "inference");
const client = new Client(target, grpc.credentials.createInsecure(), {
  "grpc.max_receive_message_length": -1,
});
const path = modelInfer["ModelInfer"]?.path ?? "";

await serve((call, callback) => {
  client.makeUnaryRequest<Uint8Array, Uint8Array>(
    path,
    (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    (bytes) => bytes,
    call.request,
    new grpc.Metadata(),
    { deadline: call.getDeadline(), parent: call },
    callback,
  );
});
