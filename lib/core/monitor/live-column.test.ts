import { expect, it } from "vitest";
import { makeEvent, sampleDefinition } from "../../../test/support/prediction-events.ts";
import type { EventColumn } from "../prediction/event.ts";
import { liveColumns } from "./live-columns.ts";
import type { Reference } from "./reference.ts";

const reference = referenceOf();
const [x, label] = makeEvent({ of: [{ id: 1, x: [0.5, -0.5] }] }).columns as [
  EventColumn,
  EventColumn,
];

it("readies the columns that the reference knows", () => {
  const unknown: EventColumn = { ...x, name: "unknown" };
  const { columns, problem } = liveColumns([label, unknown, x], reference);
  expect(problem).toBe("");
  expect(columns.map(({ kind, place }) => `${kind} ${place}`)).toEqual(["output 0", "feature 0"]);
  expect(columns[1]?.values).toEqual({ type: "number", doubles: Float64Array.of(0.5, -0.5) });
});

it("refuses numbers of another type than the baseline's, and says so", () => {
  const { columns, problem } = liveColumns([{ ...x, dtype: "FP32" }], reference);
  expect(columns[0]?.values.type).toBe("error");
  expect(problem).toBe("feature x: the baseline has FP64 numbers, the model FP32");
});

it("refuses texts where the baseline has numbers", () => {
  const { problem } = liveColumns([{ ...x, values: label.values }], reference);
  expect(problem).toBe("feature x: the baseline has FP64 numbers, the model texts");
});

it("takes numbers for categories", () => {
  const numbers = { kind: "numbers", data: BigInt64Array.of(3n, 3n) } as const;
  const { columns } = liveColumns([{ ...label, values: numbers }], reference);
  expect(columns[0]?.values).toMatchObject({ type: "category", texts: { dictionary: ["3"] } });
});

function referenceOf(): Reference {
  const definition = sampleDefinition();
  if (definition.kind !== "reference") throw new Error("expected a reference");
  return definition.reference;
}
