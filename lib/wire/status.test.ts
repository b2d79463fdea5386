import { expect, it } from "vitest";
import { fromStatus, statusCode, statusName, toStatusCode } from "./status.ts";

it("finds its way from a failure to a status and back", () => {
  for (const code of Object.values(statusCode)) {
    if (code === statusCode.ok || code === statusCode.unknown) continue;
    expect(toStatusCode(fromStatus(code, "why").code)).toBe(code);
  }
});

it("takes a status it never sends for an internal failure", () => {
  expect(fromStatus(15, "data loss")).toMatchObject({ code: "internal", message: "data loss" });
});

it("writes status names as gRPC does", () => {
  expect(statusName(statusCode.resourceExhausted)).toBe("RESOURCE_EXHAUSTED");
  expect(statusName(99)).toBe("99");
});
