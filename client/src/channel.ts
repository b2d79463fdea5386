/** One address: connects, calls, and says in SluiceErrors what went wrong. */
import * as grpc from "@grpc/grpc-js";
import { codeOfStatus, SluiceError } from "./error.ts";
import { metadataKey, parsePushback, traceIdOf } from "./metadata.ts";

export type Headers = Readonly<Record<string, string>>;

export type TlsOptions = {
  /** PEM; the system's where absent. */
  readonly rootCertificates?: Uint8Array;
  /** PEM of this client's own certificate and key, where the server asks for one. */
  readonly certificate?: Uint8Array;
  readonly key?: Uint8Array;
};

export type ChannelOptions = {
  readonly address: string;
  readonly tls: TlsOptions | undefined;
  readonly messageBytesMax: number;
};

export type UnaryCall = {
  readonly path: string;
  readonly request: Buffer;
  readonly headers: Headers;
  /** As `Date.now()` counts. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
};

export type RawReply = { readonly message: Buffer; readonly headers: Headers };

export type RawStream = grpc.ClientDuplexStream<Buffer, Buffer>;

/** So that a peer that has vanished without a word is noticed within half a minute. */
const keepaliveMs = 20_000;
const keepaliveTimeoutMs = 10_000;
/** Replies are large beside gRPC's own window of 64 KiB. */
const flowControlBytes = 4 * 1024 * 1024;

const identity = (bytes: Buffer): Buffer => bytes;

export class Channel {
  readonly address: string;
  readonly #client: grpc.Client;

  constructor({ address, tls, messageBytesMax }: ChannelOptions) {
    this.address = address;
    this.#client = new grpc.Client(address, credentialsOf(tls), {
      "grpc.max_receive_message_length": messageBytesMax,
      "grpc.max_send_message_length": -1,
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 5_000,
      "grpc.keepalive_time_ms": keepaliveMs,
      "grpc.keepalive_timeout_ms": keepaliveTimeoutMs,
      "grpc-node.flow_control_window": flowControlBytes,
      "grpc.enable_channelz": 0,
      "grpc.service_config_disable_resolution": 1,
    });
  }

  /**
   * Resolves once there is a connection or none is to be had at once, so that the call itself says
   * why. Rejects where neither comes in time, or the signal aborts.
   */
  async settle(deadline: number, signal: AbortSignal | undefined): Promise<void> {
    const channel = this.#client.getChannel();
    while (true) {
      const state = channel.getConnectivityState(true);
      const { CONNECTING, IDLE } = grpc.connectivityState;
      if (state !== CONNECTING && state !== IDLE) return;
      if (signal?.aborted === true) throw toAborted(signal);
      const { promise, resolve } = newPromise<void>();
      const wake = () => resolve();
      signal?.addEventListener("abort", wake, { once: true });
      channel.watchConnectivityState(state, deadline, wake);
      await promise;
      signal?.removeEventListener("abort", wake);
      if (Date.now() < deadline) continue;
      throw new SluiceError("unavailable", `no connection to ${this.address} in time`);
    }
  }

  async unary(call: UnaryCall): Promise<RawReply> {
    const { promise, resolve, reject } = newPromise<RawReply>();
    let headers: Headers = {};
    let reply: Buffer | undefined;
    const { path, request, deadline, signal } = call;
    const sent = this.#client.makeUnaryRequest(
      path,
      identity,
      identity,
      request,
      toMetadata(call.headers),
      { deadline },
      (_, message) => {
        reply = message;
      },
    );
    const cancel = () => sent.cancel();
    if (signal?.aborted === true) cancel();
    else signal?.addEventListener("abort", cancel, { once: true });
    sent.on("metadata", (metadata) => {
      headers = fromMetadata(metadata);
    });
    // Comes after the callback.
    sent.on("status", (status) => {
      signal?.removeEventListener("abort", cancel);
      const all = { ...headers, ...fromMetadata(status.metadata) };
      if (reply !== undefined && status.code === grpc.status.OK) {
        resolve({ message: reply, headers: all });
      } else {
        reject(toError(status, { headers: all, sent: call.headers, signal }));
      }
    });
    return await promise;
  }

  /** A stream of whole messages. The caller cancels or ends it. */
  stream(path: string, headers: Headers): RawStream {
    return this.#client.makeBidiStreamRequest(path, identity, identity, toMetadata(headers));
  }

  close(): void {
    this.#client.close();
  }
}

export type CallContext = {
  /** Received. */
  readonly headers: Headers;
  readonly sent: Headers;
  readonly signal: AbortSignal | undefined;
};

/**
 * A status as an error. What gRPC makes of a connection that went away (a stream that was reset, or
 * cancelled though nobody here cancelled it) is `unavailable`.
 */
export function toError(
  status: { readonly code: number; readonly details: string },
  { headers, sent, signal }: CallContext,
): SluiceError {
  const details = {
    retryAfterMs: parsePushback(headers[metadataKey.retryPushback]),
    predictionId: headers[metadataKey.predictionId],
    traceId: traceIdOf(sent[metadataKey.traceparent]),
  };
  if (signal?.aborted === true) return toAborted(signal);
  const isReset = /^Received RST_STREAM with code|^Call cancelled$/.test(status.details);
  const isBroken =
    isReset && (status.code === grpc.status.INTERNAL || status.code === grpc.status.CANCELLED);
  const code = isBroken ? "unavailable" : codeOfStatus(status.code);
  return new SluiceError(code, status.details, details);
}

/** Why a call ended whose signal has aborted. */
export function toAborted(signal: AbortSignal): SluiceError {
  if (signal.reason instanceof DOMException && signal.reason.name === "TimeoutError") {
    return new SluiceError("deadline-exceeded", "the deadline has passed", {
      cause: signal.reason,
    });
  }
  return new SluiceError("cancelled", "the caller aborted", { cause: signal.reason });
}

/** Promise.withResolvers, which Node 20 lacks. */
export function newPromise<T>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
} {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((resolveIt, rejectIt) => {
    resolve = resolveIt;
    reject = rejectIt;
  });
  return { promise, resolve, reject };
}

export function fromMetadata(metadata: grpc.Metadata): Headers {
  return Object.fromEntries(
    Object.entries(metadata.getMap()).map(([key, value]) => [key, String(value)]),
  );
}

function toMetadata(headers: Headers): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
  return metadata;
}

function credentialsOf(tls: TlsOptions | undefined): grpc.ChannelCredentials {
  if (tls === undefined) return grpc.credentials.createInsecure();
  const [roots, key, certificate] = [tls.rootCertificates, tls.key, tls.certificate].map((pem) =>
    pem === undefined ? null : Buffer.from(pem),
  );
  return grpc.credentials.createSsl(roots, key, certificate);
}
