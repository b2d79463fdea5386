import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Meter } from "#core/metric/meter.ts";
import { writeExposition } from "./exposition.ts";
import { mergeExpositions } from "./prometheus-text.ts";

function exposition(meter: Meter, common: Readonly<Record<string, string>> = {}): string {
  return [...writeExposition(meter.collect(), common)].join("");
}

describe("writing an exposition", () => {
  it("tells families with their help and type, and series with their labels", () => {
    const meter = new Meter({ seriesMax: 100 });
    const labels = ["status"];
    const requests = meter.counter({ name: "requests_total", help: "Requests.", labels });
    requests.series("OK").add(3);
    meter.gauge({ name: "live", help: "Requests under way." }, (live) => {
      live.series().value = 0.5;
    });
    const wait = meter.histogram({
      name: "wait_seconds",
      help: "Waits.",
      bounds: [0.1, 1],
      labels,
    });
    for (const value of [0.125, 0.25, 2]) wait.series("OK").record(value);
    expect(exposition(meter, { worker: "wine-1-0" })).toBe(`# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{status="OK",worker="wine-1-0"} 3
# HELP live Requests under way.
# TYPE live gauge
live{worker="wine-1-0"} 0.5
# HELP wait_seconds Waits.
# TYPE wait_seconds histogram
wait_seconds_bucket{status="OK",worker="wine-1-0",le="0.1"} 0
wait_seconds_bucket{status="OK",worker="wine-1-0",le="1"} 2
wait_seconds_bucket{status="OK",worker="wine-1-0",le="+Inf"} 3
wait_seconds_sum{status="OK",worker="wine-1-0"} 2.375
wait_seconds_count{status="OK",worker="wine-1-0"} 3
`);
  });

  it("writes metrics without any labels, and numbers that are none", () => {
    const meter = new Meter({ seriesMax: 100 });
    const values = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
    for (const [index, value] of values.entries()) {
      meter.gauge({ name: `g${index}`, help: "" }, (gauge) => {
        gauge.series().value = value;
      });
    }
    meter.histogram({ name: "h", help: "", bounds: [] });
    const lines = exposition(meter).split("\n");
    expect(lines.filter((line) => !line.startsWith("#"))).toEqual([
      "g0 +Inf",
      "g1 -Inf",
      "g2 NaN",
      'h_bucket{le="+Inf"} 0',
      "h_sum 0",
      "h_count 0",
      "",
    ]);
  });

  it("leaves out families without series", () => {
    const meter = new Meter({ seriesMax: 100 });
    meter.counter({ name: "requests_total", help: "Requests.", labels: ["status"] });
    expect(exposition(meter)).toBe("");
  });

  it("says of what is beyond the limit that it is", () => {
    const meter = new Meter({ seriesMax: 1 });
    const counter = meter.counter({ name: "requests_total", help: "", labels: ["model"] });
    for (const model of ["a", "b", "c"]) counter.series(model).add(1);
    expect(exposition(meter)).toContain('requests_total{otel_metric_overflow="true"} 2\n');
  });

  it("lets nothing in a label or a help text break a line", () => {
    const text = fc.string({
      unit: fc.constantFrom("\\", '"', "\n", "{", "}", ",", "=", " ", "a"),
    });
    const property = fc.property(text, fc.uniqueArray(text), (help, values) => {
      const meter = new Meter({ seriesMax: 100 });
      const gauge = meter.gauge({ name: "g", help: `h${help}`, labels: ["value"] });
      for (const value of values) gauge.series(value).value = 1;
      const written = exposition(meter);
      const lines = written.split("\n").filter((line) => line.startsWith("g{"));
      expect(lines.map(labelValueOf)).toEqual(values);
      // A reader that knows the format finds each series once.
      expect(mergeExpositions([written])).toBe(written);
    });
    fc.assert(property);
  });

  it("comes in pieces that are soon written", () => {
    const meter = new Meter({ seriesMax: 10_000 });
    const bounds = Array.from({ length: 16 }, (_, index) => index);
    const family = meter.histogram({ name: "h", help: "", labels: ["model"], bounds });
    for (let index = 0; index < 500; index += 1) family.series(`model-${index}`).record(1);
    const pieces = [...writeExposition(meter.collect(), {})];
    expect(pieces.length).toBeGreaterThan(4);
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(80_000);
  });
});

/** What stands between the quotes of the only label. */
function labelValueOf(line: string): string {
  const escaped = /^g\{value="((?:[^"\\]|\\.)*)"\} 1$/.exec(line)?.[1] ?? "(unreadable)";
  return escaped.replace(/\\(.)/g, (_, letter: string) => (letter === "n" ? "\n" : letter));
}
