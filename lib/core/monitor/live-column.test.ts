import { expect, it } from "vitest";
import { makeEvent, sampleDefinition } from "../../../test/support/prediction-events.ts";
import type { EventColumn } from "../prediction/event.ts";
import { liveColumn } from "./live-column.ts";
import type { Reference } from "./reference.ts";

const reference = referenceOf();
const [x, label] = makeEvent({ of: [{ id: 1, x: [0.5, -0.5] }] }).columns as [
  EventColumn,
  EventColumn,
];

it("readies the columns that the reference knows", () => {
  expect(liveColumn({ ...x, name: "unknown" }, reference)).toBeUndefined();
  expect(liveColumn(label, reference)).toMatchObject({ kind: "output", place: 0 });
  expect(liveColumn(x, reference)).toEqual({
    kind: "feature",
    place: 0,
    nulls: x.nulls,
    values: { type: "number", doubles: Float64Array.of(0.5, -0.5) },
  });
});

it("refuses numbers of another type than the baseline's, and says so", () => {
  const problem = "feature x: the baseline has FP64 numbers, the model FP32";
  expect(liveColumn({ ...x, dtype: "FP32" }, reference)?.values).toEqual({
    type: "error",
    problem,
  });
});

it("refuses texts where the baseline has numbers", () => {
  const problem = "feature x: the baseline has FP64 numbers, the model texts";
  const texts = { ...x, values: label.values };
  expect(liveColumn(texts, reference)?.values).toEqual({ type: "error", problem });
});

it("takes numbers for categories", () => {
  const numbers = { kind: "numbers", data: BigInt64Array.of(3n, 3n) } as const;
  const texts = { dictionary: ["3"] };
  const column = liveColumn({ ...label, values: numbers }, reference);
  expect(column?.values).toMatchObject({ type: "category", texts });
});

function referenceOf(): Reference {
  const definition = sampleDefinition();
  if (definition.kind !== "reference") throw new Error("expected a reference");
  return definition.reference;
}
