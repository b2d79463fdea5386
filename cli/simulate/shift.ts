import type { Baseline } from "#core/drift/baseline.ts";
import { Failure } from "#core/failure.ts";
import { formatRef } from "#core/model/name.ts";
import { quote } from "#core/quote.ts";
import type { Feature } from "#gen/sluice/control/v1/model_pb.ts";
import { type Cell, checkFeatureNames, parseCell, type Row } from "../cells.ts";
import { UsageError } from "../exit-code.ts";

/** What happens to every value of one feature. */
export type Shift = { readonly feature: string; readonly change: Change };

type Change =
  | { readonly kind: "deviations"; readonly count: number }
  | { readonly kind: "add"; readonly amount: number }
  | { readonly kind: "multiply"; readonly factor: number }
  | { readonly kind: "set"; readonly cell: Cell };

const number = "[0-9]+(?:\\.[0-9]*)?(?:e[-+]?[0-9]+)?|\\.[0-9]+";
const deviations = new RegExp(`^([-+](?:${number}))\\s*sd$`, "i");
const addition = new RegExp(`^[-+](?:${number})$`, "i");
const multiplication = new RegExp(`^[x×*]\\s*(-?(?:${number}))$`, "i");

/**
 * Reads shifts as they are written: `bmi=+1sd` (standard deviations of the baseline), `age=+5`,
 * `age=-5`, `bmi=x2`, `home==rent`. Throws a UsageError that names what is wrong.
 */
export function parseShifts(features: readonly Feature[], texts: readonly string[]): Shift[] {
  const pairs = texts.map((text) => {
    const at = text.indexOf("=");
    if (at > 0) return { name: text.slice(0, at), change: text.slice(at + 1) };
    throw new UsageError(`--shift ${quote(text)} is not of the form feature=change`);
  });
  checkFeatureNames(
    features,
    pairs.map(({ name }) => name),
  );
  return pairs.map(({ name, change }) => {
    const feature = features.find((each) => each.name === name) as Feature;
    return { feature: name, change: parseChange(feature, change) };
  });
}

/**
 * A function that shifts a row, its cells in the order of the features. Whole numbers stay whole;
 * missing values stay missing, but for `==`. Throws a Failure where a deviation is asked for that
 * no baseline has.
 */
export function shifter(
  features: readonly Feature[],
  shifts: readonly Shift[],
  baseline: Baseline | undefined,
): (row: Row) => Row {
  const moves = features.map((feature) => {
    const shift = shifts.find((each) => each.feature === feature.name);
    return shift === undefined ? undefined : toMove(feature, shift.change, baseline);
  });
  if (moves.every((move) => move === undefined)) return (row) => row;
  return (row) => row.map((cell, index) => moves[index]?.(cell) ?? cell);
}

function parseChange(feature: Feature, text: string): Change {
  const isNumber = feature.datatype !== "BYTES";
  const forms = "+1sd, +5, -5, x2 or =5";
  const refusal = `--shift ${feature.name}=${text}: expected a change such as ${forms}`;
  if (text === "") throw new UsageError(refusal);
  const count = deviations.exec(text)?.[1];
  if (isNumber && count !== undefined) return { kind: "deviations", count: Number(count) };
  if (isNumber && addition.test(text)) return { kind: "add", amount: Number(text) };
  const factor = multiplication.exec(text)?.[1];
  if (isNumber && factor !== undefined) return { kind: "multiply", factor: Number(factor) };
  try {
    return { kind: "set", cell: parseCell(feature, text.replace(/^=/, "")) };
  } catch {
    throw new UsageError(refusal);
  }
}

function toMove(
  feature: Feature,
  change: Change,
  baseline: Baseline | undefined,
): (cell: Cell) => Cell {
  const isWhole = /^U?INT|^BOOL$/.test(feature.datatype);
  const move = (to: (value: number) => number) => (cell: Cell) => {
    if (cell === null || typeof cell === "string") return cell;
    const moved = to(Number(cell));
    return isWhole ? Math.round(moved) : moved;
  };
  switch (change.kind) {
    case "set":
      return () => change.cell;
    case "add":
      return move((value) => value + change.amount);
    case "multiply":
      return move((value) => value * change.factor);
    case "deviations": {
      const amount = change.count * deviationOf(feature, baseline);
      return move((value) => value + amount);
    }
  }
}

function deviationOf(feature: Feature, baseline: Baseline | undefined): number {
  const known = baseline?.features.find(({ name }) => name === feature.name);
  const moments = known?.type === "number" ? known.moments : undefined;
  if (moments !== undefined) return moments.sd;
  const where = baseline === undefined ? "there is no baseline.json" : `${formatRef(baseline)}`;
  const problem = `no standard deviation of ${quote(feature.name)}`;
  throw new Failure("failed-precondition", `${problem}: ${where} has none; shift by a number`);
}
