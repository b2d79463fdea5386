/**
 * Bounds the memory of a server's calls where it enters and where it leaves.
 *
 * 1. A message that does not come in one piece is read on when there is room for all of it; until
 *    then its stream is paused, so that its caller can send no more than the window of a stream.
 * 2. Replies that a connection does not read count against it. Above its limit its further calls
 *    are answered with RESOURCE_EXHAUSTED, whose frames no window holds back. When all connections
 *    together are above theirs, the one that leaves most unread is ended.
 */
import { constants, type ServerHttp2Session } from "node:http2";
import type * as grpc from "@grpc/grpc-js";
import { Failure } from "#core/failure.ts";
import { type UploadLimits, UploadPermits } from "#core/limits/upload-permits.ts";
import { monotonicMs } from "#platform/clock.ts";
import {
  type CallHooks,
  type HookedCall,
  hookCalls,
  refusedReply,
  unsentBytes,
  uploadSince,
} from "./call-hooks.ts";
import { toStatusReply } from "./failure-status.ts";
import { onHttp2Server } from "./http2-server.ts";

export type CallBudgetOptions = {
  readonly uploads: UploadLimits;
  /** How long a message of a call without a deadline may take to arrive. */
  readonly uploadMsMax: number;
  /** Bytes of replies that one connection may leave unread; one reply may go beyond. */
  readonly unreadBytesMax: number;
  /** The same for all connections together. */
  readonly unreadBytesTotalMax: number;
};

export type CallBudgetModules = {
  /** Bytes of requests that have arrived and are still held. */
  readonly heldBytes: () => number;
  /** A call was refused, or a connection ended: `upload` or `unread`. */
  readonly onRefused: (reason: string) => void;
};

type Connection = { readonly session: ServerHttp2Session; unreadBytes: number };

/** How often calls are looked at that wait, and that send. */
const waitingMs = 20;
const arrivingMs = 1_000;
const retryMs = 200;

export class CallBudget implements Disposable {
  readonly #options: CallBudgetOptions;
  readonly #modules: CallBudgetModules;
  readonly #uploads: UploadPermits<HookedCall>;
  readonly #connections = new Set<Connection>();
  #unreadBytes = 0;
  #resume: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerMs = 0;

  constructor(options: CallBudgetOptions, modules: CallBudgetModules) {
    this.#options = options;
    this.#modules = modules;
    this.#uploads = new UploadPermits(options.uploads);
  }

  /** Bytes set aside for messages that are being read. */
  get uploadBytes(): number {
    return this.#uploads.bytes;
  }

  /** Bytes of replies that nobody has read yet. */
  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  /** Has it count the calls of a server. Call it before the server is bound. */
  watch(server: grpc.Server): void {
    onHttp2Server(server, (http2Server) => {
      http2Server.on("session", (session: ServerHttp2Session) => {
        const connection: Connection = { session, unreadBytes: 0 };
        this.#connections.add(connection);
        session.once("close", () => this.#connections.delete(connection));
        hookCalls(session, this.#hooks(connection));
      });
    });
  }

  [Symbol.dispose](): void {
    clearImmediate(this.#resume);
    clearTimeout(this.#timer);
  }

  #hooks(connection: Connection): CallHooks {
    return {
      onBegun: (call, bytes) => this.#begin(call, bytes),
      onWhole: (call) => this.#end(call),
      waits: (call) => this.#uploads.waits(call),
      refusal: (call) => this.#refusal(connection, call),
      onWritten: (call) => {
        this.#count(connection, call, call.stream.writableLength);
        if (this.#unreadBytes > this.#options.unreadBytesTotalMax) this.#endGreediest();
      },
      onSent: (call) => this.#count(connection, call, 0),
    };
  }

  #begin(call: HookedCall, bytes: number): void {
    call[uploadSince] = monotonicMs();
    const decision = this.#uploads.begin(call, bytes, this.#modules.heldBytes());
    if (decision === "refuse") {
      this.#modules.onRefused("upload");
      const message = `no room for ${bytes} bytes while ${this.#uploads.bytes} are arriving`;
      const failure = new Failure("resource-exhausted", message, { retryAfterMs: retryMs });
      this.#refuse(call, failure);
      return;
    }
    if (decision === "wait") call.stream.pause();
    this.#lookAgain();
  }

  #end(call: HookedCall): void {
    call[uploadSince] = undefined;
    this.#uploads.end(call);
    // Not before what has arrived is counted where it is held from now on.
    if (this.#uploads.waiting > 0) this.#resume ??= setImmediate(() => this.#resumeWaiting());
  }

  #resumeWaiting(): void {
    this.#resume = undefined;
    for (;;) {
      const call = this.#uploads.next(this.#modules.heldBytes());
      if (call === undefined) return;
      call.stream.resume();
    }
  }

  #refusal(connection: Connection, call: HookedCall): Failure | undefined {
    const { unreadBytesMax } = this.#options;
    if (connection.unreadBytes < unreadBytesMax) return undefined;
    this.#modules.onRefused("unread");
    const unread = `${connection.unreadBytes} bytes of replies are unread`;
    const message = `${unread}, limit ${unreadBytesMax}`;
    const failure = new Failure("resource-exhausted", message);
    call[refusedReply] = failure;
    call.sendStatus(toStatusReply(failure));
    return failure;
  }

  #count(connection: Connection, call: HookedCall, bytes: number): void {
    const change = bytes - (call[unsentBytes] ?? 0);
    connection.unreadBytes += change;
    this.#unreadBytes += change;
    call[unsentBytes] = bytes;
  }

  #endGreediest(): void {
    let greediest: Connection | undefined;
    for (const connection of this.#connections) {
      if (connection.unreadBytes > (greediest?.unreadBytes ?? 0)) greediest = connection;
    }
    if (greediest === undefined || greediest.session.destroyed) return;
    this.#modules.onRefused("unread");
    greediest.session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    greediest.session.destroy();
  }

  /** Looks now and then whether there is room, and what has been arriving for too long. */
  #lookAgain(): void {
    const afterMs = this.#uploads.waiting > 0 ? waitingMs : arrivingMs;
    if (this.#timer !== undefined && this.#timerMs <= afterMs) return;
    clearTimeout(this.#timer);
    this.#timerMs = afterMs;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#endLate();
      this.#resumeWaiting();
      if (this.#uploads.calls().length > 0) this.#lookAgain();
    }, afterMs);
  }

  #endLate(): void {
    const { uploadMsMax } = this.#options;
    const sinceMs = monotonicMs() - uploadMsMax;
    for (const call of this.#uploads.calls()) {
      // gRPC itself ends those that have a deadline.
      if (call.deadline !== Number.POSITIVE_INFINITY || (call[uploadSince] ?? 0) > sinceMs)
        continue;
      if (call.isReadPending === false) this.#endUnasked(call);
      else {
        const message = `the request did not arrive within ${uploadMsMax} ms`;
        this.#refuse(call, new Failure("deadline-exceeded", message));
      }
    }
  }

  /**
   * Its caller may have sent what it could: nobody has asked for more. But others may want the room
   * that is set aside for it. Often it does not read its replies, which a status would follow.
   */
  #endUnasked(call: HookedCall): void {
    if (this.#uploads.waiting === 0 || this.#uploads.waits(call)) return;
    this.#modules.onRefused("upload");
    call.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  /** Ends a call whose message is not whole, and has its caller send no more of it. */
  #refuse(call: HookedCall, failure: Failure): void {
    const { stream } = call;
    const hasReplied = stream.headersSent;
    call.sendStatus(toStatusReply(failure));
    // Closed in the same turn, or before replies have been sent, it would take its status with it.
    const close = () => setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
    if (hasReplied) stream.once("wantTrailers", close);
    else close();
  }
}
