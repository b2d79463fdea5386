import { expect, it } from "vitest";
import { makeEvent } from "../../../test/support/prediction-events.ts";
import type { PredictionEvent } from "../prediction/event.ts";
import { eventProblem } from "./check-event.ts";

const wine = { model: "wine", version: 1 };

it("finds no fault with an event whose accounts agree", () => {
  expect(eventProblem(makeEvent({}), wine)).toBeUndefined();
});

it.each<[Partial<PredictionEvent>, string]>([
  [{ version: 2 }, "it is of wine@2 and came as wine@1"],
  [{ producer: "" }, "it names no producer"],
  [{ seq: 0 }, "its sequence 0 is not counted from 1"],
  [{ seq: 2 ** 60 }, "its sequence 1152921504606847000 is not counted from 1"],
  [{ rowsIncluded: 4, rowsCovered: 3 }, "it includes 4 rows, covers 3 and totals"],
  [{ rowsCovered: 2, rowsTotal: 1 }, "covers 2 and totals 1"],
])("says what is wrong with %j", (change, problem) => {
  expect(eventProblem({ ...makeEvent({}), ...change }, wine)).toContain(problem);
});
