import { expect, it } from "vitest";
import { memoryOptions, nodeOptions } from "./node-options.ts";

it("bounds the heap of every process", () => {
  expect(nodeOptions(undefined)).toBe(memoryOptions);
});

it("leaves the last word to whoever starts the cluster, as of repeated options Node takes the last", () => {
  expect(nodeOptions("--max-old-space-size=4096")).toMatch(
    /--max-old-space-size=1024 --max-old-space-size=4096$/,
  );
});
