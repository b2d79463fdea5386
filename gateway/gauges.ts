import type { Meter } from "#core/metric/meter.ts";
import type { ModelRef } from "#core/model/name.ts";
import { allVersions, type RoutingTable, versionState } from "#core/routing/table.ts";

/** What is looked at when somebody asks for the metrics. */
export type GatewayGauges = {
  readonly table: () => RoutingTable;
  readonly waiting: (ref: ModelRef) => number;
  readonly requests: () => number;
  readonly bytes: () => number;
  readonly bulkStreams: () => number;
  readonly spans: () => { readonly sent: number; readonly dropped: number };
  readonly isBusConnected: () => boolean;
  readonly isShedding: () => boolean;
  readonly uploadBytes: () => number;
  readonly unreadBytes: () => number;
};

/** Adds the metrics that are looked up when somebody asks for them. */
export function observeGateway(meter: Meter, gauges: GatewayGauges): void {
  const one = (name: string, help: string, read: () => number) =>
    meter.gauge({ name, help }, (gauge) => {
      gauge.series().value = read();
    });
  one("sluice_gateway_live_requests", "Requests under way.", gauges.requests);
  one("sluice_gateway_held_bytes", "Payload bytes of requests under way.", gauges.bytes);
  one("sluice_gateway_bulk_streams", "Bulk streams under way.", gauges.bulkStreams);
  one("sluice_gateway_bus_connected", "1 while NATS can be reached, else 0.", () =>
    gauges.isBusConnected() ? 1 : 0,
  );
  one("sluice_gateway_upload_bytes", "Bytes of requests that are arriving.", gauges.uploadBytes);
  one("sluice_gateway_unread_bytes", "Bytes of replies callers have not read.", gauges.unreadBytes);
  one("sluice_gateway_shedding", "1 while requests are refused for being too many.", () =>
    gauges.isShedding() ? 1 : 0,
  );
  observeVersions(meter, gauges);
  const spans = {
    name: "sluice_gateway_spans_total",
    help: "Spans sent to a receiver, or dropped.",
    labels: ["outcome"],
  };
  meter.observedCounter(spans, (counter) => {
    const { sent, dropped } = gauges.spans();
    counter.series("sent").value = sent;
    counter.series("dropped").value = dropped;
  });
}

function observeVersions(meter: Meter, gauges: GatewayGauges): void {
  const labels = ["model", "version"];
  const waiting = meter.gauge({
    name: "sluice_gateway_waiting_requests",
    help: "Requests that wait for a worker.",
    labels,
  });
  const replicas = meter.gauge({
    name: "sluice_gateway_replicas",
    help: "Workers of a version, by whether linked.",
    labels: [...labels, "linked"],
  });
  const ready = meter.gauge({
    name: "sluice_gateway_model_ready",
    help: "1 where the version is ready, else 0.",
    labels,
  });
  meter.observe([waiting, replicas, ready], () => {
    for (const entry of allVersions(gauges.table())) {
      const { model } = entry;
      const version = String(entry.version);
      const linked = entry.replicas.filter((replica) => replica.isConnected).length;
      waiting.series(model, version).value = gauges.waiting(entry);
      replicas.series(model, version, "true").value = linked;
      replicas.series(model, version, "false").value = entry.replicas.length - linked;
      ready.series(model, version).value = versionState(entry).state === "ready" ? 1 : 0;
    }
  });
}
