import { expect, it } from "vitest";
import { decideRestart } from "./restart-policy.ts";

it("starts again for ever what worked once, ever later up to 10 seconds", () => {
  const delays = [1, 2, 3, 7, 8, 1000].map((endings) =>
    decideRestart({ endings, hasWorked: true, hasRefused: true }),
  );
  expect(delays).toEqual(
    [100, 200, 400, 6400, 10_000, 10_000].map((delayMs) => ({ kind: "restart", delayMs })),
  );
});

it("gives three attempts to what never worked", () => {
  const decide = (endings: number) =>
    decideRestart({ endings, hasWorked: false, hasRefused: false }).kind;
  expect([1, 2, 3].map(decide)).toEqual(["restart", "restart", "give-up"]);
});

it("does not repeat a start that the process itself refused", () => {
  const refused = { endings: 1, hasWorked: false, hasRefused: true };
  expect(decideRestart(refused)).toEqual({ kind: "give-up" });
});
