import { expect, it } from "vitest";
import { resolveTask, type Task } from "./resolve-task.ts";

const nothing = { task: undefined, target: undefined, classes: undefined };
type Settings = Parameters<typeof resolveTask>[0]["settings"];

/** Columns are numbers unless they begin with a quote. */
function resolve(names: string, settings: Partial<Settings> = {}, labels: string[] = []) {
  const columns = names.split(" ").map((name) => ({
    name: name.replace(/^"/, ""),
    isText: name.startsWith('"'),
  }));
  const declared = labels.length === 0 ? [] : [{ name: "label", labels }];
  return resolveTask({ settings: { ...nothing, ...settings }, declared }, columns);
}

const classes = (names: string[], scores: string[]): Task => ({
  ...{ kind: "classification", target: "label", classes: names, scores },
});

const argmax = (names: string[], scores: string[]): Task => ({
  ...{ kind: "classification", target: undefined, classes: names, scores },
});

it.each<[string, Partial<Settings>, string[], Task]>([
  ['"label p.no p.yes', {}, [], classes(["no", "yes"], ["p.yes"])],
  ['"label p.no p.yes', { classes: ["yes", "no"] }, [], classes(["yes", "no"], ["p.no"])],
  ['"label p.a p.b p.c', {}, [], classes(["a", "b", "c"], ["p.a", "p.b", "p.c"])],
  ['"label p.a p.b', { classes: ["a", "b", "c"] }, [], classes(["a", "b", "c"], [])],
  ['"label x', {}, ["a", "b"], classes(["a", "b"], [])],
  ['"label', {}, [], classes([], [])],
  ["p.0 p.1", {}, [], argmax(["0", "1"], ["p.0", "p.1"])],
  ['"other "label', { target: "label" }, [], classes([], [])],
  ["value", {}, [], { kind: "regression", target: "value" }],
  ["value e.mean e.sd e.norm", {}, [], { kind: "regression", target: "value" }],
  ["a b", { target: "b" }, [], { kind: "regression", target: "b" }],
  ['"label v', { task: "regression" }, [], { kind: "regression", target: "v" }],
])("%s with %j are %j", (names, settings, labels, task) => {
  expect(resolve(names, settings, labels)).toEqual(task);
});

it.each<[string, Partial<Settings>, RegExp]>([
  ["a b", {}, /2 outputs are numbers/],
  ["e.mean e.sd e.norm", {}, /0 outputs are numbers/],
  ["a", { task: "none" }, /is none/],
  ["a", { target: "b" }, /there is no output b/],
  ["a", { task: "classification" }, /no output names a class/],
  ["a", { task: "classification", classes: ["x", "y"] }, /none has a probability for each/],
  ['"label', { task: "regression", target: "label" }, /label is no number/],
])("%s with %j are nothing to compare with", (names, settings, problem) => {
  expect(resolve(names, settings)).toMatch(problem);
});
