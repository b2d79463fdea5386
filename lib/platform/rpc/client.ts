import type {
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageShape,
} from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { Failure } from "#core/failure.ts";
import { fromStatus, statusCode } from "#wire/status.ts";
import { serviceDefinition } from "./definition.ts";

export type CallOptions = {
  readonly deadlineMs: number;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
};

export type UnaryReply<T> = {
  readonly message: T;
  /** Headers and trailers together. */
  readonly metadata: Readonly<Record<string, string>>;
};

/** A client of one address: promises instead of callbacks, failures instead of status objects. */
export class RpcClient implements Disposable {
  readonly address: string;
  readonly #client: grpc.Client;

  constructor(address: string, messageBytesMax: number = 64 * 1024 * 1024) {
    this.address = address;
    this.#client = new grpc.Client(address, grpc.credentials.createInsecure(), {
      "grpc.max_receive_message_length": messageBytesMax,
      "grpc.max_send_message_length": -1,
      "grpc.enable_channelz": 0,
      "grpc.enable_http_proxy": 0,
      "grpc.service_config_disable_resolution": 1,
    });
  }

  /** One request, one reply. Rejects with a Failure that carries the status. */
  async unary<Method extends DescMethodUnary>(
    method: Method,
    request: MessageShape<Method["input"]>,
    options: CallOptions,
  ): Promise<UnaryReply<MessageShape<Method["output"]>>> {
    const definition = methodOf(method.parent, method.name);
    const metadata = toMetadata(options.metadata ?? {});
    const deadline = Date.now() + options.deadlineMs;
    return await new Promise((resolve, reject) => {
      const received: Record<string, string> = {};
      let reply: MessageShape<Method["output"]> | undefined;
      const call = this.#client.makeUnaryRequest(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize,
        request,
        metadata,
        { deadline },
        (error, message) => {
          if (error !== null) return reject(fromStatus(error.code, error.details));
          reply = message as MessageShape<Method["output"]>;
        },
      );
      call.on("metadata", (headers) => Object.assign(received, fromMetadata(headers)));
      call.on("status", (status) => {
        Object.assign(received, fromMetadata(status.metadata));
        if (reply !== undefined) resolve({ message: reply, metadata: received });
      });
      call.on("status", cancelOnAbort(call, options.signal));
    });
  }

  /**
   * One request, replies as they come, without a deadline: the call lasts until the server ends it,
   * the signal aborts or the caller stops iterating. Throws a Failure that carries the status. An
   * aborted signal ends the iteration without one.
   */
  async *serverStream<Method extends DescMethodServerStreaming>(
    method: Method,
    request: MessageShape<Method["input"]>,
    options: Omit<CallOptions, "deadlineMs"> = {},
  ): AsyncGenerator<MessageShape<Method["output"]>> {
    const definition = methodOf(method.parent, method.name);
    const call = this.#client.makeServerStreamRequest(
      definition.path,
      definition.requestSerialize,
      definition.responseDeserialize,
      request,
      toMetadata(options.metadata ?? {}),
    );
    const release = cancelOnAbort(call, options.signal);
    try {
      for await (const message of call) yield message as MessageShape<Method["output"]>;
    } catch (error) {
      if (options.signal?.aborted !== true) throw toFailure(error);
    } finally {
      release();
      call.cancel();
    }
  }

  /** True while there is a connection. A client that was never used has none. */
  get isConnected(): boolean {
    return this.#client.getChannel().getConnectivityState(false) === grpc.connectivityState.READY;
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

const definitions = new Map<DescService, grpc.ServiceDefinition>();

function methodOf(service: DescService, name: string): grpc.MethodDefinition<unknown, unknown> {
  let definition = definitions.get(service);
  if (definition === undefined) {
    definition = serviceDefinition(service);
    definitions.set(service, definition);
  }
  return definition[name] as grpc.MethodDefinition<unknown, unknown>;
}

/** Cancels the call when the signal aborts; the returned function ends the watch. */
function cancelOnAbort(
  call: { readonly cancel: () => void },
  signal: AbortSignal | undefined,
): () => void {
  const cancel = () => call.cancel();
  if (signal?.aborted === true) cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  return () => signal?.removeEventListener("abort", cancel);
}

function toFailure(error: unknown): Failure {
  if (!(error instanceof Error && "code" in error && "details" in error)) {
    return Failure.from(error);
  }
  const code = typeof error.code === "number" ? error.code : statusCode.unknown;
  return fromStatus(code, String(error.details));
}

function toMetadata(entries: Readonly<Record<string, string>>): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [key, value] of Object.entries(entries)) metadata.set(key, value);
  return metadata;
}

function fromMetadata(metadata: grpc.Metadata): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata.getMap()).map(([key, value]) => [key, String(value)]),
  );
}
