import { expect, it } from "vitest";
import { RequestCredit } from "./request-credit.ts";

function credit(requests: number, bytes: number): RequestCredit {
  const made = new RequestCredit();
  made.grant(requests, bytes);
  return made;
}

it("lets nothing begin before anything is granted", () => {
  expect(new RequestCredit().mayBegin(0, true)).toBe(false);
});

it("counts requests and bytes", () => {
  const one = credit(2, 100);
  one.begin(60);
  expect(one.mayBegin(40, false)).toBe(true);
  expect(one.mayBegin(41, false)).toBe(false);
  one.begin(40);
  expect(one.mayBegin(0, false)).toBe(false);
});

it("takes totals, of which hearing less or the same changes nothing", () => {
  const one = credit(1, 10);
  one.begin(10);
  one.grant(1, 10);
  one.grant(0, 0);
  expect(one.mayBegin(1, false)).toBe(false);
  one.grant(2, 20);
  expect(one.mayBegin(10, false)).toBe(true);
});

it("gives back what never left", () => {
  const one = credit(1, 10);
  one.begin(10);
  one.takeBack(10);
  expect(one.mayBegin(10, false)).toBe(true);
});

it("lets a request of any size begin where nothing else is held", () => {
  expect(credit(1, 10).mayBegin(1_000, true)).toBe(true);
  expect(credit(1, 10).mayBegin(1_000, false)).toBe(false);
});
