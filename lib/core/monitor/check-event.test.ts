import { expect, it } from "vitest";
import { makeEvent } from "../../../test/support/prediction-events.ts";
import type { PredictionEvent } from "../prediction/event.ts";
import { eventProblem, producerEndProblem } from "./check-event.ts";

const wine = { model: "wine", version: 1 };

it("finds no fault with an event whose accounts agree", () => {
  expect(eventProblem(makeEvent({}), wine)).toBeUndefined();
});

it.each<[Partial<PredictionEvent>, string]>([
  [{ version: 2 }, 'it is of "wine@2" and came as wine@1'],
  [{ producer: "" }, "it names no producer"],
  [{ producer: "p".repeat(129) }, "its producer has a name of 129 characters, limit 128"],
  [{ digest: "d".repeat(129) }, "its digest has 129 characters, limit 128"],
  [{ seq: 0 }, "its sequence 0 is not counted from 1"],
  [{ seq: 2 ** 60 }, "its sequence 1152921504606847000 is not counted from 1"],
  [{ rowsIncluded: 4, rowsCovered: 3 }, "it includes 4 rows, covers 3 and totals"],
  [{ rowsCovered: 2, rowsTotal: 1 }, "covers 2 and totals 1"],
])("says what is wrong with %j", (change, problem) => {
  expect(eventProblem({ ...makeEvent({}), ...change }, wine)).toContain(problem);
});

it.each([
  [{ producer: "p", answered: 3 }, undefined],
  [{ producer: "", answered: 3 }, "it names no producer"],
  [{ producer: "p", answered: 2 ** 60 }, "no count of rows"],
])("judges a gateway's word %j", (end, problem) => {
  const found = producerEndProblem({ ...end, gateway: "g" });
  if (problem === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(problem);
});
