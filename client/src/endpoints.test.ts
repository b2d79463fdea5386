import { expect, it } from "vitest";
import { Endpoints } from "./endpoints.ts";

it("takes each in turn, beginning where the draw says", () => {
  const endpoints = new Endpoints(3, 0.5);
  expect([1, 2, 3, 4].map((now) => endpoints.choose(now))).toEqual([1, 2, 0, 1]);
});

it("lets one rest that failed, longer each time", () => {
  const endpoints = new Endpoints(2, 0);
  endpoints.failed(0, 0);
  expect([endpoints.choose(1), endpoints.choose(1)]).toEqual([1, 1]);
  expect(endpoints.hasOther(0, 1)).toBe(true);
  expect(endpoints.hasOther(1, 1)).toBe(false);
  endpoints.failed(0, 1);
  expect([endpoints.choose(250), endpoints.choose(250)]).toContain(0);
  endpoints.failed(0, 250);
  expect([endpoints.choose(700), endpoints.choose(700)]).toEqual([1, 1]);
  endpoints.succeeded(0);
  expect([endpoints.choose(700), endpoints.choose(700)]).toContain(0);
});

it("takes the one that has rested longest where all rest, and the only one in any case", () => {
  const both = new Endpoints(2, 0);
  both.failed(0, 0);
  both.failed(1, 100);
  expect(both.choose(101)).toBe(0);
  const only = new Endpoints(1, 0.99);
  only.failed(0, 0);
  expect(only.choose(1, 0)).toBe(0);
});

it("avoids the one that has just failed while another is left", () => {
  const endpoints = new Endpoints(2, 0);
  expect([endpoints.choose(0, 0), endpoints.choose(0, 0)]).toEqual([1, 1]);
});
