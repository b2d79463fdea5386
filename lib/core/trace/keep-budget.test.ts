import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KeepBudget, type KeepReason } from "./keep-budget.ts";

function taken(budget: KeepBudget, reason: KeepReason, nowMs: number, tries: number): number {
  return Array.from({ length: tries }, () => budget.take(reason, nowMs)).filter(Boolean).length;
}

describe("the budget for keeping traces", () => {
  it("lets one second's worth through at once and then what time brings", () => {
    const budget = new KeepBudget({ perSecond: 10 });
    expect(taken(budget, "error", 0, 50)).toBe(10);
    expect(taken(budget, "error", 300, 50)).toBe(3);
    expect(taken(budget, "error", 100_000, 50)).toBe(10);
  });

  it("leaves half of it for errors when everything is slow", () => {
    const budget = new KeepBudget({ perSecond: 10 });
    expect(taken(budget, "slow", 0, 50)).toBe(5);
    expect(taken(budget, "error", 0, 50)).toBe(5);
  });

  it("keeps nothing when it is 0, and one of either kind when it is 1", () => {
    expect(taken(new KeepBudget({ perSecond: 0 }), "error", 0, 5)).toBe(0);
    expect(taken(new KeepBudget({ perSecond: 1 }), "error", 0, 5)).toBe(1);
    expect(taken(new KeepBudget({ perSecond: 1 }), "slow", 0, 5)).toBe(1);
  });

  it("never keeps more than the budget of the time that passed and one second more", () => {
    const steps = fc.array(fc.tuple(fc.constantFrom<KeepReason>("error", "slow"), fc.nat(400)));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), steps, (perSecond, moves) => {
        const budget = new KeepBudget({ perSecond });
        let nowMs = 0;
        let kept = 0;
        for (const [reason, passedMs] of moves) {
          nowMs += passedMs;
          kept += taken(budget, reason, nowMs, 3);
        }
        expect(kept).toBeLessThanOrEqual(perSecond * (1 + nowMs / 1000) + 1e-6);
      }),
    );
  });
});
