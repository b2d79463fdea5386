import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { plain } from "../../cli/output.ts";
import { figures } from "./figures.ts";
import { type FigureOutcome, formatOutcome, reportOf } from "./report.ts";
import { Workbench } from "./workbench.ts";

/** Those that say for now only why they cannot be measured. */
const notYet = ["bulk_vs_raw"];
/** Those that start the project through npm, which is what the clean-room test does. */
const elsewhere = ["start_seconds"];
const testMsMax = 120_000;

describe("the benchmark", () => {
  let bench: Workbench;

  beforeAll(() => {
    const { signal } = new AbortController();
    bench = new Workbench({ pairs: 1, seconds: 0.1, signal, onProgress: () => {} });
  });

  afterAll(async () => {
    await bench[Symbol.asyncDispose]();
  });

  it("has the figures of the design under their names", () => {
    expect(figures.map(({ name }) => name)).toEqual([
      ...["unary_vs_echo", "unary_vs_proxy", "unary_vs_echo_4x4", "gateway_added_p50_us"],
      ...["bulk_vs_raw", "image_vs_echo", "small_beside_large_p99_ms", "batching_gain"],
      ...["events_cost", "trace_cost_1pct", "trace_cost_full", "health_p99_ms"],
      ...["overload_goodput", "overload_goodput_gateway", "monitor_values_per_s"],
      ...["start_seconds", "rss_gateway_mb", "rss_worker_mb", "rss_monitor_mb"],
    ]);
  });

  it.each(figures.filter(({ name }) => !elsewhere.includes(name)))(
    "comes to a number for $name, every reply of it checked",
    { timeout: testMsMax },
    async (figure) => {
      const measured = await figure.measure(bench);
      const { report, verdict }: FigureOutcome = reportOf(figure, measured);
      expect(formatOutcome({ report, verdict }, plain)).toContain(figure.name);
      if (notYet.includes(figure.name)) expect(verdict).toBe("none");
      else expect([report.value, report.min, report.max].every(Number.isFinite)).toBe(true);
    },
  );
});
