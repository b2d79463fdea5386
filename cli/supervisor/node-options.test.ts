import { expect, it } from "vitest";
import { memoryOptions, nodeOptions } from "./node-options.ts";

it("bounds the heap of every process", () => {
  expect(nodeOptions(undefined)).toBe(memoryOptions);
});

it("leaves the last word to whoever starts the cluster, as Node takes the last of two", () => {
  expect(nodeOptions("--max-old-space-size=4096")).toMatch(
    /--max-old-space-size=1024 --max-old-space-size=4096$/,
  );
});
