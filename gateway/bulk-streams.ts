/** All bulk streams of a gateway, and what they share. */
import { toHex } from "#core/hex.ts";
import { formatRef } from "#core/model/name.ts";
import { findNamed, notReady } from "#core/routing/choose-version.ts";
import { versionState } from "#core/routing/table.ts";
import type { BulkOpen } from "#gen/sluice/predict/v1/predict_pb.ts";
import { BytesBudget, type BytesShare } from "#platform/bytes-budget.ts";
import { monotonicMs, wallUs } from "#platform/clock.ts";
import { toStatusReply } from "#platform/rpc/failure-status.ts";
import { metadataKey } from "#wire/metadata.ts";
import { bulkRpc } from "./bulk-item.ts";
import { type BulkLane, BulkLanes, type BulkWork } from "./bulk-lanes.ts";
import { type BulkCall, type BulkEnd, type BulkHost, BulkStream } from "./bulk-stream.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Outcome } from "./exchange.ts";
import type { Links } from "./links.ts";
import { type RecordModules, recordEnd } from "./record-end.ts";
import { endOf } from "./request.ts";
import { gatewayStopping } from "./stopping.ts";
import type { StreamTrace } from "./traces.ts";

export type BulkOptions = {
  /** Bytes of the unanswered items of all streams together. */
  readonly bytesMax: number;
  /** How long items wait while no replica of their version is ready. */
  readonly waitMaxMs: number;
};

export type BulkModules = RecordModules & {
  readonly links: Links;
  readonly dispatcher: Dispatcher;
};

/** What a stream may have unanswered: the first of these there is memory for. */
const windowBytes = [16, 4, 1].map((mebibytes) => mebibytes * 1024 * 1024);

export class BulkStreams {
  readonly #modules: BulkModules;
  readonly #lanes: BulkLanes;
  readonly #budget: BytesBudget;
  readonly #open = new Set<BulkStream>();
  readonly #idleWaiters: (() => void)[] = [];
  #isStopping = false;

  constructor({ bytesMax, waitMaxMs }: BulkOptions, modules: BulkModules) {
    this.#modules = modules;
    this.#lanes = new BulkLanes({ waitMaxMs }, modules);
    this.#budget = new BytesBudget(bytesMax);
  }

  /** Streams under way. */
  get size(): number {
    return this.#open.size;
  }

  /** The handler of PredictBulk, whose messages stay bytes. */
  handle(call: BulkCall): void {
    if (this.#isStopping) {
      this.#modules.events.refused("stopping");
      call.emit("error", toStatusReply(gatewayStopping()));
      return;
    }
    const [traceparent] = call.metadata.get(metadataKey.traceparent);
    const trace = this.#modules.traces.begin(traceparent?.toString());
    const started: Started = { trace, arrivedUs: wallUs(), arrivedMs: monotonicMs() };
    const host: BulkHost = {
      traces: this.#modules.traces,
      find: (open) => this.#find(open),
      reserveWindow: () => this.#reserveWindow(),
      reserve: (bytes) => this.#reserve(bytes),
      onAnswered: (work, outcome) => this.#record(work, outcome),
      onEnded: (ended, end) => {
        this.#forget(ended);
        this.#recordStream(started, end);
      },
    };
    this.#open.add(new BulkStream(call, host));
  }

  /** From now on streams are refused, and those under way told to go on elsewhere. */
  stop(): void {
    this.#isStopping = true;
    for (const stream of [...this.#open]) stream.stop();
  }

  /** Ends what has not ended by itself. */
  abandon(): void {
    for (const stream of [...this.#open]) stream.abandon(gatewayStopping());
  }

  /** Resolves when no stream is under way, or when the signal aborts. */
  async idle(signal: AbortSignal): Promise<void> {
    if (this.size === 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#idleWaiters.push(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  #find({ model, version }: BulkOpen): BulkLane {
    const choice = findNamed(this.#modules.links.table, model, version);
    if (choice.kind === "refused") throw choice.failure;
    const { entry } = choice;
    const { state, reason } = versionState(entry);
    // One that still loads is waited for; one that was kept out would keep its items waiting.
    if (state === "failed" || entry.version === 0) throw notReady(entry, reason);
    return this.#lanes.of({ model: entry.model, version: entry.version });
  }

  #reserveWindow(): { readonly share: BytesShare; readonly bytes: number } {
    let failure: unknown;
    for (const bytes of windowBytes) {
      try {
        return { share: this.#reserve(bytes), bytes };
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  #reserve(bytes: number): BytesShare {
    const share = this.#budget.share();
    share.take(bytes);
    return share;
  }

  #forget(stream: BulkStream): void {
    this.#open.delete(stream);
    if (this.#open.size > 0) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  #record({ request }: BulkWork, outcome: Outcome): void {
    recordEnd(endOf(request, outcome, monotonicMs()), this.#modules);
  }

  #recordStream(started: Started, end: BulkEnd): void {
    const { ref, streamId, items, rows, rowsFailed, status, error } = end;
    const ms = monotonicMs() - started.arrivedMs;
    this.#modules.events.bulkEnded({ ref, status, seconds: ms / 1_000, items, rows, rowsFailed });
    this.#modules.traces.endStream({
      ...{ ...started, rpc: bulkRpc, ms, status, error },
      attributes: {
        "sluice.bulk.stream": toHex(streamId),
        "sluice.bulk.items": items,
        "sluice.rows": rows,
        "sluice.rows_failed": rowsFailed,
        ...(ref === undefined ? {} : { "sluice.bulk.ref": formatRef(ref) }),
      },
    });
  }
}

type Started = Pick<StreamTrace, "trace" | "arrivedUs"> & { readonly arrivedMs: number };
