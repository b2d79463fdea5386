import { expect, it } from "vitest";
import { toHalf } from "../tensor/half.ts";
import type { Task } from "./resolve-task.ts";
import { columnsOf, outputsOfEvent, outputsOfToken, RowReader } from "./row-reader.ts";

const nulls = new Uint8Array(0);
const columns = outputsOfEvent([
  {
    ...{ name: "label", kind: "output", dtype: "INT64", nulls },
    values: { kind: "texts", dictionary: ["yes", "no", "?"], codes: [1, 0, 2] },
  },
  {
    ...{ name: "p.yes", kind: "output", dtype: "FP16", nulls },
    values: { kind: "numbers", data: Uint16Array.of(toHalf(0.25), toHalf(0.75), toHalf(1)) },
  },
  {
    ...{ name: "n", kind: "output", dtype: "INT64", nulls },
    values: { kind: "numbers", data: BigInt64Array.of(1n, 2n, 3n) },
  },
  {
    ...{ name: "x", kind: "feature", dtype: "FP64", nulls },
    values: { kind: "numbers", data: Float64Array.of(1, 2, 3) },
  },
]);
const two: Task = {
  ...{ kind: "classification", target: "label", classes: ["no", "yes"], scores: ["p.yes"] },
};

function readAll(task: Task, outputs = columns) {
  const read = new RowReader(task).open(outputs);
  if (read === undefined) return undefined;
  return [0, 1, 2].map((place) => {
    const { predicted, scores } = read(place);
    return [predicted, ...scores];
  });
}

it("reads classes by their codes, with their scores", () => {
  const [first, second, third] = readAll(two) ?? [];
  expect([first, second]).toEqual([
    [0, 0.25],
    [1, 0.75],
  ]);
  expect(third?.[0]).toBeGreaterThan(1);
});

it("reads the same off a token", () => {
  const token = outputsOfToken([
    { name: "label", values: ["no", "yes", "?"] },
    { name: "p.yes", values: [0.25, 0.75, 1] },
  ]);
  expect(readAll(two, token)).toEqual(readAll(two));
  expect(columnsOf(token)).toEqual([
    { name: "label", isText: true },
    { name: "p.yes", isText: false },
  ]);
});

it("takes the class of the highest score where none is named", () => {
  const scores = ["n", "p.yes"];
  const task: Task = { kind: "classification", target: undefined, classes: ["a", "b"], scores };
  expect(readAll(task)?.map(([predicted]) => predicted)).toEqual([0, 0, 0]);
});

it("reads numbers of every type", () => {
  expect(readAll({ kind: "regression", target: "n" })).toEqual([[1], [2], [3]]);
});

it("reads nothing where an output is missing or of another kind", () => {
  expect(readAll({ kind: "regression", target: "label" })).toBeUndefined();
  expect(readAll({ ...two, target: "other" })).toBeUndefined();
  expect(readAll({ ...two, target: undefined, scores: ["other"] })).toBeUndefined();
  expect(readAll({ ...two, scores: ["other"] })?.[0]).toEqual([0, Number.NaN]);
});

it("takes labels as classes, by name or number, or as values", () => {
  const classes = new RowReader(two);
  expect([classes.labelOf("yes"), classes.labelOf(1), classes.labelOf("no")]).toEqual([1, 1, 0]);
  expect(classes.labelOf(7)).toBe(classes.labelOf("7"));
  const numbered = new RowReader({ ...two, classes: ["1", "0"] });
  expect(numbered.labelOf(1)).toBe(0);
  const values = new RowReader({ kind: "regression", target: "n" });
  expect([
    values.labelOf(1.5),
    values.labelOf(" 2 "),
    values.labelOf("x"),
    values.labelOf(""),
  ]).toEqual([1.5, 2, undefined, undefined]);
});
