import type { Failure } from "#core/failure.ts";
import { statusName, toStatusCode } from "#wire/status.ts";
import { formatCount, formatDuration, formatNumber } from "../format.ts";
import { alignRows, type Paint } from "../output.ts";
import { Latencies } from "./latencies.ts";

/** What came of a run. */
export class Tally {
  readonly #latencies = new Latencies();
  readonly #errors = new Map<string, { rows: number; message: string }>();
  #requests = 0;
  #rowsSent = 0;
  #rowsAnswered = 0;

  sent(rows: number): void {
    this.#requests += 1;
    this.#rowsSent += rows;
  }

  answered(rows: number, us: number): void {
    this.#rowsAnswered += rows;
    this.#latencies.add(us);
  }

  failed(rows: number, failure: Failure): void {
    const status = statusName(toStatusCode(failure.code));
    const known = this.#errors.get(status);
    const message = known?.message ?? failure.message;
    this.#errors.set(status, { rows: (known?.rows ?? 0) + rows, message });
  }

  get rowsSent(): number {
    return this.#rowsSent;
  }

  get rowsAnswered(): number {
    return this.#rowsAnswered;
  }

  get rowsFailed(): number {
    return [...this.#errors.values()].reduce((sum, { rows }) => sum + rows, 0);
  }

  /** What `--json` prints. */
  toPlain(run: RunFacts): Record<string, unknown> {
    const latencyUs = Object.fromEntries(
      percentiles.map(({ name, share }) => [name, Math.round(this.#latencies.percentileUs(share))]),
    );
    return {
      model: run.model,
      version: run.version,
      seconds: run.elapsedMs / 1000,
      requests: this.#requests,
      rowsSent: this.#rowsSent,
      rowsAnswered: this.#rowsAnswered,
      rowsFailed: this.rowsFailed,
      rowsNotSent: run.rowsTotal - this.#rowsSent,
      errors: Object.fromEntries([...this.#errors].map(([status, { rows }]) => [status, rows])),
      latencyUs: { ...latencyUs, max: Math.round(this.#latencies.maxUs) },
    };
  }

  /** A few lines for people. */
  format(run: RunFacts, paint: Paint): string {
    const seconds = run.elapsedMs / 1000;
    const rate = formatNumber(Math.round((this.#rowsSent / Math.max(seconds, 1e-3)) * 10) / 10);
    const requests = formatCount(this.#requests, "request");
    const sent = `${formatCount(this.#rowsSent, "row")} in ${requests}`;
    const times = percentiles.map(
      ({ name, share }) => `${name} ${formatDuration(this.#latencies.percentileUs(share))}`,
    );
    const max = formatDuration(this.#latencies.maxUs);
    const notSent = run.rowsTotal - this.#rowsSent;
    return alignRows([
      ["sent", `${sent}, ${formatDuration(run.elapsedMs * 1000)}, ${rate} rows/s`],
      ["answered", formatCount(this.#rowsAnswered, "row")],
      ...[...this.#errors].map(([status, { rows, message }]) => [
        paint("red", status),
        `${formatCount(rows, "row")}: ${message}`,
      ]),
      ...(notSent > 0 && !run.isInterrupted
        ? [[paint("yellow", "not sent"), `${formatCount(notSent, "row")}: the server is slower`]]
        : []),
      ...(this.#latencies.count > 0 ? [["latency", `${times.join("  ")}  max ${max}`]] : []),
    ]);
  }
}

export type RunFacts = {
  readonly model: string;
  readonly version: number;
  readonly elapsedMs: number;
  readonly rowsTotal: number;
  readonly isInterrupted: boolean;
};

const percentiles = [
  { name: "p50", share: 0.5 },
  { name: "p90", share: 0.9 },
  { name: "p99", share: 0.99 },
];
