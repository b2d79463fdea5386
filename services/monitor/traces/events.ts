import type { Meter } from "#core/metric/meter.ts";
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

/** `store` is looked at for as long as anybody asks the meter. */
export function traceEvents(store: TraceStore, modules: { meter: Meter; log: Log }): TraceEvents {
  const { meter, log } = modules;
  const counter = (name: string, help: string) => meter.counter({ name, help }).series();
  const observe = (name: string, help: string, read: () => number) =>
    meter.gauge({ name, help }, (gauge) => {
      gauge.series().value = read();
    });

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
  const dropped = {
    name: "sluice_monitor_trace_spans_dropped_total",
    help: "Spans beyond what one trace may have.",
  };
  meter.observedCounter(dropped, (shown) => {
    shown.series().value = store.spansDropped;
  });
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
