import { type ClientHttp2Session, connect } from "node:http2";
import type * as grpc from "@grpc/grpc-js";
import { GRPCInferenceService } from "#gen/inference/grpc_service_pb.ts";
import { CallBudget, type CallBudgetOptions } from "#platform/rpc/call-budget.ts";
import { readNoFurther } from "#platform/rpc/read-no-further.ts";
import { RpcServer } from "#platform/rpc/server.ts";
import { grpcHandler, type UnaryTaker } from "#platform/rpc/unary-call.ts";

export const mebibyte: number = 1024 * 1024;
export const streamingPath: string = `/${GRPCInferenceService.typeName}/ModelStreamInfer`;
const roomy: CallBudgetOptions = {
  uploads: { bytesMax: 1_000 * mebibyte, waitingMax: 1_000 },
  uploadMsMax: 60_000,
  unreadBytesMax: 1_000 * mebibyte,
  unreadBytesTotalMax: 1_000 * mebibyte,
};

export type BudgetedServer = AsyncDisposable & {
  readonly told: {
    handled: number;
    readonly refused: string[];
    /** Why replies were not sent. */
    readonly unsent: string[];
    heldBytes: number;
  };
  readonly budget: CallBudget;
  readonly server: RpcServer;
  /** Of ModelStreamInfer, in the order they began. */
  readonly streams: readonly grpc.ServerDuplexStream<Uint8Array, Uint8Array>[];
  /** A connection to it. */
  readonly dial: (settings?: object) => ClientHttp2Session;
};

export type BudgetedOptions = Partial<CallBudgetOptions> & {
  /** Whether its calls go round grpc-js, or through it, where streams are served too. */
  readonly way: "unary" | "handlers";
  /** To every message. Default one byte. */
  readonly reply?: Uint8Array | undefined;
};

/** A server whose calls are counted by a budget. */
export async function startBudgeted(given: BudgetedOptions): Promise<BudgetedServer> {
  const { way, reply = new Uint8Array(1), ...options } = given;
  await using open = new AsyncDisposableStack();
  const told = { handled: 0, refused: [] as string[], unsent: [] as string[], heldBytes: 0 };
  const budget = open.use(
    new CallBudget(
      { ...roomy, ...options },
      { heldBytes: () => told.heldBytes, onRefused: (reason) => told.refused.push(reason) },
    ),
  );
  const direct: UnaryTaker = (call) => {
    told.handled += 1;
    const failure = call.reply(reply, { headers: [], trailers: undefined });
    if (failure !== undefined) told.unsent.push(failure.code);
  };
  const streams: grpc.ServerDuplexStream<Uint8Array, Uint8Array>[] = [];
  const streaming: grpc.handleBidiStreamingCall<Uint8Array, Uint8Array> = (call) => {
    readNoFurther(call);
    streams.push(call);
    call.on("data", () => {
      told.handled += 1;
      call.write(reply);
    });
  };
  const methods =
    way === "unary"
      ? { handlers: {}, unary: { ModelInfer: direct } }
      : {
          handlers: { ModelInfer: grpcHandler(direct), ModelStreamInfer: streaming },
          raw: ["ModelInfer", "ModelStreamInfer"],
        };
  const server = open.use(
    await RpcServer.listen(
      { address: "127.0.0.1:0", setting: "TEST", messageBytesMax: 1e9, drainMsMax: 0, budget },
      [{ service: GRPCInferenceService, ...methods }],
    ),
  );
  const dial = (settings: object = {}) => {
    const session = connect(`http://${server.address}`, { maxSessionMemory: 1_000, settings });
    session.on("error", () => {});
    owned.defer(() => session.destroy());
    return session;
  };
  const owned = open.move();
  const dispose = () => owned.disposeAsync();
  return { told, budget, server, streams, dial, [Symbol.asyncDispose]: dispose };
}
