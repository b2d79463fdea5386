import type { Meter } from "@opentelemetry/api";
import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { mergeExpositions } from "#wire/prometheus-text.ts";
import { HttpServer } from "./http.ts";
import type { ListenOn } from "./listen.ts";
import { observeProcess } from "./process-metrics.ts";

export type MetricsOptions = {
  /** The process: gateway, worker, monitor. */
  readonly service: string;
  /**
   * Labels that every series of this process carries. What tells two workers apart must be among
   * them, as the gateway serves its workers' series beside its own.
   */
  readonly labels: Readonly<Record<string, string>>;
  readonly listen: ListenOn;
  /**
   * Further expositions, told beside this process's own; what it throws is left out of the answer.
   */
  readonly others?: () => Promise<readonly string[]>;
};

export type Metrics = AsyncDisposable & {
  /**
   * Makes instruments. Names are served as they are given, so they end in their unit; counters end
   * in `_total`. A histogram states its bounds as `advice`: `durationBounds` or `countBounds`.
   */
  readonly meter: Meter;
  /** Where `GET /metrics` is served: `host:port` or `unix:/path`. */
  readonly address: string;
  /** This process's own exposition, as it is served. */
  readonly expose: () => Promise<string>;
};

/** Histogram bounds for durations in seconds, from a tenth of a millisecond to ten seconds. */
export const durationBounds: number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** Histogram bounds for counts of rows or requests. */
export const countBounds: number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 16384];

/** Series of one instrument; beyond, the SDK adds up what is left under `otel_metric_overflow`. */
const seriesMax = 10_000;
const drainMsMax = 1_000;

/**
 * Serves the process's metrics in the Prometheus text format. Rejects with a Failure when the
 * address is taken. Disposing stops serving; instruments may then still be used and count for
 * nobody.
 */
export async function openMetrics(options: MetricsOptions): Promise<Metrics> {
  const reader = new ScrapeReader();
  // The labels are the resource, which the serializer adds to every series.
  const resource = resourceFromAttributes({ ...options.labels });
  const provider = new MeterProvider({ readers: [reader], resource });
  const meter = provider.getMeter("sluice");

  const serializer = new PrometheusSerializer("", false, /./, true, true);
  const expose = async () => {
    const { resourceMetrics } = await reader.collect();
    return serializer.serialize(resourceMetrics);
  };
  const server = await HttpServer.listen({
    listen: options.listen,
    drainMsMax,
    onError: () => {},
    routes: [
      {
        method: "GET",
        path: "/metrics",
        handle: async () => ({
          status: 200,
          type: "text/plain; version=0.0.4; charset=utf-8",
          body: mergeExpositions([await expose(), ...(await othersOf(options))]),
        }),
      },
    ],
  });
  const processMetrics = observeProcess(meter, options.service);
  return {
    meter,
    address: server.address,
    expose,
    async [Symbol.asyncDispose]() {
      processMetrics[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
      await provider.shutdown();
    },
  };
}

async function othersOf(options: MetricsOptions): Promise<readonly string[]> {
  try {
    return (await options.others?.()) ?? [];
  } catch {
    return [];
  }
}

/** Collects when it is asked to, and never by itself. */
class ScrapeReader extends MetricReader {
  constructor() {
    super({ cardinalitySelector: () => seriesMax });
  }

  protected override async onShutdown(): Promise<void> {}

  protected override async onForceFlush(): Promise<void> {}
}
