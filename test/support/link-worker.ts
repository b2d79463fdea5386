import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import * as grpc from "@grpc/grpc-js";
import { toHex } from "#core/hex.ts";
import { Inbox, type Received } from "#core/link/inbox.ts";
import { Outbox } from "#core/link/outbox.ts";
import { ModelState } from "#gen/sluice/control/v1/model_pb.ts";
import { WorkerLinkService } from "#gen/sluice/link/v1/link_pb.ts";
import { serviceDefinition } from "#platform/rpc/definition.ts";
import { TurnWriter } from "#platform/rpc/turn-writer.ts";
import type { ControlFrame } from "#wire/link-frames.ts";
import type { ReplyHeader } from "#wire/reply-begin.ts";
import type { RequestBegin } from "#wire/request-begin.ts";
import {
  decodeGatewayFrames,
  encodeWorkerControl,
  encodeWorkerFrames,
  type GatewayFrame,
  type WorkerControl,
} from "#wire/worker-link.ts";
import { tempDir } from "./temp.ts";

export type LinkRequest = {
  readonly begin: RequestBegin;
  readonly payload: Uint8Array;
  /** Says that it is about to be run; resolves when the word has left this process. */
  start(): Promise<void>;
  reply(header?: ReplyHeader, payload?: Uint8Array): void;
};

export type LinkWorkerOptions = {
  readonly model?: string;
  readonly version?: number;
  readonly instance?: string;
  readonly cluster?: string;
  /** Requests it may hold; default 64. */
  readonly credit?: number;
  readonly creditBytes?: number;
  /** Default READY. */
  readonly state?: ModelState;
  readonly reason?: string;
  readonly rowsMax?: number;
  readonly queueRowsMax?: number;
};

type Stream = grpc.ServerDuplexStream<Uint8Array, Uint8Array>;

/**
 * A worker's end of a link over real gRPC, that answers what a test tells it to, when it tells it
 * to: for failures that a real worker shows by chance alone.
 */
export class LinkWorker implements AsyncDisposable {
  readonly instance: string;
  readonly cancelled: number[] = [];
  readonly kept: string[] = [];
  readonly #options: LinkWorkerOptions;
  readonly #folder: AsyncDisposable & { readonly path: string };
  readonly #arrived: LinkRequest[] = [];
  readonly #waiting: ((request: LinkRequest) => void)[] = [];
  readonly #sockets = new Set<Socket>();
  #listener: Server | undefined;
  #link: Link | undefined;
  #rowsAnswered = 0;

  private constructor(options: LinkWorkerOptions, folder: AsyncDisposable & { path: string }) {
    this.#options = options;
    this.#folder = folder;
    this.instance = options.instance ?? "m-1-0";
  }

  static async start(options: LinkWorkerOptions = {}): Promise<LinkWorker> {
    const worker = new LinkWorker(options, await tempDir());
    await worker.listen();
    return worker;
  }

  get address(): string {
    return `unix:${join(this.#folder.path, "link.sock")}`;
  }

  /** Listens, as it does from the start; again after `kill`. */
  async listen(): Promise<void> {
    const server = new grpc.Server({ "grpc.max_receive_message_length": 300 * 1024 });
    const handlers = { Connect: (stream: Stream) => this.#connect(stream) };
    server.addService(serviceDefinition(WorkerLinkService, ["Connect"]), handlers);
    const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
    const path = this.address.slice("unix:".length);
    this.#listener = createServer((socket) => {
      this.#sockets.add(socket);
      injector.injectConnection(socket);
    });
    this.#listener.listen(path);
    await once(this.#listener, "listening");
  }

  /** The next request that has arrived, or will. */
  async next(): Promise<LinkRequest> {
    const arrived = this.#arrived.shift();
    if (arrived !== undefined) return arrived;
    return await new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Requests that have arrived and nobody has asked for. */
  get waiting(): number {
    return this.#arrived.length;
  }

  send(control: WorkerControl): void {
    this.#link?.control(control);
  }

  /** Says how the model is from now on. */
  hello(state: ModelState = ModelState.READY, reason: string = ""): void {
    this.send({ case: "hello", value: this.#hello(state, reason) });
  }

  /** Ends as if by SIGKILL: its connections are gone and nothing more is said. */
  async kill(): Promise<void> {
    this.#link = undefined;
    if (this.#listener === undefined) return;
    const closed = once(this.#listener, "close");
    this.#listener.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
    await closed;
    this.#listener = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#folder[Symbol.asyncDispose]();
  }

  #connect(stream: Stream): void {
    const link: Link = new Link(stream, {
      onRequest: (begin, payload) => this.#arrive(link, begin, payload),
      onCancel: (ids) => this.cancelled.push(...ids),
      onKeep: (id) => this.kept.push(toHex(id)),
    });
    this.#link = link;
    const { state = ModelState.READY, reason = "" } = this.#options;
    link.control({ case: "hello", value: this.#hello(state, reason) });
    const { credit = 64, creditBytes = 2 ** 30 } = this.#options;
    link.grant({ requests: credit, bytes: creditBytes });
  }

  #arrive(link: Link, begin: RequestBegin, payload: Uint8Array): void {
    const request: LinkRequest = {
      begin,
      payload,
      start: async () => {
        link.control({ case: "started", value: { ids: [begin.id] } });
        await link.flushed();
      },
      reply: (header = {}, answer = payload) => {
        this.#rowsAnswered += 1;
        const rowsAnswered = BigInt(this.#rowsAnswered);
        link.reply(begin.id, { rows: 1, rowsAnswered, ...header }, answer);
      },
    };
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#arrived.push(request);
    else waiting(request);
  }

  #hello(state: ModelState, reason: string) {
    const { model = "m", version = 1, cluster = "local", rowsMax = 8 } = this.#options;
    const { queueRowsMax = 0 } = this.#options;
    return {
      ...{ instance: this.instance, cluster, model, version, state, reason },
      digest: "d",
      producer: randomBytes(4).toString("hex"),
      description: {
        inputs: [{ name: "x", datatype: "FP32", shape: [-1n, 2n] }],
        outputs: [{ name: "y", datatype: "FP32", shape: [-1n, 2n] }],
        batching: { enabled: true, rowsMax, queueRowsMax },
        instances: 1,
      },
    };
  }
}

type LinkListener = {
  onRequest(begin: RequestBegin, payload: Uint8Array): void;
  onCancel(ids: readonly number[]): void;
  onKeep(predictionId: Uint8Array): void;
};

/** One gateway's stream. Credit is given back for each request that is answered. */
class Link {
  readonly #listener: LinkListener;
  readonly #inbox = new Inbox<RequestBegin>({ payloadBytesMax: 2 ** 30, openMax: 10_000 });
  readonly #outbox = new Outbox<ControlFrame, ReplyHeader>();
  readonly #writer: TurnWriter<ControlFrame, ReplyHeader>;
  readonly #begun = new Map<number, number>();
  readonly #flushed: (() => void)[] = [];
  #granted = { requests: 0, bytes: 0 };

  constructor(stream: Stream, listener: LinkListener) {
    this.#listener = listener;
    this.#writer = new TurnWriter({
      outbox: this.#outbox,
      write: (frames, done) => {
        // Whoever waits by now waits for this message, not for one that is still being written.
        const waiting = this.#flushed.splice(0);
        stream.write(encodeWorkerFrames(frames), () => {
          done();
          for (const resolve of waiting) resolve();
        });
      },
    });
    stream.on("data", (bytes: Uint8Array) => {
      decodeGatewayFrames(bytes, (frame) => this.#take(frame));
      this.grant({ requests: 0, bytes: 0 });
    });
    stream.on("error", () => {});
    stream.on("cancelled", () => this.#writer.close());
  }

  control(control: WorkerControl): void {
    const frame = encodeWorkerControl(control);
    this.#outbox.control(frame, frame.byteLength);
    this.#writer.schedule();
  }

  /** Resolves when the message written next has been passed to the socket. */
  async flushed(): Promise<void> {
    await new Promise<void>((resolve) => this.#flushed.push(resolve));
    await nextTurn();
  }

  reply(id: number, header: ReplyHeader, payload: Uint8Array): void {
    this.#outbox.begin({ id, header, payload });
    this.#release(id);
    this.#writer.schedule();
  }

  grant({ requests, bytes }: { readonly requests: number; readonly bytes: number }): void {
    this.#granted.requests += requests;
    this.#granted.bytes += bytes;
    this.control({
      case: "credit",
      value: {
        requests: BigInt(this.#granted.requests),
        requestBytes: BigInt(this.#granted.bytes),
        chunkBytes: BigInt(this.#inbox.chunkBytes),
      },
    });
  }

  #release(id: number): void {
    const bytes = this.#begun.get(id);
    if (bytes === undefined) return;
    this.#begun.delete(id);
    this.grant({ requests: 1, bytes });
  }

  #take(frame: GatewayFrame): void {
    switch (frame.case) {
      case "requestBegin": {
        const { id, payload, payloadBytes } = frame.value;
        this.#begun.set(id, Number(payloadBytes));
        this.#receive(this.#inbox.begin(id, frame.value, Number(payloadBytes), payload));
        break;
      }
      case "requestChunk":
        this.#receive(this.#inbox.chunk(frame.value.id, frame.value.data));
        break;
      case "requestEnd":
        this.#receive(this.#inbox.end(frame.value.id, frame.value.aborted));
        break;
      case "cancel":
        this.#listener.onCancel(frame.value.ids);
        for (const id of frame.value.ids) this.#release(id);
        break;
      case "keep":
        this.#listener.onKeep(frame.value.predictionId);
        break;
      case "credit":
        this.#outbox.acknowledge(Number(frame.value.chunkBytes));
        this.#writer.schedule();
        break;
      default:
        break;
    }
  }

  #receive(received: Received<RequestBegin>): void {
    if (received.kind === "invalid") throw new Error(received.reason);
    if (received.kind === "aborted") this.#release(received.id);
    if (received.kind === "complete") this.#listener.onRequest(received.header, received.payload);
  }
}
