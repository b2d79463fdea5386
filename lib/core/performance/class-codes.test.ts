import { expect, it } from "vitest";
import { ClassCodes, classesMax } from "./class-codes.ts";

it("gives named classes their place and others a number of their text", () => {
  const codes = new ClassCodes(["no", "yes"]);
  expect(codes.codeOf("no")).toBe(0);
  expect(codes.codeOf("yes")).toBe(1);
  expect(codes.codeOf("perhaps")).toBeGreaterThanOrEqual(2);
  expect(codes.codeOf("perhaps")).toBe(codes.codeOf("perhaps"));
  expect(codes.codeOf("perhaps")).not.toBe(codes.codeOf("never"));
});

it("names so many and no more", () => {
  const codes = new ClassCodes(Array.from({ length: classesMax + 5 }, (_, place) => `c${place}`));
  expect(codes.names).toHaveLength(classesMax);
  expect(codes.codeOf(`c${classesMax}`)).toBeGreaterThanOrEqual(classesMax);
});
