import { expect, it } from "vitest";
import { OneHeader } from "./one-header.ts";

it("is sent as the header it was made of", () => {
  expect(new OneHeader("some-key", "a value").toHttp2Headers()).toEqual({ "some-key": "a value" });
});
