/**
 * ModelInfer, alone or in a stream, and Predict: reads what routing needs off the bytes, finds the
 * model version, has the dispatcher get an answer, and passes the answer on. Neither request nor
 * reply is decoded.
 */
import * as grpc from "@grpc/grpc-js";
import { Failure } from "#core/failure.ts";
import { formatPredictionId, predictionId } from "#core/prediction-id.ts";
import type { VersionEntry } from "#core/routing/table.ts";
import { formatServerTiming } from "#core/timing/request-timing.ts";
import { monotonicMs, wallUsAt } from "#platform/clock.ts";
import type { PredictionTokens } from "#platform/prediction-tokens.ts";
import { toStatusReply } from "#platform/rpc/failure-status.ts";
import {
  type Caller,
  type CallOwner,
  GrpcCaller,
  type UnaryCall,
  type UnaryTaker,
} from "#platform/rpc/unary-call.ts";
import { metadataKey } from "#wire/metadata.ts";
import { type RequestHead, scanModelInfer, scanPredict } from "#wire/scan.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Exchange, ExchangeMethod, ExchangeOwner, Outcome } from "./exchange.ts";
import type { Links } from "./links.ts";
import { type RecordModules, recordEnd } from "./record-end.ts";
import { endOf, type PredictionRequest, type RequestEnd, timingOf } from "./request.ts";
import { gatewayStopping } from "./stopping.ts";
import { VersionChoices } from "./version-choices.ts";
import { withToken } from "./with-token.ts";

export type PredictionsModules = RecordModules & {
  readonly links: Links;
  readonly dispatcher: Dispatcher;
  /** Absent where there is no secret to sign with. */
  readonly tokens?: PredictionTokens | undefined;
};

type StreamCall = grpc.ServerDuplexStream<Uint8Array, Uint8Array>;
type Method = keyof typeof methods;
type Incoming = {
  readonly caller: Caller;
  readonly method: Method;
  readonly payload: Uint8Array;
};

const methods = {
  ModelInfer: { rpc: "inference.GRPCInferenceService/ModelInfer", scan: scanModelInfer },
  ModelStreamInfer: {
    rpc: "inference.GRPCInferenceService/ModelStreamInfer",
    scan: scanModelInfer,
  },
  Predict: { rpc: "sluice.predict.v1.PredictService/Predict", scan: scanPredict },
};

const usPerMs = 1_000;
const nothing = new Uint8Array();

export class Predictions {
  readonly #deadlineDefaultMs: number;
  readonly #modules: PredictionsModules;
  readonly #choices = new VersionChoices();
  #isStopping = false;

  constructor(options: { readonly deadlineDefaultMs: number }, modules: PredictionsModules) {
    this.#deadlineDefaultMs = options.deadlineDefaultMs;
    this.#modules = modules;
  }

  /** From now on requests are refused with UNAVAILABLE; those under way go on. */
  stop(): void {
    this.#isStopping = true;
  }

  /** One request of a ModelStreamInfer call. `answer` is called once, perhaps at once. */
  ask(
    call: StreamCall,
    payload: Uint8Array,
    answer: (outcome: Outcome) => void,
  ): PredictionRequest {
    const caller = new GrpcCaller(call);
    const request = this.#arrive(caller, "ModelStreamInfer");
    const owner: ExchangeOwner = {
      ended: (outcome) => {
        recordEnd(endOf(request, outcome, monotonicMs()), this.#modules);
        answer(outcome);
      },
    };
    this.#begin({ caller, method: "ModelStreamInfer", payload }, request, owner);
    return request;
  }

  /** Takes the calls of a method. */
  taker(method: ExchangeMethod): UnaryTaker {
    return (call, payload) => {
      const request = this.#arrive(call, method);
      const answer = new UnaryAnswer(call, request, this.#modules);
      call.owner = answer;
      this.#begin({ caller: call, method, payload }, request, answer);
    };
  }

  #begin(incoming: Incoming, request: PredictionRequest, owner: ExchangeOwner): void {
    try {
      const exchange = this.#admit(incoming, request, owner);
      request.exchange = exchange;
      this.#modules.dispatcher.submit(exchange);
    } catch (error) {
      owner.ended({ kind: "failure", failure: Failure.from(error), reply: undefined });
    }
  }

  #arrive(caller: Caller, method: Method): PredictionRequest {
    const arrivedMs = monotonicMs();
    const arrivedUs = wallUsAt(arrivedMs);
    const trace = this.#modules.traces.begin(caller.header(metadataKey.traceparent));
    predictionId(arrivedUs / usPerMs, trace.predictionId);
    return {
      rpc: methods[method].rpc,
      trace,
      arrivedUs,
      arrivedMs,
      requestId: "",
      exchange: undefined,
    };
  }

  #admit(
    { caller, method, payload }: Incoming,
    request: PredictionRequest,
    owner: ExchangeOwner,
  ): Exchange {
    if (this.#isStopping) {
      this.#modules.events.refused("stopping");
      throw gatewayStopping();
    }
    const head = methods[method].scan(payload);
    request.requestId = head.id;
    const entry = this.#find(head);
    const { arrivedMs } = request;
    return {
      request,
      owner,
      method: method === "Predict" ? "Predict" : "ModelInfer",
      ref: entry,
      deadlineMs: arrivedMs + this.#deadlineOf(caller),
      priority: head.priority,
      queueUntilMs: arrivedMs + this.#queueTimeoutOf(entry, head),
      payloadBytes: payload.byteLength,
      payload,
      isBulk: false,
      isRetained: false,
      isSuspect: false,
      level: 0,
      queuePlace: -1,
      livePlace: -1,
      isEnded: false,
      attempts: [],
    };
  }

  #find({ model, version }: RequestHead): VersionEntry {
    return this.#choices.find(this.#modules.links.table, model, version);
  }

  #deadlineOf({ deadlineMs }: Caller): number {
    return Number.isFinite(deadlineMs) ? deadlineMs - Date.now() : this.#deadlineDefaultMs;
  }

  /** The model's own time to wait, which a request may only shorten. */
  #queueTimeoutOf(entry: VersionEntry, { timeoutUs }: RequestHead): number {
    const batching = this.#modules.links.known(entry)?.description.batching;
    const ofModel = batching?.queueTimeoutMs || Number.POSITIVE_INFINITY;
    return Math.min(ofModel, timeoutUs > 0 ? timeoutUs / usPerMs : Number.POSITIVE_INFINITY);
  }
}

/** Answers a unary call. There is one for each that waits: it is no more than it has to be. */
class UnaryAnswer implements ExchangeOwner, CallOwner {
  readonly #call: UnaryCall;
  readonly #request: PredictionRequest;
  readonly #modules: PredictionsModules;

  constructor(call: UnaryCall, request: PredictionRequest, modules: PredictionsModules) {
    this.#call = call;
    this.#request = request;
    this.#modules = modules;
  }

  ended(outcome: Outcome): void {
    const call = this.#call;
    const { exchange } = this.#request;
    // No link has anything of it left: what was not sent of an attempt has been taken back.
    if (exchange !== undefined) exchange.payload = nothing;
    call.releaseRequest();
    let end = endOf(this.#request, outcome, monotonicMs());
    const id = formatPredictionId(this.#request.trace.predictionId);
    const headers = [metadataKey.predictionId, id];
    const trailers = explanation(call, end);
    if (outcome.kind === "reply") {
      const { reply } = outcome;
      const payload = withToken(reply.payload, this.#request, call, this.#modules.tokens);
      const failure = call.reply(payload, { headers, trailers });
      // What nobody got was not answered.
      if (failure !== undefined) {
        end = endOf(this.#request, { kind: "failure", failure, reply }, end.endedMs);
      }
    } else {
      const metadata = new grpc.Metadata();
      metadata.set(metadataKey.predictionId, id);
      for (const [key, value] of Object.entries(trailers ?? {})) metadata.set(key, value);
      call.refuse(toStatusReply(outcome.failure, metadata));
    }
    recordEnd(end, this.#modules);
  }

  gone(): void {
    const { exchange } = this.#request;
    if (exchange === undefined || exchange.isEnded) return;
    this.#modules.dispatcher.cancel(exchange, goneOf(this.#call));
  }
}

/** Where the time went, for a caller that asks. */
function explanation(caller: Caller, end: RequestEnd): Record<string, string> | undefined {
  if (caller.header(metadataKey.explain) !== "1") return undefined;
  return { [metadataKey.serverTiming]: formatServerTiming(timingOf(end)) };
}

/** Why a call ended before it was answered: callers end one whose deadline has passed. */
function goneOf({ deadlineMs }: Caller): Failure {
  const isLate = Date.now() >= deadlineMs;
  return isLate
    ? new Failure("deadline-exceeded", "deadline exceeded")
    : new Failure("cancelled", "the caller cancelled the request");
}
