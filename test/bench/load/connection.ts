/**
 * One HTTP/2 connection that makes the same unary gRPC call again and again, on a plain socket with
 * frames that were encoded once: a call costs a few microseconds here, a fifth of what it costs the
 * leanest server. The peer's flow-control windows are kept to, and so is its number of streams:
 * calls beyond it wait here, and end here when their deadline passes.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Failure } from "#core/failure.ts";
import {
  encodeFrame,
  encodeGrpcMessage,
  encodeSettings,
  encodeWindowUpdate,
  FrameReader,
  frameBytesMax,
  frameFlag,
  frameHeaderBytes,
  frameType,
  preface,
  setting,
  settingOf,
  windowDefault,
  windowMax,
} from "../http2/frames.ts";
import { type RequestBlocks, requestBlocks } from "../http2/hpack.ts";
import type { LoadTarget } from "./plan.ts";
import { ReplyReader } from "./reply-reader.ts";
import { TurnBuffer } from "./turn-buffer.ts";

/** `startMs` is what `send` was given; -1 stands for a stream or connection that broke. */
export type OnReply = (startMs: number, status: number, message: Buffer | undefined) => void;

type Upload = { readonly stream: number; sent: number; window: number };

const broken = -1;
const deadlineExceeded = 4;
/** Received bytes after which the peer is granted as many again. */
const grantBytes = 2 ** 29;

export class LoadConnection implements Disposable {
  readonly #socket: Socket;
  readonly #out: TurnBuffer;
  readonly #replies: ReplyReader;
  readonly #onReply: OnReply;
  readonly #deadlineMs: number;
  readonly #body: Buffer;
  readonly #blocks: RequestBlocks;
  /** A whole request, where it fits a frame; its stream's number is filled in. */
  readonly #template: Buffer | undefined;
  readonly #dataAt: number;
  readonly #uploads = new Map<number, Upload>();
  /** When the calls were due that the peer has no stream for. */
  readonly #waiting: number[] = [];
  #streamsMax = Number.POSITIVE_INFINITY;
  #stream = 1;
  #window = windowDefault;
  #streamWindow = windowDefault;
  #ungranted = 0;

  private constructor(socket: Socket, target: LoadTarget, onReply: OnReply) {
    this.#socket = socket;
    this.#out = new TurnBuffer(socket);
    this.#replies = new ReplyReader(onReply);
    this.#onReply = onReply;
    this.#deadlineMs = target.deadlineMs;
    this.#body = encodeGrpcMessage(target.message);
    this.#blocks = requestBlocks([
      [":path", target.path],
      [":authority", "localhost"],
      ["content-type", "application/grpc"],
      ["te", "trailers"],
      ...(target.deadlineMs > 0 ? ([["grpc-timeout", `${target.deadlineMs}m`]] as const) : []),
    ]);
    const headers = this.#headers(this.#blocks.later);
    this.#dataAt = headers.length;
    const { length } = this.#body;
    this.#template =
      length > frameBytesMax
        ? undefined
        : Buffer.concat([headers, this.#data(0, length), this.#body]);
  }

  /** Connects, and waits for what the server has to say of its windows. */
  static async open(target: LoadTarget, onReply: OnReply): Promise<LoadConnection> {
    const { address } = target;
    const colon = address.lastIndexOf(":");
    const socket = address.startsWith("unix:")
      ? connect({ path: address.slice("unix:".length) })
      : connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) });
    await once(socket, "connect");
    socket.setNoDelay(true);
    const connection = new LoadConnection(socket, target, onReply);
    await connection.#greet();
    return connection;
  }

  get inFlight(): number {
    return this.#replies.inFlight + this.#waiting.length;
  }

  /** Begins a call. What is written goes out at the end of the turn. */
  send(startMs: number): void {
    if (this.#replies.inFlight < this.#streamsMax) this.#begin(startMs);
    else this.#waiting.push(startMs);
  }

  /** Sends what was begun in this turn. */
  flush(): void {
    this.#out.flush();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #begin(startMs: number): void {
    const stream = this.#stream;
    this.#stream += 2;
    this.#replies.expect(stream, startMs);
    const { length } = this.#body;
    const fits = length <= this.#window && length <= this.#streamWindow;
    if (this.#template !== undefined && fits && this.#uploads.size === 0 && stream > 1) {
      this.#window -= length;
      const at = this.#out.append(this.#template);
      this.#out.writeUInt32(stream, at + 5);
      this.#out.writeUInt32(stream, at + this.#dataAt + 5);
      return;
    }
    const block = stream === 1 ? this.#blocks.first : this.#blocks.later;
    const headers = this.#headers(block);
    headers.writeUInt32BE(stream, 5);
    this.#out.append(headers);
    this.#uploads.set(stream, { stream, sent: 0, window: this.#streamWindow });
    this.#upload();
  }

  #beginWaiting(): void {
    while (this.#waiting.length > 0 && this.#replies.inFlight < this.#streamsMax) {
      const startMs = this.#waiting.shift() ?? 0;
      const isLate = this.#deadlineMs > 0 && performance.now() - startMs > this.#deadlineMs;
      if (isLate) this.#onReply(startMs, deadlineExceeded, undefined);
      else this.#begin(startMs);
    }
  }

  async #greet(): Promise<void> {
    const settings = {
      // Header blocks can then be read without what came before.
      [setting.headerTableSize]: 0,
      [setting.enablePush]: 0,
      [setting.initialWindowSize]: windowMax,
    };
    this.#out.append(preface);
    this.#out.append(encodeSettings(settings));
    this.#out.append(encodeWindowUpdate(0, windowMax - windowDefault));
    this.#out.flush();
    const greeted = Promise.withResolvers<void>();
    const reader = new FrameReader((type, flags, stream, payload) => {
      if (type === frameType.settings) greeted.resolve();
      this.#onFrame(type, flags, stream, payload);
    });
    this.#socket.on("data", (chunk: Buffer) => {
      reader.push(chunk);
      this.#beginWaiting();
      this.#out.flush();
    });
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => {
      greeted.reject(new Failure("unavailable", "the server closed the connection"));
      this.#replies.breakAll(broken);
      for (const startMs of this.#waiting.splice(0)) this.#onReply(startMs, broken, undefined);
    });
    await greeted.promise;
  }

  #onFrame(type: number, flags: number, stream: number, payload: Buffer): void {
    if (type === frameType.data) {
      this.#grant(payload.length);
      this.#replies.data(stream, payload, flags);
    } else if (type === frameType.headers) {
      this.#replies.headers(stream, payload, flags);
    } else if (type === frameType.windowUpdate) {
      this.#onWindow(stream, payload.readUInt32BE());
    } else if (type === frameType.settings && (flags & frameFlag.ack) === 0) {
      this.#onSettings(payload);
    } else if (type === frameType.ping && (flags & frameFlag.ack) === 0) {
      this.#out.append(encodeFrame({ type, flags: frameFlag.ack, stream: 0, payload }));
    } else if (type === frameType.reset) {
      this.#uploads.delete(stream);
      this.#replies.break(stream, broken);
    }
  }

  #onSettings(payload: Buffer): void {
    this.#streamsMax = settingOf(payload, setting.maxConcurrentStreams) ?? this.#streamsMax;
    const window = settingOf(payload, setting.initialWindowSize);
    if (window !== undefined) {
      for (const upload of this.#uploads.values()) upload.window += window - this.#streamWindow;
      this.#streamWindow = window;
    }
    const nothing = Buffer.alloc(0);
    const flags = frameFlag.ack;
    this.#out.append(encodeFrame({ type: frameType.settings, flags, stream: 0, payload: nothing }));
    this.#upload();
  }

  #onWindow(stream: number, bytes: number): void {
    const upload = this.#uploads.get(stream);
    if (stream === 0) this.#window += bytes;
    else if (upload !== undefined) upload.window += bytes;
    if (this.#uploads.size > 0) this.#upload();
  }

  /** Sends of what waits as much as the windows let through, a frame of each in turn. */
  #upload(): void {
    let hasSent = true;
    while (hasSent && this.#window > 0) {
      hasSent = false;
      for (const upload of this.#uploads.values()) {
        const left = this.#body.length - upload.sent;
        const bytes = Math.min(left, frameBytesMax, this.#window, upload.window);
        if (bytes <= 0) continue;
        hasSent = true;
        const data = this.#data(upload.stream, bytes, bytes === left);
        this.#out.append(data);
        this.#out.append(this.#body.subarray(upload.sent, upload.sent + bytes));
        upload.sent += bytes;
        upload.window -= bytes;
        this.#window -= bytes;
        if (bytes === left) this.#uploads.delete(upload.stream);
      }
    }
  }

  #grant(bytes: number): void {
    this.#ungranted += bytes;
    if (this.#ungranted < grantBytes) return;
    this.#out.append(encodeWindowUpdate(0, this.#ungranted));
    this.#ungranted = 0;
  }

  #headers(block: Buffer): Buffer {
    const flags = frameFlag.endHeaders;
    return encodeFrame({ type: frameType.headers, flags, stream: 0, payload: block });
  }

  /** The head of a DATA frame. */
  #data(stream: number, bytes: number, isLast: boolean = true): Buffer {
    const flags = isLast ? frameFlag.endStream : 0;
    const payload = Buffer.alloc(0);
    const head = encodeFrame({ type: frameType.data, flags, stream, payload });
    head.writeUIntBE(bytes, 0, 3);
    return head.subarray(0, frameHeaderBytes);
  }
}
