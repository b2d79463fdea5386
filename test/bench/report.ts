import { alignRows, type Paint } from "../../cli/output.ts";
import type { Figure, Measured } from "./figure.ts";
import type { Machine } from "./machine.ts";
import { median } from "./statistics.ts";

/** A figure as the JSON file has it. */
export type FigureReport = {
  readonly name: string;
  /** The median; null where it could not be measured. */
  readonly value: number | null;
  readonly unit: string;
  readonly goal: number;
  readonly better: "higher" | "lower";
  readonly min: number | null;
  readonly max: number | null;
  /** Begins with `client-bound` or another doubt where the value does not count. */
  readonly note: string;
};

export type Verdict = "pass" | "short" | "doubtful" | "none";

export type BenchReport = { readonly machine: Machine; readonly figures: readonly FigureReport[] };

export type FigureOutcome = { readonly report: FigureReport; readonly verdict: Verdict };

export function reportOf(figure: Figure, measured: Measured): FigureOutcome {
  const { name, unit, goal, better } = figure;
  const common = { name, unit, goal, better };
  if (measured.kind === "not-measurable") {
    const report = { ...common, value: null, min: null, max: null, note: measured.reason };
    return { report, verdict: "none" };
  }
  const { values, note, doubt } = measured;
  const value = median(values);
  const report: FigureReport = {
    ...{ name, value: rounded(value), unit, goal, better },
    ...{ min: rounded(Math.min(...values)), max: rounded(Math.max(...values)) },
    note: doubt === undefined ? note : `${doubt}; ${note}`,
  };
  const isReached = better === "higher" ? value >= goal : value <= goal;
  if (doubt !== undefined) return { report, verdict: "doubtful" };
  return { report, verdict: isReached ? "pass" : "short" };
}

const marks = {
  pass: ["green", "✓ pass"],
  short: ["red", "✗ short"],
  doubtful: ["yellow", "? doubtful"],
  none: ["dim", "– none"],
} as const satisfies Record<Verdict, unknown>;

/** Two lines for a figure: the numbers, and what they are made of. */
export function formatOutcome({ report, verdict }: FigureOutcome, paint: Paint): string {
  const { name, value, goal, better, unit, min, max, note } = report;
  const [colour, mark] = marks[verdict];
  const range = value === null ? "" : `${number(min)} … ${number(max)}`;
  const cells = [
    paint("bold", name.padEnd(26)),
    number(value).padStart(10),
    unit.padEnd(8),
    `${better === "higher" ? "≥" : "≤"} ${number(goal)}`.padEnd(12),
    paint(colour, mark.padEnd(10)),
    paint("dim", range),
  ];
  return `${alignRows([cells])}${paint("dim", `    ${note}`)}\n`;
}

export function formatMachine(machine: Machine): string {
  const { cpu, cores, memoryGb, os, node, grpcJs, onnxRuntime, othersBusy } = machine;
  const first = `${cores} cores (${cpu}), ${memoryGb} GB, ${os}`;
  const second = `Node ${node}, grpc-js ${grpcJs}, ONNX Runtime ${onnxRuntime}`;
  const others = `others used ${Math.round(othersBusy * 100)} % of it just before`;
  return `${first}\n${second}\n${others}\n`;
}

function number(value: number | null): string {
  if (value === null) return "–";
  return Math.abs(value) >= 100_000 ? value.toExponential(2) : String(value);
}

/** To four digits: more would only be noise. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
