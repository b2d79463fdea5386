/**
 * Serves the calls of some unary methods on the HTTP/2 streams of a grpc-js server without grpc-js,
 * which takes twice as long for a small call as all of this. Everything else is left to it: other
 * methods, and of these the calls that are not plain: compressed, of another content type, or with
 * a timeout that is none.
 *
 * A call is taken when its one message and the end of its stream have come. Until then it is here
 * that its deadline is looked after, and from then on by whoever has taken it.
 */
import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type * as grpc from "@grpc/grpc-js";
import { Failure } from "#core/failure.ts";
import { SlabPool } from "#core/slab-pool.ts";
import { statusCode } from "#wire/status.ts";
import { smallBuffer } from "../small-buffers.ts";
import {
  type CallHooks,
  type HookedCall,
  hooksOfStream,
  unsentBytes,
  uploadSince,
} from "./call-hooks.ts";
import type { StatusReply } from "./failure-status.ts";
import { requireShape } from "./http2-server.ts";
import { MessageAssembly } from "./message-assembly.ts";
import { prefixBytes, writePrefix } from "./message-prefix.ts";
import type { CallOwner, ReplyMetadata, UnaryCall, UnaryTaker } from "./unary-call.ts";

export type DirectOptions = {
  /** By path, such as `/package.Service/Method`. */
  readonly methods: ReadonlyMap<string, UnaryTaker>;
  readonly messageBytesMax: number;
};

/** Of uploads, at rest, of all calls of a server. */
const slabBytesMax = 16 * 1024 * 1024;
/** Larger replies are not copied to stand behind their prefix. */
const copiedBytesMax = 16 * 1024;
/** As long as a timer of Node can wait. */
const timerMsMax = 2 ** 31 - 1;
const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};
const replyOptions = { waitForTrailers: true, sendDate: false };
const refusalOptions = { endStream: true, sendDate: false };

/** Call it before the server is bound. */
export function takeDirectly(server: grpc.Server, options: DirectOptions): void {
  requireShape(server);
  const slabs = new SlabPool(slabBytesMax);
  const handle = server["_streamHandler"];
  server["_streamHandler"] = (
    interceptors: grpc.ServerInterceptor[],
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
  ) => {
    const take = options.methods.get(headers[":path"] ?? "");
    const timeoutMs = take === undefined ? undefined : plainTimeoutMs(headers);
    if (take === undefined || timeoutMs === undefined) {
      handle.call(server, interceptors, stream, headers);
      return;
    }
    const { messageBytesMax } = options;
    new DirectCall({ headers, timeoutMs, messageBytesMax }, { stream, take, slabs });
  };
}

/** What the caller allows, Infinity for any time; undefined where the call is not a plain one. */
function plainTimeoutMs(headers: IncomingHttpHeaders): number | undefined {
  const { "content-type": type, "grpc-encoding": encoding, "grpc-timeout": timeout } = headers;
  if (type === undefined || !type.startsWith("application/grpc")) return undefined;
  if (encoding !== undefined && encoding !== "identity") return undefined;
  if (timeout === undefined) return Number.POSITIVE_INFINITY;
  const [, value, unit = ""] = /^([0-9]{1,8})([HMSmun])$/.exec(String(timeout)) ?? [];
  return value === undefined ? undefined : Number(value) * (unitMs[unit] ?? 0);
}

class DirectCall implements UnaryCall, HookedCall {
  readonly deadlineMs: number;
  owner: CallOwner | undefined;
  readonly stream: ServerHttp2Stream;
  [uploadSince]: number | undefined;
  [unsentBytes] = 0;
  readonly #headers: IncomingHttpHeaders;
  readonly #hooks: CallHooks | undefined;
  readonly #take: UnaryTaker;
  readonly #messageBytesMax: number;
  readonly #request: MessageAssembly;
  #timer: NodeJS.Timeout | undefined;
  #isEnded = false;

  constructor(
    options: {
      readonly headers: IncomingHttpHeaders;
      readonly timeoutMs: number;
      readonly messageBytesMax: number;
    },
    {
      stream,
      take,
      slabs,
    }: {
      readonly stream: ServerHttp2Stream;
      readonly take: UnaryTaker;
      readonly slabs: SlabPool;
    },
  ) {
    const { headers, timeoutMs, messageBytesMax } = options;
    this.#headers = headers;
    this.#messageBytesMax = messageBytesMax;
    this.stream = stream;
    this.#request = new MessageAssembly(slabs);
    this.#hooks = hooksOfStream(stream);
    this.#take = take;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    if (timeoutMs !== Number.POSITIVE_INFINITY) {
      this.deadlineMs = Date.now() + timeoutMs;
      this.#timer = setTimeout(() => this.#expire(), Math.min(timerMsMax, timeoutMs));
    }
    stream.on("error", ignore);
    stream.on("data", (chunk: Buffer) => this.#receive(chunk));
    stream.on("end", () => this.#complete());
    stream.on("close", () => this.#close());
  }

  get deadline(): number {
    return this.deadlineMs;
  }

  header(key: string): string | undefined {
    const value = this.#headers[key];
    return typeof value === "string" ? value : value?.[0];
  }

  releaseRequest(): void {
    this.#request.release();
  }

  reply(message: Uint8Array, { headers, trailers }: ReplyMetadata): Failure | undefined {
    const hooks = this.#hooks;
    const refusal = hooks?.refusal(this);
    if (refusal !== undefined) return refusal;
    if (!this.#mayEnd()) return new Failure("cancelled", "the caller has gone");
    const stream = this.stream;
    stream.respond([...replyHeaders, ...headers], replyOptions);
    stream.once("wantTrailers", () => {
      stream.sendTrailers(trailers === undefined ? okTrailers : { ...okTrailers, ...trailers });
    });
    if (message.byteLength <= copiedBytesMax) {
      const framed = smallBuffer(prefixBytes + message.byteLength);
      writePrefix(framed, message.byteLength);
      framed.set(message, prefixBytes);
      stream.end(framed);
    } else {
      const prefix = smallBuffer(prefixBytes);
      writePrefix(prefix, message.byteLength);
      stream.cork();
      stream.write(prefix);
      stream.end(message);
      stream.uncork();
    }
    hooks?.onWritten(this);
    return undefined;
  }

  refuse({ code, details, metadata }: StatusReply): void {
    this.#end(code, details, metadata.toHttp2Headers());
  }

  sendStatus(status: StatusReply): void {
    this.refuse(status);
  }

  #end(code: number, details: string, metadata: OutgoingHttpHeaders = {}): void {
    if (!this.#mayEnd()) return;
    const status = { "grpc-status": String(code), "grpc-message": encodeURI(details) };
    this.stream.respond({ ...refusalHeaders, ...status, ...metadata }, refusalOptions);
    // It may have waited for room, and what still comes has to be read before it can close.
    this.stream.resume();
  }

  /** Once, and not where there is nobody to hear it. */
  #mayEnd(): boolean {
    if (this.#isEnded) return false;
    this.#isEnded = true;
    this.#letGo();
    return !this.stream.destroyed && !this.stream.closed;
  }

  /** What has come of the message is no longer held here. */
  #letGo(): void {
    clearTimeout(this.#timer);
    this.#request.drop();
    if (this[uploadSince] !== undefined) this.#hooks?.onWhole(this);
  }

  #receive(chunk: Buffer): void {
    // What still comes of a call that has been refused is passed over.
    if (this.#isEnded) return;
    const request = this.#request;
    const isFirst = request.messageBytes === undefined;
    request.push(chunk);
    const { messageBytes } = request;
    if (messageBytes === undefined) return;
    const max = this.#messageBytesMax;
    if (messageBytes > max) {
      const problem = `Received message larger than max (${messageBytes} vs ${max})`;
      this.#end(statusCode.resourceExhausted, problem);
    } else if (request.receivedBytes > prefixBytes + messageBytes) {
      this.#end(statusCode.unimplemented, "more than one message came for a unary method");
    } else if (isFirst && !request.isWhole) {
      this.#hooks?.onBegun(this, messageBytes);
    }
  }

  #complete(): void {
    if (this.#isEnded) return;
    if (!this.#request.isWhole) {
      this.#end(statusCode.unimplemented, "no whole message came for a unary method");
      return;
    }
    const request = this.#request.take();
    this.#letGo();
    this.#take(this, request);
  }

  #expire(): void {
    this.#end(statusCode.deadlineExceeded, "deadline exceeded before the request had come");
  }

  #close(): void {
    this.#isEnded = true;
    this.#letGo();
    if (this[unsentBytes] > 0) this.#hooks?.onSent(this);
    this.owner?.gone();
  }
}

const refusalHeaders = { ":status": 200, "content-type": "application/grpc+proto" };
/** As a list, which Node takes without copying it into an object and looking at each again. */
const replyHeaders = [
  ...[":status", "200", "content-type", "application/grpc+proto"],
  ...["grpc-accept-encoding", "identity,deflate,gzip"],
];
const okTrailers = { "grpc-status": "0" };

function ignore(): void {
  // The stream's closing tells that it is over.
}
