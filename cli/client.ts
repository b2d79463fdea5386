import {
  create,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { Failure } from "#core/failure.ts";
import {
  ControlService,
  ListModelsRequestSchema,
  type ModelVersion,
} from "#gen/sluice/control/v1/control_pb.ts";
import {
  GetTraceRequestSchema,
  type GetTraceResponse,
  ListHistoryRequestSchema,
  ListReportsRequestSchema,
  ListTracesRequestSchema,
  type ListTracesResponse,
  MonitorService,
  type Report,
  WatchReportsRequestSchema,
  type Window,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";
import {
  type FeedbackSchema,
  type PredictRequest,
  type PredictResponse,
  PredictService,
  SendFeedbackRequestSchema,
  type SendFeedbackResponse,
} from "#gen/sluice/predict/v1/predict_pb.ts";
import { type CallOptions, RpcClient, type UnaryReply } from "#platform/rpc/client.ts";
import { Unreachable } from "./exit-code.ts";

/** How long an answer may take that needs no inference. */
const answerMsMax = 10_000;
const predictMsMax = 60_000;

/**
 * What a command asks of the gateway. Nobody there is `Unreachable`; all else that goes wrong a
 * Failure.
 */
export class Gateway implements Disposable {
  readonly #peer: Peer;

  constructor(address: string) {
    this.#peer = new Peer(address, "gateway", "--server");
  }

  /** The versions of one model, or of all for an empty name; none where it does not exist. */
  async listModels(model: string = ""): Promise<ModelVersion[]> {
    const request = create(ListModelsRequestSchema, { model });
    const asked = this.#peer.ask(ControlService.method.listModels, request);
    return (await orUndefined(asked))?.message.versions ?? [];
  }

  async predict(
    request: PredictRequest,
    options: Partial<CallOptions> = {},
  ): Promise<UnaryReply<PredictResponse>> {
    const method = PredictService.method.predict;
    return await this.#peer.ask(method, request, { deadlineMs: predictMsMax, ...options });
  }

  /** Resolves when what can be used is stored. At most 10 000 labels. */
  async sendFeedback(
    model: string,
    feedback: MessageInitShape<typeof FeedbackSchema>[],
  ): Promise<SendFeedbackResponse> {
    const request = create(SendFeedbackRequestSchema, { model, feedback });
    return (await this.#peer.ask(PredictService.method.sendFeedback, request)).message;
  }

  [Symbol.dispose](): void {
    this.#peer[Symbol.dispose]();
  }
}

/** What a command asks of the monitor, with the same errors. */
export class Monitor implements Disposable {
  readonly #peer: Peer;

  constructor(address: string) {
    this.#peer = new Peer(address, "monitor", "--monitor");
  }

  /** Of one model, or of all for an empty name. */
  async listReports(model: string): Promise<Report[]> {
    const { listReports } = MonitorService.method;
    const reports: Report[] = [];
    let pageToken = "";
    do {
      const request = create(ListReportsRequestSchema, { model, pageToken });
      const { message } = await this.#peer.ask(listReports, request);
      reports.push(...message.reports);
      pageToken = message.nextPageToken;
    } while (pageToken !== "");
    return reports;
  }

  /** Closed windows, newest first; `decidingOnly` leaves out the statistics that cannot alarm. */
  async listHistory(of: {
    readonly model: string;
    readonly version: number;
    readonly limit: number;
    readonly decidingOnly?: boolean;
  }): Promise<Window[]> {
    const { listHistory } = MonitorService.method;
    const windows: Window[] = [];
    let pageToken = "";
    do {
      const request = create(ListHistoryRequestSchema, {
        ...of,
        limit: of.limit - windows.length,
        pageToken,
      });
      const { message } = await this.#peer.ask(listHistory, request);
      windows.push(...message.windows);
      pageToken = message.nextPageToken;
    } while (pageToken !== "" && windows.length < of.limit);
    return windows;
  }

  /** Every report as it is, then one whenever a window closes or is revised, until it aborts. */
  async *watchReports(model: string, signal: AbortSignal): AsyncGenerator<Report> {
    const request = create(WatchReportsRequestSchema, { model });
    const { rpc } = this.#peer;
    try {
      const replies = rpc.serverStream(MonitorService.method.watchReports, request, { signal });
      for await (const { report } of replies) if (report !== undefined) yield report;
    } catch (error) {
      throw this.#peer.explain(error);
    }
  }

  async listTraces(of: {
    model: string;
    limit: number;
    failed: boolean;
    durationMsMin: number;
  }): Promise<ListTracesResponse> {
    const request = create(ListTracesRequestSchema, of);
    return (await this.#peer.ask(MonitorService.method.listTraces, request)).message;
  }

  /** Undefined where the monitor has no such trace, or not yet. */
  async findTrace(id: string): Promise<GetTraceResponse | undefined> {
    const request = create(GetTraceRequestSchema, { id });
    const asked = this.#peer.ask(MonitorService.method.getTrace, request);
    return (await orUndefined(asked))?.message;
  }

  [Symbol.dispose](): void {
    this.#peer[Symbol.dispose]();
  }
}

/** Undefined for NOT_FOUND. */
async function orUndefined<Reply>(asked: Promise<Reply>): Promise<Reply | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Failure && error.code === "not-found") return undefined;
    throw error;
  }
}

class Peer implements Disposable {
  readonly rpc: RpcClient;
  readonly #what: string;
  readonly #flag: string;

  constructor(address: string, what: string, flag: string) {
    this.rpc = new RpcClient(address);
    this.#what = what;
    this.#flag = flag;
  }

  async ask<Method extends DescMethodUnary>(
    method: Method,
    request: MessageShape<Method["input"]>,
    options: CallOptions = { deadlineMs: answerMsMax },
  ): Promise<UnaryReply<MessageShape<Method["output"]>>> {
    try {
      return await this.rpc.unary(method, request, options);
    } catch (error) {
      throw this.explain(error);
    }
  }

  explain(error: unknown): Failure {
    const failure = Failure.from(error);
    const isSilence = failure.code === "unavailable" || failure.code === "deadline-exceeded";
    if (!isSilence || this.rpc.isConnected) return failure;
    const hint = `start a cluster with \`sluice up\` or name another with ${this.#flag}`;
    return new Unreachable(`no ${this.#what} answers at ${this.rpc.address}: ${hint}`, error);
  }

  [Symbol.dispose](): void {
    this.rpc[Symbol.dispose]();
  }
}
