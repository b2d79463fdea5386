import type { ClosedBy } from "#core/batching/batcher.ts";
import type { Counter, Meter } from "#core/metric/meter.ts";
import type { CounterSeries, HistogramSeries } from "#core/metric/series.ts";
import type { Log } from "#platform/log.ts";
import { countBounds, durationBounds } from "#platform/metrics.ts";
import { statusName } from "#wire/status.ts";
import type { ModelState } from "./model-slot.ts";
import type { WorkMethod, WorkTimings } from "./work.ts";

/** What becomes of an answered row. */
export type EventOutcome = "included" | "sampled_out" | "dropped";

/** What the gauges show whenever they are read. */
export type WorkerGauges = {
  readonly inFlight: () => number;
  readonly waitingRows: () => number;
  readonly links: () => number;
  readonly isReady: () => boolean;
  readonly eventBufferBytes: () => number;
  readonly spansDropped: () => number;
};

/**
 * Everything that happens in a worker and that someone may want to know: counted, logged, never
 * thrown.
 */
export class WorkerEvents {
  readonly #log: Log;
  readonly #requests: Counter;
  /** Of `#requests`, by method and gRPC status. */
  readonly #requestsOf = new Map<WorkMethod, CounterSeries[]>();
  readonly #rows: CounterSeries;
  readonly #batches: Counter;
  readonly #batchRows: HistogramSeries;
  readonly #bisections: CounterSeries;
  readonly #durations: Record<keyof WorkTimings, HistogramSeries>;
  readonly #messages: Record<"published" | "dropped", CounterSeries>;
  readonly #eventRows: Record<EventOutcome, CounterSeries>;
  readonly #violations: CounterSeries;
  readonly #meter: Meter;

  constructor(modules: { readonly log: Log; readonly meter: Meter }) {
    const { log, meter } = modules;
    this.#log = log;
    this.#meter = meter;
    const counter = (name: string, help: string, ...labels: readonly string[]) =>
      meter.counter({ name, help, labels });
    const histogram = (name: string, help: string, bounds = durationBounds) =>
      meter.histogram({ name, help, bounds }).series();
    this.#requests = counter(
      "sluice_worker_requests_total",
      "Requests ended, by status.",
      ...["method", "status"],
    );
    this.#rows = counter("sluice_worker_rows_total", "Rows predicted.").series();
    this.#batches = counter(
      "sluice_worker_batches_total",
      "Batches run, by what closed them.",
      "closed_by",
    );
    this.#batchRows = histogram("sluice_worker_batch_rows", "Rows in a batch.", countBounds);
    this.#bisections = counter(
      "sluice_worker_batch_splits_total",
      "Failed batches run in halves.",
    ).series();
    this.#durations = {
      decodeUs: histogram("sluice_worker_decode_seconds", "Time to decode and check a request."),
      queueUs: histogram(
        "sluice_worker_queue_seconds",
        "Time a request waited for its batch to start.",
      ),
      runUs: histogram(
        "sluice_worker_run_seconds",
        "Time of the model run a request took part in.",
      ),
      encodeUs: histogram("sluice_worker_encode_seconds", "Time to encode a reply."),
    };
    const messages = counter(
      "sluice_worker_event_messages_total",
      "Event messages, by outcome.",
      "outcome",
    );
    this.#messages = {
      published: messages.series("published"),
      dropped: messages.series("dropped"),
    };
    const rows = counter(
      "sluice_worker_event_rows_total",
      "Answered rows, by outcome for events.",
      "outcome",
    );
    this.#eventRows = {
      included: rows.series("included"),
      sampled_out: rows.series("sampled_out"),
      dropped: rows.series("dropped"),
    };
    this.#violations = counter(
      "sluice_worker_link_violations_total",
      "Links ended for breaking rules.",
    ).series();
  }

  /** Shows what the gauges read; call once, when everything they look at exists. */
  observe(gauges: WorkerGauges): void {
    const gauge = (name: string, help: string, read: () => number) =>
      this.#meter.gauge({ name, help }, (shown) => {
        shown.series().value = read();
      });
    gauge("sluice_worker_in_flight_requests", "Requests held.", gauges.inFlight);
    gauge("sluice_worker_waiting_rows", "Rows that wait for a batch.", gauges.waitingRows);
    gauge("sluice_worker_links", "Gateways connected.", gauges.links);
    gauge("sluice_worker_model_ready", "1 when the model answers.", () => Number(gauges.isReady()));
    gauge("sluice_worker_event_buffer_bytes", "Events that wait.", gauges.eventBufferBytes);
    const dropped = {
      name: "sluice_worker_spans_dropped_total",
      help: "Spans given up because nobody took them.",
    };
    this.#meter.observedCounter(dropped, (counter) => {
      counter.series().value = gauges.spansDropped();
    });
  }

  stateChanged(state: ModelState): void {
    const { kind } = state;
    if (kind === "failed") this.#log.error("model kept out", { reason: state.reason });
    else if (kind === "ready") {
      const { batched, inputs, outputs } = state.host.spec;
      const unbatched = batched.enabled ? undefined : batched.reason;
      const names = {
        inputs: inputs.map(({ name }) => name),
        outputs: outputs.map(({ name }) => name),
      };
      this.#log.info("model ready", { digest: state.host.digest, unbatched, ...names });
    } else this.#log.info(`model ${kind}`);
  }

  textsUnwatched(features: readonly string[], reason: string): void {
    this.#log.warn("texts are watched without their words", { features, reason });
  }

  linkOpened(gateway: string): void {
    this.#log.info("link opened", { gateway });
  }

  linkClosed(gateway: string, abandoned: number): void {
    this.#log.info("link closed", { gateway, abandoned });
  }

  linkViolated(gateway: string, reason: string): void {
    this.#violations.add(1);
    this.#log.warn("link broken by the gateway", { gateway, reason });
  }

  /** One that nobody waited for to the end counts as CANCELLED. */
  requestEnded(answer: {
    readonly method: WorkMethod;
    readonly status: number;
    readonly rows: number;
    readonly timings: WorkTimings;
  }): void {
    const { method, status, rows, timings } = answer;
    this.#requestsEnded(method, status).add(1);
    if (status !== 0) return;
    this.#rows.add(rows);
    this.#durations.decodeUs.record(timings.decodeUs / 1e6);
    this.#durations.queueUs.record(timings.queueUs / 1e6);
    this.#durations.runUs.record(timings.runUs / 1e6);
    this.#durations.encodeUs.record(timings.encodeUs / 1e6);
  }

  batchStarted(rows: number, closedBy: ClosedBy): void {
    this.#batches.series(closedBy).add(1);
    this.#batchRows.record(rows);
  }

  batchSplit(requests: number, reason: string): void {
    this.#bisections.add(1);
    this.#log.warn("batch failed, running its halves", { requests, reason });
  }

  eventRows(outcome: EventOutcome, rows: number): void {
    if (rows > 0) this.#eventRows[outcome].add(rows);
  }

  eventPublished(): void {
    this.#messages.published.add(1);
  }

  eventDropped(rows: number, reason: string): void {
    this.#messages.dropped.add(1);
    this.eventRows("dropped", rows);
    this.#log.debug("event dropped", { rows, reason });
  }

  publishingFailed(reason: string): void {
    this.#log.warn("events wait: they cannot be published", { reason });
  }

  publishingResumed(): void {
    this.#log.info("events are published again");
  }

  backgroundFailed(what: string, reason: string): void {
    this.#log.warn(`${what} failed`, { reason });
  }

  stopped(): void {
    this.#log.info("stopped");
  }

  crashed(reason: string): void {
    this.#log.error("ending the process", { reason });
  }

  #requestsEnded(method: WorkMethod, status: number): CounterSeries {
    let ofMethod = this.#requestsOf.get(method);
    if (ofMethod === undefined) {
      ofMethod = [];
      this.#requestsOf.set(method, ofMethod);
    }
    const series = ofMethod[status] ?? this.#requests.series(method, statusName(status));
    ofMethod[status] = series;
    return series;
  }
}
