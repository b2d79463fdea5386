import { expect, it } from "vitest";
import { RefMap } from "./ref-map.ts";

it("keeps one value for each version of each model", () => {
  const map = new RefMap<string>();
  map.set({ model: "wine", version: 1 }, "a");
  map.set({ model: "wine", version: 2 }, "b");
  map.set({ model: "digits", version: 1 }, "c");
  map.set({ model: "wine", version: 1 }, "d");
  expect(map.get({ model: "wine", version: 1 })).toBe("d");
  expect(map.get({ model: "wine", version: 2 })).toBe("b");
  expect(map.get({ model: "digits", version: 1 })).toBe("c");
  expect(map.get({ model: "digits", version: 2 })).toBeUndefined();
  map.clear();
  expect(map.get({ model: "wine", version: 1 })).toBeUndefined();
});
