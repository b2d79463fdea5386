/**
 * The metrics of several gateway processes as one exposition: counters and histograms added up,
 * gauges of each by the label `gateway`, and the series of the workers beside them once. It is this
 * process that answers because it alone outlives every gateway: what one had counted when it was
 * last asked stays in the sum when it ends, so that the sum never falls and nobody takes that for a
 * new start from zero.
 */
import { fetchExposition } from "#platform/exposition.ts";
import { HttpServer } from "#platform/http.ts";
import { inTurns } from "#platform/in-turns.ts";
import type { ListenOn } from "#platform/listen.ts";
import { countsOf, mergeInSteps, sumExpositions, sumInSteps } from "#wire/prometheus-text.ts";

export type GatewayMetricsOptions = {
  readonly listen: ListenOn;
  /** Where each gateway tells its own metrics, by its number. */
  readonly gateways: readonly string[];
  /** Where the workers tell theirs. */
  readonly workers: readonly string[];
  /** What is known here. */
  readonly own: () => string;
};

const label = "gateway";
const askMsMax = 2_000;
const drainMsMax = 200;

export class GatewayMetrics implements AsyncDisposable {
  readonly #options: GatewayMetricsOptions;
  /** What each running gateway told last, and how often it has ended. */
  readonly #last: { text: string; endings: number }[];
  /** Of those that ended. */
  #past = "";
  #asking: Promise<string> | undefined;
  #server: HttpServer | undefined;

  private constructor(options: GatewayMetricsOptions) {
    this.#options = options;
    this.#last = options.gateways.map(() => ({ text: "", endings: 0 }));
  }

  /** Serves `GET /metrics`. A taken address is a Failure of one line. */
  static async listen(options: GatewayMetricsOptions): Promise<GatewayMetrics> {
    const metrics = new GatewayMetrics(options);
    metrics.#server = await HttpServer.listen({
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
            body: await metrics.expose(),
          }),
        },
      ],
    });
    return metrics;
  }

  /** `host:port`. */
  get address(): string {
    return this.#server?.address ?? "";
  }

  /** Those who ask at once share an answer. A process that does not answer is told of as before. */
  async expose(): Promise<string> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return await this.#asking;
  }

  /** A gateway has ended; what it counted stays. */
  ended(index: number): void {
    const last = this.#last[index];
    if (last === undefined) return;
    this.#past = sumExpositions([this.#past, countsOf(last.text)], label);
    last.text = "";
    last.endings += 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }

  async #ask(): Promise<string> {
    const { gateways, workers, own } = this.#options;
    const asked = gateways.map((address, index) => this.#askGateway(address, index));
    const told = Promise.allSettled(workers.map((address) => fetchExposition(address, askMsMax)));
    await Promise.all(asked);
    const ofWorkers = (await told).flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    // In turns, so that connections go on being accepted in between.
    const parts = [...this.#last.map(({ text }) => text), this.#past];
    const sum = await inTurns(sumInSteps(parts, label));
    return await inTurns(mergeInSteps([sum, own(), ...ofWorkers]));
  }

  async #askGateway(address: string, index: number): Promise<void> {
    const last = this.#last[index];
    const endings = last?.endings;
    const text = await fetchExposition(address, askMsMax).catch(() => undefined);
    // What an earlier run of it told is in the past by now.
    if (last !== undefined && text !== undefined && last.endings === endings) last.text = text;
  }
}
