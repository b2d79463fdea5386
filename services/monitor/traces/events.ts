import type { Meter } from "@opentelemetry/api";
import type { TraceStore } from "#core/trace/trace-store.ts";
import type { Log } from "#platform/log.ts";

/**
 * What happens to the spans that are sent to the monitor: each is counted, none of these throws.
 */
export type TraceEvents = {
  readonly spansReceived: (spans: number) => void;
  /** Spans that no trace can take, as their ids are invalid. */
  readonly spansRejected: (spans: number) => void;
  readonly requestRefused: (reason: string) => void;
};

/** `store` is observed for as long as the meter's provider lives. */
export function traceEvents(store: TraceStore, modules: { meter: Meter; log: Log }): TraceEvents {
  const { meter, log } = modules;
  const counter = (name: string, description: string) => meter.createCounter(name, { description });
  const observe = (name: string, description: string, read: () => number) =>
    meter.createObservableGauge(name, { description }).addCallback((to) => to.observe(read()));

  const received = counter(
    "sluice_monitor_trace_spans_received_total",
    "Spans that came to the OTLP receiver.",
  );
  const rejected = counter(
    "sluice_monitor_trace_spans_rejected_total",
    "Spans without a valid trace id or span id.",
  );
  const refused = counter(
    "sluice_monitor_trace_requests_refused_total",
    "Requests to the OTLP receiver that could not be read.",
  );
  for (const each of [received, rejected, refused]) each.add(0);
  meter
    .createObservableCounter("sluice_monitor_trace_spans_dropped_total", {
      description: "Spans beyond what one trace may have.",
    })
    .addCallback((to) => to.observe(store.spansDropped));
  observe("sluice_monitor_trace_store_traces", "Traces held.", () => store.traces);
  observe("sluice_monitor_trace_store_spans", "Spans held.", () => store.spans);
  observe("sluice_monitor_trace_store_bytes", "Memory the traces take.", () => store.bytes);
  return {
    spansReceived: (spans) => received.add(spans),
    spansRejected: (spans) => rejected.add(spans),
    requestRefused: (reason) => {
      refused.add(1);
      log.debug("spans refused", { reason });
    },
  };
}
