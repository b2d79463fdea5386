import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { FeatureReportSchema, Verdict, WindowSchema } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { colourful, plain, widthOf } from "../output.ts";
import { formatHeatMap } from "./heat-map.ts";
import { Redraw } from "./redraw.ts";

const noon = new Date(2026, 10, 20, 12, 0, 0).getTime();
const options = { paint: plain, now: noon, columns: 80, featuresMax: 20 };
const { OK, WARN, ALARM, INSUFFICIENT } = Verdict;

function feature(name: string, verdict: Verdict, value: number) {
  const statistics = [{ id: "psi.q10.half", value, threshold: 0.1, floor: 0.05, verdict }];
  return create(FeatureReportSchema, { name, verdict, statistics });
}

/** `minute` after noon. */
function window(minute: number, ...features: ReturnType<typeof feature>[]) {
  const startMs = noon + minute * 60_000;
  const times = { startMs: BigInt(startMs), endMs: BigInt(startMs + 60_000) };
  return create(WindowSchema, { ...times, features, outputs: [feature("y", OK, 0.01)] });
}

const windows = [
  window(5, feature("a", OK, 0.01), feature("b", ALARM, 0.8)),
  window(4, feature("a", WARN, 0.08), feature("b", ALARM, 0.2)),
  // Nothing came for a while.
  window(1, feature("a", OK, 0.06), feature("b", INSUFFICIENT, 0.5)),
  window(0, feature("a", OK, 0.01), feature("b", OK, 0)),
];

it("has features below one another, the worst first, windows from left to right", () => {
  expect(formatHeatMap(windows, options).split("\n")).toEqual([
    "  INPUTS",
    "  b        ░· ██    0.8000",
    "  a        ░▒ ▓░    0.0100",
    "  OUTPUTS",
    "  y        ░░ ░░    0.0100",
    "           12:00:00  12:06:00",
    "  ░ ok  ▒ ok, above half its limit  ▓ warn  █ alarm  · too few rows",
    "",
  ]);
});

it("says the same in colours", () => {
  const text = formatHeatMap(windows, { ...options, paint: colourful });
  expect(text).toContain("\x1b[31m█\x1b[39m");
  expect(text).toContain("\x1b[33m▓\x1b[39m");
});

it("fits the terminal: columns show the worst of several windows", () => {
  const many = Array.from({ length: 120 }, (_, minute) =>
    window(minute, feature("a", minute === 60 ? ALARM : OK, minute === 60 ? 0.3 : 0.01)),
  );
  for (const columns of [40, 80, 200]) {
    const lines = formatHeatMap(many, { ...options, columns })
      .trimEnd()
      .split("\n");
    const map = lines.slice(0, -2);
    expect(Math.max(...map.map(widthOf))).toBeLessThanOrEqual(columns);
    expect(map.join("").match(/█/g)).toHaveLength(1);
  }
  expect(formatHeatMap(many, options)).toContain("up to 3 windows a column");
});

it("leaves out calm features, and says so", () => {
  const text = formatHeatMap(windows, { ...options, featuresMax: 1 });
  expect(text).toContain("and 1 more, calmer ones");
  expect(text).not.toContain("  a ");
  expect(formatHeatMap([], options)).toBe("");
});

it("is drawn over the one before and never higher than the screen", () => {
  const written: string[] = [];
  const redraw = new Redraw({
    ...{ write: (text) => void written.push(text), isTerminal: true, paint: plain },
    ...{ columns: () => 80, rows: () => 5 },
  });
  redraw.show("one\ntwo\n");
  redraw.show("1\n2\n3\n4\n5\n6\n");
  expect(written[0]).toMatch(/^\n{4}.*one/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one.
  const second = written[1]?.replaceAll(/\x1b\[[?0-9]*[A-Za-z]/g, "");
  expect(second).toBe("1\n2\n3\n… 3 more lines\n");
});
