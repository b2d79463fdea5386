import { randomBytes } from "node:crypto";
import * as grpc from "@grpc/grpc-js";
import { Inbox } from "#core/link/inbox.ts";
import { Outbox } from "#core/link/outbox.ts";
import {
  type Load,
  Method,
  Role,
  type WorkerHello,
  WorkerLinkService,
} from "#gen/sluice/link/v1/link_pb.ts";
import { serviceDefinition } from "#platform/rpc/definition.ts";
import {
  decodeWorkerFrames,
  encodeGatewayControl,
  encodeGatewayFrames,
  type GatewayControl,
  type WorkerFrame,
} from "#wire/gateway-link.ts";
import type { ControlFrame } from "#wire/link-frames.ts";
import type { ReplyBegin } from "#wire/reply-begin.ts";
import type { RequestHeader, TraceIds } from "#wire/request-begin.ts";

export type LinkReply = { readonly header: ReplyBegin; readonly payload: Uint8Array };

type LinkStream = grpc.ClientDuplexStream<Uint8Array, Uint8Array>;

/** The gateway's end of a link, as simple as it can be: for tests of the worker. */
export class LinkClient implements Disposable {
  readonly hellos: WorkerHello[] = [];
  readonly started: number[] = [];
  /** Requests whose replies have come, in their order. */
  readonly answered: number[] = [];
  readonly loads: Load[] = [];
  /** Totals granted so far. */
  credit = { requests: 0, requestBytes: 0 };
  /** Of all payloads sent in chunks, what the worker has read from the link. */
  chunkBytesRead = 0;
  goodbye: string | undefined;
  /** How the stream ended; undefined while it has not. */
  ended: grpc.StatusObject | undefined;
  readonly #client: grpc.Client;
  readonly #stream: LinkStream;
  readonly #outbox = new Outbox<ControlFrame, RequestHeader>();
  readonly #inbox = new Inbox<ReplyBegin>({ payloadBytesMax: 2 ** 30, openMax: 1000 });
  readonly #replies = new Map<number, PromiseWithResolvers<LinkReply>>();
  #listeners = new Set<() => void>();
  #acknowledged = 0;
  #lastId = 0;

  constructor(address: string) {
    this.#client = new grpc.Client(address, grpc.credentials.createInsecure());
    const definition = serviceDefinition(WorkerLinkService, ["Connect"])["Connect"];
    if (definition === undefined) throw new Error("the service has no Connect");
    this.#stream = this.#client.makeBidiStreamRequest(
      definition.path,
      definition.requestSerialize,
      definition.responseDeserialize,
    ) as LinkStream;
    this.#stream.on("data", (bytes: Uint8Array) => {
      decodeWorkerFrames(bytes, (frame) => this.#take(frame));
      this.#changed();
    });
    this.#stream.on("error", () => {});
    this.#stream.on("status", (status: grpc.StatusObject) => {
      this.ended = status;
      this.#changed();
    });
    this.control({ case: "hello", value: { instance: "test", cluster: "local" } });
  }

  control(control: GatewayControl): void {
    const frame = encodeGatewayControl(control);
    this.#outbox.control(frame, frame.byteLength);
    this.#flush();
  }

  /** Begins a request and gives its id. */
  begin(payload: Uint8Array, header: Partial<RequestHeader> = {}): number {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#replies.set(id, Promise.withResolvers());
    this.#outbox.begin({ id, header: { ...requestHeader(), ...header }, payload });
    this.#flush();
    return id;
  }

  /** Resolves with the reply to a request; never, when it is cancelled. */
  async reply(id: number): Promise<LinkReply> {
    const waiting = this.#replies.get(id);
    if (waiting === undefined) throw new Error(`request ${id} was never begun`);
    return await waiting.promise;
  }

  async ask(payload: Uint8Array, header: Partial<RequestHeader> = {}): Promise<LinkReply> {
    return await this.reply(this.begin(payload, header));
  }

  /** Resolves as soon as the condition holds, looked at after whatever arrives. */
  async until(condition: (client: this) => boolean): Promise<void> {
    while (!condition(this)) {
      await new Promise<void>((resolve) => this.#listeners.add(resolve));
    }
  }

  /** Waits until the model has been loaded, or could not be. */
  async settled(): Promise<WorkerHello> {
    await this.until(({ hellos }) => (hellos.at(-1)?.state ?? 0) > 1);
    const hello = this.hellos.at(-1);
    if (hello === undefined) throw new Error("no hello came");
    return hello;
  }

  [Symbol.dispose](): void {
    this.#stream.cancel();
    this.#client.close();
  }

  #flush(): void {
    for (let frames = this.#outbox.take(); frames.length > 0; frames = this.#outbox.take()) {
      this.#stream.write(encodeGatewayFrames(frames));
    }
  }

  #take(frame: WorkerFrame): void {
    if (frame.case === "hello") this.hellos.push(frame.value);
    if (frame.case === "started") this.started.push(...frame.value.ids);
    if (frame.case === "load") this.loads.push(frame.value);
    if (frame.case === "goodbye") this.goodbye = frame.value.reason;
    if (frame.case === "credit") {
      const { requests, requestBytes, chunkBytes } = frame.value;
      this.credit = { requests: Number(requests), requestBytes: Number(requestBytes) };
      this.chunkBytesRead = Number(chunkBytes);
      this.#outbox.acknowledge(this.chunkBytesRead);
      this.#flush();
    }
    if (frame.case === "replyBegin") {
      const { id, payloadBytes, payload } = frame.value;
      this.#received(this.#inbox.begin(id, frame.value, Number(payloadBytes), payload));
    }
    if (frame.case === "replyChunk") {
      this.#received(this.#inbox.chunk(frame.value.id, frame.value.data));
    }
    if (frame.case === "replyEnd") {
      this.#received(this.#inbox.end(frame.value.id, frame.value.aborted));
    }
  }

  #received(received: ReturnType<Inbox<ReplyBegin>["end"]>): void {
    if (received.kind === "invalid") throw new Error(received.reason);
    if (received.kind === "complete") {
      const { id, header, payload } = received;
      this.answered.push(id);
      this.#replies.get(id)?.resolve({ header, payload });
    }
    if (this.#inbox.chunkBytes === this.#acknowledged) return;
    this.#acknowledged = this.#inbox.chunkBytes;
    this.control({ case: "credit", value: { chunkBytes: this.#acknowledged } });
  }

  #changed(): void {
    const listeners = this.#listeners;
    this.#listeners = new Set();
    for (const listener of listeners) listener();
  }
}

/** A request for version 1 of the model `m`, not sampled, without a deadline. */
export function requestHeader(): RequestHeader & { readonly trace: TraceIds } {
  return {
    predictionId: randomBytes(16),
    method: Method.MODEL_INFER,
    model: "m",
    version: 1,
    attempt: 1,
    role: Role.PRIMARY,
    trace: {
      traceId: randomBytes(16),
      serverSpanId: randomBytes(8),
      attemptSpanId: randomBytes(8),
      runSpanId: randomBytes(8),
      flags: 0,
    },
  };
}
