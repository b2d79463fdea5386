import { Meter } from "#core/metric/meter.ts";
import { writeExposition } from "#wire/exposition.ts";
import { mergeInSteps } from "#wire/prometheus-text.ts";
import { HttpServer } from "./http.ts";
import { inTurns } from "./in-turns.ts";
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
  /** What is counted in it is served; a histogram's bounds: `durationBounds` or `countBounds`. */
  readonly meter: Meter;
  /** Where `GET /metrics` is served: `host:port` or `unix:/path`. */
  readonly address: string;
  /** This process's own exposition, as it is served. */
  readonly expose: () => Promise<string>;
};

/** Histogram bounds for durations in seconds, from a tenth of a millisecond to ten seconds. */
export const durationBounds: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** Histogram bounds for counts of rows or requests. */
export const countBounds: readonly number[] = [
  1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 16384,
];

/** Series of one family; what is beyond is added up under `otel_metric_overflow`. */
const seriesMax = 10_000;
const drainMsMax = 1_000;

/**
 * Serves the process's metrics in the Prometheus text format. Rejects with a Failure when the
 * address is taken. Disposing stops serving; what is counted then counts for nobody. A scrape is
 * written between other turns of the event loop: all at once, hundreds of histograms would hold it
 * for tens of milliseconds.
 */
export async function openMetrics(options: MetricsOptions): Promise<Metrics> {
  const meter = new Meter({ seriesMax });
  const expose = () => inTurns(joined(writeExposition(meter.collect(), options.labels)));
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
          body: await withOthers(await expose(), options),
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
    },
  };
}

async function withOthers(own: string, options: MetricsOptions): Promise<string> {
  const others = (await options.others?.().catch(() => undefined)) ?? [];
  return others.length === 0 ? own : await inTurns(mergeInSteps([own, ...others]));
}

function* joined(pieces: Iterable<string>): Generator<undefined, string> {
  const all: string[] = [];
  for (const piece of pieces) {
    all.push(piece);
    yield;
  }
  return all.join("");
}
