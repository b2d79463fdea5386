import type { Meter } from "@opentelemetry/api";
import type { ModelRef } from "#core/model/name.ts";
import { allVersions, type RoutingTable, versionState } from "#core/routing/table.ts";

/** What is looked at when somebody asks for the metrics. */
export type GatewayGauges = {
  readonly table: () => RoutingTable;
  readonly waiting: (ref: ModelRef) => number;
  readonly requests: () => number;
  readonly bytes: () => number;
  readonly spans: () => { readonly sent: number; readonly dropped: number };
  readonly isBusConnected: () => boolean;
};

/** Adds the metrics that are looked up when somebody asks for them. */
export function observeGateway(meter: Meter, gauges: GatewayGauges): void {
  const gauge = (name: string, description: string) =>
    meter.createObservableGauge(name, { description });
  gauge("sluice_gateway_live_requests", "Requests under way.").addCallback((result) =>
    result.observe(gauges.requests()),
  );
  gauge("sluice_gateway_held_bytes", "Payload bytes of requests under way.").addCallback((result) =>
    result.observe(gauges.bytes()),
  );
  gauge("sluice_gateway_waiting_requests", "Requests that wait for a worker.").addCallback(
    (result) => {
      for (const { model, version } of allVersions(gauges.table())) {
        result.observe(gauges.waiting({ model, version }), { model, version: String(version) });
      }
    },
  );
  gauge("sluice_gateway_replicas", "Workers of a version, by whether linked.").addCallback(
    (result) => {
      for (const { model, version, replicas } of allVersions(gauges.table())) {
        const labels = { model, version: String(version) };
        const linked = replicas.filter((replica) => replica.isConnected).length;
        result.observe(linked, { ...labels, linked: "true" });
        result.observe(replicas.length - linked, { ...labels, linked: "false" });
      }
    },
  );
  gauge("sluice_gateway_model_ready", "1 where the version is ready, else 0.").addCallback(
    (result) => {
      for (const entry of allVersions(gauges.table())) {
        const isReady = versionState(entry).state === "ready";
        result.observe(isReady ? 1 : 0, { model: entry.model, version: String(entry.version) });
      }
    },
  );
  gauge("sluice_gateway_bus_connected", "1 while NATS can be reached, else 0.").addCallback(
    (result) => result.observe(gauges.isBusConnected() ? 1 : 0),
  );
  const spans = meter.createObservableCounter("sluice_gateway_spans_total", {
    description: "Spans sent to a receiver, or dropped.",
  });
  spans.addCallback((result) => {
    const { sent, dropped } = gauges.spans();
    result.observe(sent, { outcome: "sent" });
    result.observe(dropped, { outcome: "dropped" });
  });
}
