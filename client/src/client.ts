import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BulkStream } from "./bulk.ts";
import type { BulkItem } from "./bulk-message.ts";
import type { BulkOptions } from "./bulk-options.ts";
import { Channel, type Headers, type RawReply, type TlsOptions, toAborted } from "./channel.ts";
import {
  columnsOfRecords,
  type FeatureColumns,
  type FeatureRecord,
  toWireColumns,
} from "./columns.ts";
import { Endpoints } from "./endpoints.ts";
import { SluiceError } from "./error.ts";
import {
  ModelInferRequestSchema,
  ModelInferResponseSchema,
} from "./gen/inference/grpc_service_pb.ts";
import { PredictRequestSchema, PredictResponseSchema } from "./gen/sluice/predict/v1/predict_pb.ts";
import { metadataKey, newTraceparent, parseServerTiming, traceIdOf } from "./metadata.ts";
import { type PredictedRow, Predictions, type ReplyDetails } from "./prediction.ts";
import { decideRetry, RetryBudget, type RetryOptions, retryDefaults } from "./retry.ts";
import { type InferRequest, type InferResult, toInferRequest, toInferResult } from "./tensors.ts";

export type ClientOptions = {
  /** Of a call that names none. Default 60 000. */
  readonly deadlineMs?: number;
  /** How long a connection may take before the next address is tried. Default 3000. */
  readonly connectMs?: number;
  readonly retry?: RetryOptions;
  /** Plain text where absent. */
  readonly tls?: TlsOptions;
  /** Of a reply. Default 64 MiB. */
  readonly messageBytesMax?: number;
};

export type CallOptions = {
  /** Until the answer, retries included. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  /** W3C trace context of the caller. */
  readonly traceparent?: string;
  readonly tracestate?: string;
  /** Begins a sampled trace where `traceparent` is absent, whose id the reply has. */
  readonly sampled?: boolean;
  /** Asks for `serverTiming`. */
  readonly explain?: boolean;
};

export type PredictRequest = {
  readonly model: string;
  /** The highest one that is ready where absent. */
  readonly version?: number | string;
  /** Echoed in the reply and kept with its trace and event. */
  readonly id?: string;
} & (
  | { readonly records: readonly FeatureRecord[]; readonly columns?: never }
  | { readonly columns: FeatureColumns; readonly records?: never }
);

const deadlineMsDefault = 60_000;
const connectMsDefault = 3_000;
const messageBytesMaxDefault = 64 * 1024 * 1024;
const paths = {
  predict: "/sluice.predict.v1.PredictService/Predict",
  infer: "/inference.GRPCInferenceService/ModelInfer",
};

/**
 * Predictions from a Sluice cluster, through one gateway or any of several. Connects at the first
 * call, reconnects by itself, and moves on to another gateway where one fails. Every method rejects
 * with a SluiceError. Close it when done: until then it keeps its connections.
 */
export class SluiceClient implements AsyncDisposable {
  readonly #options: ClientOptions;
  readonly #channels: readonly Channel[];
  readonly #endpoints: Endpoints;
  readonly #budget = new RetryBudget();
  readonly #closing = new AbortController();

  /** `host:port` of each gateway. */
  constructor(addresses: string | readonly string[], options: ClientOptions = {}) {
    const list = typeof addresses === "string" ? [addresses] : addresses;
    if (list.length === 0) throw new SluiceError("invalid-argument", "no address of a gateway");
    const { tls, messageBytesMax = messageBytesMaxDefault } = options;
    this.#options = options;
    this.#channels = list.map((address) => new Channel({ address, tls, messageBytesMax }));
    this.#endpoints = new Endpoints(list.length, Math.random());
  }

  /** Predicts by feature name. */
  async predict<Row extends PredictedRow = PredictedRow>(
    request: PredictRequest,
    options: CallOptions = {},
  ): Promise<Predictions<Row> & ReplyDetails> {
    const { model, version = "", id = "" } = request;
    const { columns } = toWireColumns(request.columns ?? columnsOfRecords(request.records));
    const message = create(PredictRequestSchema, { model, version: String(version), id, columns });
    const bytes = toBinary(PredictRequestSchema, message);
    const { reply, details } = await this.#call(paths.predict, bytes, options);
    const predictions = new Predictions<Row>(fromBinary(PredictResponseSchema, reply.message));
    return Object.assign(predictions, details);
  }

  /** Runs the model on tensors, as the Open Inference Protocol has them. */
  async infer(
    request: InferRequest,
    options: CallOptions = {},
  ): Promise<InferResult & ReplyDetails> {
    const bytes = toBinary(ModelInferRequestSchema, toInferRequest(request));
    const { reply, details } = await this.#call(paths.infer, bytes, options);
    return { ...toInferResult(fromBinary(ModelInferResponseSchema, reply.message)), ...details };
  }

  /**
   * Predicts items of rows in a stream that outlives its connections: each item is answered exactly
   * once. Nothing is sent before the answers are iterated over, and no more is read of `items` than
   * the gateway allows to be unanswered.
   */
  bulk<Tag = undefined>(
    options: BulkOptions,
    items: AsyncIterable<BulkItem<Tag>> | Iterable<BulkItem<Tag>>,
  ): BulkStream<Tag> {
    const { connectMs = connectMsDefault } = this.#options;
    return new BulkStream<Tag>(
      { ...options, connectMs },
      {
        items,
        channels: this.#channels,
        endpoints: this.#endpoints,
        closing: this.#closing.signal,
      },
    );
  }

  /** Ends every call and stream with `cancelled`, and closes the connections. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("the client was closed"));
    for (const channel of this.#channels) channel.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #call(
    path: string,
    bytes: Uint8Array,
    options: CallOptions,
  ): Promise<{ readonly reply: RawReply; readonly details: ReplyDetails }> {
    const { deadlineMs = this.#options.deadlineMs ?? deadlineMsDefault } = options;
    const closing = this.#closing.signal;
    const signal =
      options.signal === undefined ? closing : AbortSignal.any([options.signal, closing]);
    const startMs = performance.now();
    const request = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const headers = headersOf(options);
    const deadline = Date.now() + deadlineMs;
    const { reply, attempts } = await this.#attempt({ path, request, headers, deadline, signal });
    const elapsedMs = performance.now() - startMs;
    return { reply, details: { ...detailsOf(reply.headers, headers, elapsedMs), attempts } };
  }

  async #attempt(
    call: Parameters<Channel["unary"]>[0] & { readonly signal: AbortSignal },
  ): Promise<{ readonly reply: RawReply; readonly attempts: number }> {
    const { connectMs = connectMsDefault, retry } = this.#options;
    const policy = { ...retryDefaults, ...retry };
    let avoid: number | undefined;
    for (let attempt = 1; ; attempt++) {
      const index = this.#endpoints.choose(Date.now(), avoid);
      const channel = this.#channels[index] as Channel;
      try {
        await channel.settle(Math.min(call.deadline, Date.now() + connectMs), call.signal);
        const reply = await channel.unary(call);
        this.#endpoints.succeeded(index);
        this.#budget.succeeded();
        return { reply, attempts: attempt };
      } catch (caught) {
        const error = caught as SluiceError;
        const now = Date.now();
        if (error.code === "unavailable") this.#endpoints.failed(index, now);
        const decision = decideRetry(policy, {
          error,
          attempt,
          leftMs: call.deadline - now,
          isElsewhere: error.code === "unavailable" && this.#endpoints.hasOther(index, now),
          draw: Math.random(),
        });
        if (decision.kind === "give-up" || !this.#budget.take()) throw error;
        avoid = index;
        await pause(decision.afterMs, call.signal);
      }
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    if (ms > 0) await delay(ms, undefined, { signal });
  } catch {
    throw toAborted(signal);
  }
}

function headersOf(options: CallOptions): Headers {
  const { traceparent, tracestate, sampled, explain } = options;
  const context = traceparent ?? (sampled === true ? newTraceparent(randomBytes(24)) : undefined);
  return {
    ...(context === undefined ? {} : { [metadataKey.traceparent]: context }),
    ...(tracestate === undefined ? {} : { [metadataKey.tracestate]: tracestate }),
    ...(explain === true ? { [metadataKey.explain]: "1" } : {}),
  };
}

function detailsOf(
  received: Headers,
  sent: Headers,
  elapsedMs: number,
): Omit<ReplyDetails, "attempts"> {
  const timing = received[metadataKey.serverTiming];
  const parts = timing === undefined ? undefined : parseServerTiming(timing);
  const networkMs = elapsedMs - (parts?.["total"] ?? elapsedMs);
  return {
    predictionId: received[metadataKey.predictionId] ?? "",
    traceId: traceIdOf(sent[metadataKey.traceparent]),
    serverTiming: parts === undefined ? undefined : { ...parts, network: Math.max(0, networkMs) },
  };
}
