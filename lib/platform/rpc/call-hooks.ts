/**
 * Tells of the bytes of calls as they come and go. grpc-js (1.14) has no public way to it: an
 * interceptor sees messages when they are whole, which is when the memory has been used. So five
 * methods of its calls are wrapped, once for the process; they do nothing more for connections
 * without hooks, and next to nothing for messages that come in one piece. Calls that go round
 * grpc-js ask for the hooks of their connection themselves.
 */
import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import { BaseServerInterceptingCall } from "@grpc/grpc-js/build/src/server-interceptors.js";
import { assert } from "#core/assert.ts";
import type { Failure } from "#core/failure.ts";
import { monotonicMs } from "#platform/clock.ts";
import type { StatusReply } from "./failure-status.ts";

/** A call as far as its bytes are concerned; those of grpc-js are like this. */
export type HookedCall = {
  readonly stream: ServerHttp2Stream;
  /** Milliseconds since 1970; infinity for none. */
  readonly deadline: number;
  sendStatus(status: StatusReply): void;
  /** Whether its application asks for the next message; undefined where it always does. */
  readonly isReadPending?: boolean;
  /**
   * Set while a message of it has begun and is not whole: since when, or since its application asks
   * for it.
   */
  [uploadSince]?: number | undefined;
  /** Bytes of replies it has been given and has not sent, when last looked at. */
  [unsentBytes]?: number | undefined;
  /** Set before it is ended instead of writing a reply: its application hears of that at once. */
  [refusedReply]?: Failure | undefined;
};

export const uploadSince: unique symbol = Symbol("since when a message is being read");
export const unsentBytes: unique symbol = Symbol("bytes not sent");
export const refusedReply: unique symbol = Symbol("why a reply was refused");

/** Of a connection. */
export type CallHooks = {
  /** A message of so many bytes has begun and is not whole. */
  onBegun(call: HookedCall, bytes: number): void;
  /** It is whole, or the call has ended. */
  onWhole(call: HookedCall): void;
  /** Whether the rest of the message that has begun is not to be read yet. */
  waits(call: HookedCall): boolean;
  /** Why a reply may not be written, with which the call has been ended; undefined where it may. */
  refusal(call: HookedCall): Failure | undefined;
  /** It was given a reply, or has sent one. */
  onWritten(call: HookedCall): void;
  /** The call has ended: whatever it was given has been sent, or never will be. */
  onSent(call: HookedCall): void;
};

const hooksKey = Symbol("hooks of a connection");
type HookedSession = ServerHttp2Session & { [hooksKey]?: CallHooks };
/** Of the call's connection, which a stream that was destroyed no longer knows. */
const ownHooks = Symbol("hooks of a call");
/** The pieces of the message that has begun, by which it is told from the next one. */
const begunPieces = Symbol("pieces of a message");

/** The state of a decoder that knows the size of a message and has not all of it. */
const readingMessage = 2;
type Internals = HookedCall & {
  readonly handler: { readonly type: string };
  [ownHooks]?: CallHooks | undefined;
  [begunPieces]?: readonly Buffer[] | undefined;
  readonly cancelled: boolean;
  readonly decoder: {
    readonly readState: number;
    readonly readMessageSize: number;
    /** Another array for each message. */
    readonly readPartialMessage: readonly Buffer[];
  };
  /** Messages that nobody has asked for yet. */
  readonly readQueue: readonly unknown[];
  isReadPending: boolean;
  handleDataFrame(data: Buffer): void;
  handleEndEvent(): void;
  notifyOnCancel(): void;
  sendMessage(message: unknown, done: () => void): void;
  startRead(): void;
};

const names = [
  ...(["handleDataFrame", "handleEndEvent", "notifyOnCancel"] as const),
  ...(["sendMessage", "startRead"] as const),
];
let isWrapped = false;

/** Has `hooks` told of the calls of a connection. */
export function hookCalls(session: ServerHttp2Session, hooks: CallHooks): void {
  if (!isWrapped) wrap(BaseServerInterceptingCall.prototype as unknown as Internals);
  isWrapped = true;
  (session as HookedSession)[hooksKey] = hooks;
}

/** Undefined where nobody wants to be told. */
export function hooksOfStream(stream: ServerHttp2Stream): CallHooks | undefined {
  return (stream.session as HookedSession | undefined)?.[hooksKey];
}

type CallOfGrpc = { readonly call?: Internals };

/** Why a call of grpc-js has been ended instead of writing a reply; undefined where it was not. */
export function refusedReplyOf(call: object): Failure | undefined {
  return (call as CallOfGrpc).call?.[refusedReply];
}

/**
 * The same for a reply that is about to be written: behind headers a status has to wait for a
 * caller who reads nothing.
 */
export function refusesReplyOf(call: object): Failure | undefined {
  const internals = (call as CallOfGrpc).call;
  return internals === undefined ? undefined : hooksOf(internals)?.refusal(internals);
}

function hooksOf(call: Internals): CallHooks | undefined {
  call[ownHooks] ??= hooksOfStream(call.stream);
  return call[ownHooks];
}

function wrap(calls: Internals): void {
  for (const name of names) {
    assert(typeof calls[name] === "function", `grpc-js of another version: no ${name}`);
  }
  wrapReads(calls);
  const { notifyOnCancel, sendMessage } = calls;
  calls.notifyOnCancel = function (this: Internals) {
    if (this[uploadSince] !== undefined) hooksOf(this)?.onWhole(this);
    if (this[unsentBytes] !== undefined) hooksOf(this)?.onSent(this);
    notifyOnCancel.call(this);
  };
  calls.sendMessage = function (this: Internals, message, done) {
    const hooks = hooksOf(this);
    if (hooks === undefined) return sendMessage.call(this, message, done);
    if (hooks.refusal(this) !== undefined) return;
    sendMessage.call(this, message, () => {
      // The call may stay open for hours after this.
      if (!this.cancelled) hooks.onWritten(this);
      done();
    });
    if (!this.cancelled) hooks.onWritten(this);
  };
}

function wrapReads(calls: Internals): void {
  const { handleDataFrame, handleEndEvent, startRead } = calls;
  calls.handleDataFrame = function (this: Internals, data) {
    handleDataFrame.call(this, data);
    const { readState, readMessageSize, readPartialMessage } = this.decoder;
    const isPartial = readState === readingMessage && !this.cancelled;
    if (this[uploadSince] !== undefined) {
      if (isPartial && readPartialMessage === this[begunPieces]) return;
      // A unary request is still held until it is handed over, which is at its end.
      if (this.handler.type === "unary") return;
      this[begunPieces] = undefined;
      hooksOf(this)?.onWhole(this);
    }
    if (!isPartial) return;
    this[begunPieces] = readPartialMessage;
    hooksOf(this)?.onBegun(this, readMessageSize);
  };
  calls.handleEndEvent = function (this: Internals) {
    if (this[uploadSince] !== undefined) hooksOf(this)?.onWhole(this);
    handleEndEvent.call(this);
  };
  calls.startRead = function (this: Internals) {
    const mayWait = this[uploadSince] !== undefined && this.readQueue.length === 0;
    if (mayWait) this[uploadSince] = monotonicMs();
    // With nothing queued it would read on; that is done when there is room.
    if (mayWait && hooksOf(this)?.waits(this) === true) this.isReadPending = true;
    else startRead.call(this);
  };
}
