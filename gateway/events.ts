/**
 * Everything that happens in a gateway and that anybody wants to hear of: counted and logged in
 * one place.
 */
import type { Meter } from "#core/metric/meter.ts";
import type { ModelRef } from "#core/model/name.ts";
import type { Log } from "#platform/log.ts";
import { statusName } from "#wire/status.ts";
import { type AnsweredRequest, RequestMetrics } from "./request-metrics.ts";

export type EndedBulk = {
  /** Undefined where the stream was never opened. */
  readonly ref: ModelRef | undefined;
  readonly status: number;
  readonly seconds: number;
  readonly items: number;
  readonly rows: number;
  /** Of them, those without a prediction. */
  readonly rowsFailed: number;
};

export type GatewayEvents = {
  answered(request: AnsweredRequest): void;
  /**
   * Refused before anything was done for it: overload, upload, queue_full, queue_wait, bytes,
   * quarantined or stopping; or because too many replies are unread.
   */
  refused(reason: string): void;
  /** Given to another worker: not_started, suspect or given_back. */
  retried(ref: ModelRef, reason: string): void;
  linkUp(instance: string): void;
  linkLost(instance: string, loss: { readonly reason: string; readonly requests: number }): void;
  modelChanged(ref: ModelRef, change: { readonly state: string; readonly reason: string }): void;
  /** A bulk stream has ended, with so many of its items answered. */
  bulkEnded(stream: EndedBulk): void;
  /** Labels that came, stored or refused. */
  feedback(model: string, outcome: "stored" | "refused", labels: number): void;
  traceKept(reason: string): void;
  /** The server as a whole has become ready, or no longer is. */
  serving(isServing: boolean): void;
  /** Something the gateway goes on without. */
  trouble(what: string, reason: string): void;
};

export function createEvents(meter: Meter, log: Log): GatewayEvents {
  const counter = (name: string, help: string, ...labels: readonly string[]) =>
    meter.counter({ name, help, labels });
  const requests = new RequestMetrics(meter);
  const refusals = counter("sluice_gateway_refusals_total", "Requests refused at once.", "reason");
  const retries = counter(
    "sluice_gateway_retries_total",
    "Requests given to another worker.",
    ...["model", "version", "reason"],
  );
  const losses = counter("sluice_gateway_link_losses_total", "Links to workers that were lost.");
  const streams = counter(
    "sluice_gateway_bulk_streams_total",
    "Bulk streams ended, by status.",
    ...["model", "version", "status"],
  );
  const labels = counter(
    "sluice_gateway_feedback_labels_total",
    "Labels of predictions that callers sent, stored or refused.",
    ...["model", "outcome"],
  );
  const kept = counter("sluice_gateway_traces_kept_total", "Traces recorded, by reason.", "reason");
  return {
    answered: (request) => requests.answered(request),
    refused: (reason) => refusals.series(reason).add(1),
    retried: ({ model, version }, reason) => retries.series(model, String(version), reason).add(1),
    linkUp: (instance) => log.info("link up", { worker: instance }),
    linkLost: (instance, { reason, requests: underWay }) => {
      losses.series().add(1);
      log.warn("link lost", { worker: instance, reason, requests: underWay });
    },
    modelChanged: ({ model, version }, change) =>
      log.info("model changed", { model, version, ...change }),
    bulkEnded: ({ ref, status, ...told }) => {
      const model = ref?.model ?? "";
      const version = ref === undefined ? "" : String(ref.version);
      streams.series(model, version, statusName(status)).add(1);
      log.info("bulk stream ended", { model, version, status, ...told });
    },
    feedback: (model, outcome, count) => labels.series(model, outcome).add(count),
    traceKept: (reason) => kept.series(reason).add(1),
    serving: (isServing) => log.info(isServing ? "serving" : "not serving"),
    trouble: (what, reason) => log.warn(what, { reason }),
  };
}
