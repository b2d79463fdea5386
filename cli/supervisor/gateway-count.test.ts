import { expect, it } from "vitest";
import { gatewayNames, gatewaysByDefault } from "./gateway-count.ts";

it("takes a second process of the gateway from four cores on, and no fifth", () => {
  const counts = [1, 2, 3, 4, 6, 8, 64].map(gatewaysByDefault);
  expect(counts).toEqual([1, 1, 1, 2, 3, 4, 4]);
});

it("numbers processes only where there are several", () => {
  expect(gatewayNames(1)).toEqual([{ instance: "gateway" }]);
  expect(gatewayNames(2)).toEqual([{ instance: "gateway-0" }, { instance: "gateway-1" }]);
});
