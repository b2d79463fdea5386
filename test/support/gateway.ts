import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { ModelInferRequestSchema } from "#gen/inference/grpc_service_pb.ts";
import { silentLog } from "#platform/log.ts";
import { type RouteModel, writeRoutes } from "#platform/routes-file.ts";
import { readEnv, toConfig } from "../../gateway/config.ts";
import { type GatewayOverrides, startGateway } from "../../gateway/gateway.ts";
import { tempDir } from "./temp.ts";

export type TestGateway = AsyncDisposable & {
  /** `host:port`. */
  readonly grpc: string;
  readonly metrics: string;
  readonly routesPath: string;
  /** Resolves once it has told its parent process that it serves. */
  readonly serving: Promise<void>;
  /** A raw call of ModelInfer, or of another method whose messages are bytes. */
  infer(payload: Uint8Array, options?: InferOptions): Promise<InferReply>;
  giveUp(lost: { model: string; version: number; reason: string }): void;
  /** Stops it as SIGTERM would. */
  stop(): Promise<void>;
};

export type InferOptions = {
  readonly path?: string;
  readonly deadlineMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
};

export type InferReply = {
  /** Status code; 0 for OK. */
  readonly code: number;
  readonly details: string;
  readonly payload: Uint8Array | undefined;
  /** Headers and trailers together. */
  readonly metadata: Readonly<Record<string, string>>;
};

export type TestWorkerRoute = {
  readonly instance: string;
  readonly address: string;
  readonly metrics?: string;
};

export type TestGatewayOptions = GatewayOverrides & {
  /** Workers of version 1 of the model `m`. */
  readonly workers?: readonly TestWorkerRoute[];
  readonly models?: readonly RouteModel[];
  readonly env?: Readonly<Record<string, string>>;
};

/** A gateway in this process on free ports, with a routes file of its own. */
export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await tempDir());
  const routesPath = join(folder.path, "routes.json");
  const workers = (options.workers ?? []).map((worker) => ({ metrics: "", ...worker }));
  const route = { model: "m", version: 1, state: "expected", reason: "", workers } as const;
  const models = options.models ?? (workers.length > 0 ? [route] : []);
  await writeRoutes(routesPath, { format: 1, cluster: "local", models });
  const config = toConfig(
    readEnv({
      SLUICE_ROUTES: routesPath,
      SLUICE_GRPC_PORT: "0",
      SLUICE_METRICS_PORT: "0",
      SLUICE_DRAIN_MAX_MS: "4000",
      SLUICE_INSTANCE: "test-gateway",
      ...options.env,
    }),
  );
  const serving = Promise.withResolvers<void>();
  const tell = (message: Readonly<Record<string, unknown>>) => {
    if (message["type"] === "serving") serving.resolve();
  };
  const gateway = await startGateway(config, { log: silentLog, tell, ...options });
  let stopped: PromiseLike<void> | undefined;
  const stop = async () => {
    stopped ??= gateway[Symbol.asyncDispose]();
    await stopped;
  };
  opened.defer(stop);
  const client = new grpc.Client(gateway.ready.grpc, grpc.credentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
    "grpc.use_local_subchannel_pool": 1,
  });
  opened.defer(() => client.close());
  const all = opened.move();
  return {
    ...gateway.ready,
    routesPath,
    serving: serving.promise,
    infer: (payload, call) => inferRaw(client, payload, call),
    giveUp: gateway.giveUp,
    stop,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** An encoded ModelInferRequest for `model` that carries `bytes` bytes of raw contents. */
export function inferRequest(
  model: string = "m",
  options: { readonly version?: string; readonly id?: string; readonly bytes?: number } = {},
): Uint8Array {
  const { version: modelVersion = "", id = "", bytes = 8 } = options;
  const message = { modelName: model, modelVersion, id, rawInputContents: [new Uint8Array(bytes)] };
  return toBinary(ModelInferRequestSchema, create(ModelInferRequestSchema, message));
}

const modelInfer = "/inference.GRPCInferenceService/ModelInfer";

async function inferRaw(
  client: grpc.Client,
  payload: Uint8Array,
  options: InferOptions = {},
): Promise<InferReply> {
  const metadata = new grpc.Metadata();
  for (const [key, value] of Object.entries(options.metadata ?? {})) metadata.set(key, value);
  const { deadlineMs, signal, path = modelInfer } = options;
  const deadline = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
  return await new Promise((resolve) => {
    let headers: Record<string, string> = {};
    let received: Uint8Array | undefined;
    const call = client.makeUnaryRequest<Uint8Array, Uint8Array>(
      path,
      (bytes) => Buffer.from(bytes),
      (bytes) => bytes,
      payload,
      metadata,
      deadline,
      (_, reply) => {
        received = reply;
      },
    );
    call.on("metadata", (one) => {
      headers = toRecord(one);
    });
    call.on("status", ({ code, details, metadata: trailers }) => {
      // The reply's own callback runs after this event.
      setImmediate(() => {
        const all = { ...headers, ...toRecord(trailers) };
        resolve({ code, details, payload: received, metadata: all });
      });
    });
    signal?.addEventListener("abort", () => call.cancel());
  });
}

function toRecord(metadata: grpc.Metadata): Record<string, string> {
  const entries = Object.entries(metadata.getMap());
  return Object.fromEntries(entries.map(([key, value]) => [key, String(value)]));
}
