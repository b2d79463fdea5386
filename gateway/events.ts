/**
 * Everything that happens in a gateway and that anybody wants to hear of: counted and logged in
 * one place.
 */
import type { Meter } from "@opentelemetry/api";
import type { ModelRef } from "#core/model/name.ts";
import type { Log } from "#platform/log.ts";
import { countBounds, durationBounds } from "#platform/metrics.ts";
import { statusName } from "#wire/status.ts";

export type AnsweredRequest = {
  readonly method: string;
  /** Empty where the request never found its model; names come from the repository alone. */
  readonly model: string;
  readonly version: string;
  readonly status: number;
  readonly seconds: number;
  /** Until the first frame left; undefined where none did. */
  readonly waitSeconds: number | undefined;
  readonly rows: number;
};

export type GatewayEvents = {
  answered(request: AnsweredRequest): void;
  /** Refused before anything was done for it: queue_full, bytes, quarantined or stopping. */
  refused(reason: string): void;
  /** Given to another worker: not_started, suspect or given_back. */
  retried(ref: ModelRef, reason: string): void;
  linkUp(instance: string): void;
  linkLost(instance: string, loss: { readonly reason: string; readonly requests: number }): void;
  modelChanged(ref: ModelRef, change: { readonly state: string; readonly reason: string }): void;
  traceKept(reason: string): void;
  serving(): void;
  /** Something the gateway goes on without. */
  trouble(what: string, reason: string): void;
};

export function createEvents(meter: Meter, log: Log): GatewayEvents {
  const counter = (name: string, description: string) => meter.createCounter(name, { description });
  const histogram = (name: string, description: string, bounds: number[]) =>
    meter.createHistogram(name, {
      description,
      advice: { explicitBucketBoundaries: bounds },
    });
  const requests = counter("sluice_gateway_requests_total", "Requests answered, by status.");
  const seconds = histogram(
    "sluice_gateway_request_seconds",
    "From the arrival of a request to its answer.",
    durationBounds,
  );
  const waits = histogram(
    "sluice_gateway_wait_seconds",
    "From the arrival of a request to its leaving for a worker.",
    durationBounds,
  );
  const rows = histogram("sluice_gateway_request_rows", "Rows of a request.", countBounds);
  const refusals = counter("sluice_gateway_refusals_total", "Requests refused at once.");
  const retries = counter("sluice_gateway_retries_total", "Requests given to another worker.");
  const losses = counter("sluice_gateway_link_losses_total", "Links to workers that were lost.");
  const kept = counter("sluice_gateway_traces_kept_total", "Traces recorded, by reason.");
  return {
    answered: ({ method, model, version, status, seconds: took, waitSeconds, rows: count }) => {
      const labels = { method, model, version };
      requests.add(1, { ...labels, status: statusName(status) });
      seconds.record(took, labels);
      if (waitSeconds !== undefined) waits.record(waitSeconds, { model, version });
      if (count > 0) rows.record(count, { model, version });
    },
    refused: (reason) => refusals.add(1, { reason }),
    retried: ({ model, version }, reason) =>
      retries.add(1, { model, version: String(version), reason }),
    linkUp: (instance) => log.info("link up", { worker: instance }),
    linkLost: (instance, { reason, requests: underWay }) => {
      losses.add(1);
      log.warn("link lost", { worker: instance, reason, requests: underWay });
    },
    modelChanged: ({ model, version }, change) =>
      log.info("model changed", { model, version, ...change }),
    traceKept: (reason) => kept.add(1, { reason }),
    serving: () => log.info("serving"),
    trouble: (what, reason) => log.warn(what, { reason }),
  };
}
