/**
 * ModelInfer, alone or in a stream, and Predict: reads what routing needs off the bytes, finds the
 * model version, has the dispatcher get an answer, and passes the answer on. Neither request nor
 * reply is decoded.
 */
import * as grpc from "@grpc/grpc-js";
import { Failure } from "#core/failure.ts";
import { formatPredictionId, predictionId, predictionIdBytes } from "#core/prediction-id.ts";
import type { VersionEntry } from "#core/routing/table.ts";
import { formatServerTiming } from "#core/timing/request-timing.ts";
import { monotonicMs, wallUsAt } from "#platform/clock.ts";
import { randomBytes } from "#platform/random-bytes.ts";
import { toStatusReply } from "#platform/rpc/failure-status.ts";
import { OneHeader } from "#platform/rpc/one-header.ts";
import { metadataKey } from "#wire/metadata.ts";
import { type RequestHead, scanModelInfer, scanPredict } from "#wire/scan.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Exchange, ExchangeMethod, Outcome } from "./exchange.ts";
import type { Links } from "./links.ts";
import { type RecordModules, recordEnd } from "./record-end.ts";
import { endOf, type PredictionRequest, type RequestEnd, timingOf } from "./request.ts";
import { gatewayStopping } from "./stopping.ts";
import { VersionChoices } from "./version-choices.ts";

export type PredictionsModules = RecordModules & {
  readonly links: Links;
  readonly dispatcher: Dispatcher;
};

type Call = grpc.ServerUnaryCall<Uint8Array, Uint8Array>;
type Callback = grpc.sendUnaryData<Uint8Array>;
type StreamCall = grpc.ServerDuplexStream<Uint8Array, Uint8Array>;
type Method = keyof typeof methods;
type Incoming = {
  readonly call: Call | StreamCall;
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
    const request = this.#arrive(call, "ModelStreamInfer");
    const end = (outcome: Outcome) => {
      recordEnd(endOf(request, outcome, monotonicMs()), this.#modules);
      answer(outcome);
    };
    try {
      const exchange = this.#admit({ call, method: "ModelStreamInfer", payload }, request, end);
      request.exchange = exchange;
      this.#modules.dispatcher.submit(exchange);
    } catch (error) {
      end({ kind: "failure", failure: Failure.from(error), reply: undefined });
    }
    return request;
  }

  /** The handler of a method whose messages stay bytes. */
  handler(method: ExchangeMethod): grpc.handleUnaryCall<Uint8Array, Uint8Array> {
    return (call, callback) => {
      const request = this.#arrive(call, method);
      const answer = (outcome: Outcome) => this.#answer({ call, callback, request, outcome });
      try {
        const exchange = this.#admit({ call, method, payload: call.request }, request, answer);
        request.exchange = exchange;
        call.on("cancelled", () => {
          if (!exchange.isEnded) this.#modules.dispatcher.cancel(exchange, goneOf(call));
        });
        this.#modules.dispatcher.submit(exchange);
      } catch (error) {
        answer({ kind: "failure", failure: Failure.from(error), reply: undefined });
      }
    };
  }

  #arrive(call: Call | StreamCall, method: Method): PredictionRequest {
    const arrivedMs = monotonicMs();
    const arrivedUs = wallUsAt(arrivedMs);
    const [traceparent] = call.metadata.get(metadataKey.traceparent);
    return {
      rpc: methods[method].rpc,
      predictionId: predictionId(arrivedUs / usPerMs, randomBytes(predictionIdBytes)),
      trace: this.#modules.traces.begin(traceparent?.toString()),
      arrivedUs,
      arrivedMs,
      requestId: "",
      exchange: undefined,
    };
  }

  #admit(
    { call, method, payload }: Incoming,
    request: PredictionRequest,
    end: (outcome: Outcome) => void,
  ): Exchange {
    if (this.#isStopping) {
      this.#modules.events.refused("stopping");
      throw gatewayStopping();
    }
    const head = methods[method].scan(payload);
    request.requestId = head.id;
    const entry = this.#find(head);
    const { arrivedMs, predictionId: id, trace } = request;
    return {
      predictionId: id,
      method: method === "Predict" ? "Predict" : "ModelInfer",
      ref: { model: entry.model, version: entry.version },
      trace,
      arrivedMs,
      deadlineMs: arrivedMs + this.#deadlineOf(call),
      priority: head.priority,
      queueUntilMs: arrivedMs + this.#queueTimeoutOf(entry, head),
      payloadBytes: payload.byteLength,
      payload,
      isBulk: false,
      isRetained: false,
      isSuspect: false,
      isEnded: false,
      attempts: [],
      end,
    };
  }

  #find({ model, version }: RequestHead): VersionEntry {
    return this.#choices.find(this.#modules.links.table, model, version);
  }

  #deadlineOf(call: Call | StreamCall): number {
    const deadline = Number(call.getDeadline());
    return Number.isFinite(deadline) ? deadline - Date.now() : this.#deadlineDefaultMs;
  }

  /** The model's own time to wait, which a request may only shorten. */
  #queueTimeoutOf(entry: VersionEntry, { timeoutUs }: RequestHead): number {
    const batching = this.#modules.links.known(entry)?.description.batching;
    const ofModel = batching?.queueTimeoutMs || Number.POSITIVE_INFINITY;
    return Math.min(ofModel, timeoutUs > 0 ? timeoutUs / usPerMs : Number.POSITIVE_INFINITY);
  }

  #answer(ending: {
    readonly call: Call;
    readonly callback: Callback;
    readonly request: PredictionRequest;
    readonly outcome: Outcome;
  }): void {
    const { call, callback, request, outcome } = ending;
    const end = endOf(request, outcome, monotonicMs());
    const id = formatPredictionId(request.predictionId);
    const trailer = explanation(call, end);
    if (outcome.kind === "reply") {
      call.sendMetadata(new OneHeader(metadataKey.predictionId, id));
      callback(null, outcome.reply.payload, trailer);
    } else {
      const metadata = new grpc.Metadata();
      metadata.set(metadataKey.predictionId, id);
      if (trailer !== undefined) metadata.merge(trailer);
      callback(toStatusReply(outcome.failure, metadata));
    }
    recordEnd(end, this.#modules);
  }
}

/** Where the time went, for a caller that asks. */
function explanation(call: Call, end: RequestEnd): grpc.Metadata | undefined {
  if (call.metadata.get(metadataKey.explain)[0] !== "1") return undefined;
  const trailer = new grpc.Metadata();
  trailer.set(metadataKey.serverTiming, formatServerTiming(timingOf(end)));
  return trailer;
}

/** Why a call ended before it was answered: gRPC itself ends one whose deadline has passed. */
function goneOf(call: Call): Failure {
  const isLate = Date.now() >= Number(call.getDeadline());
  return isLate
    ? new Failure("deadline-exceeded", "deadline exceeded")
    : new Failure("cancelled", "the caller cancelled the request");
}
