import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { toConfig } from "./config.ts";

describe("the command line's settings", () => {
  it("come from flags before the environment, and stay open where neither speaks", () => {
    const env = { SLUICE_SERVER: "there:1", SLUICE_MODELS: "theirs", NO_COLOR: "1" };
    expect(toConfig({ server: "here:2" }, env)).toEqual({
      server: "here:2",
      monitor: undefined,
      otlp: undefined,
      nats: undefined,
      dataDir: resolve(".sluice"),
      modelsDir: resolve("theirs"),
      hasColour: false,
    });
  });

  it("know the words that NATS_URL may hold for a whole cluster", () => {
    const natsOf = (url: string) => toConfig({}, { NATS_URL: url }).nats;
    expect(["auto", "off", "nats://h:1"].map(natsOf)).toEqual([undefined, undefined, "nats://h:1"]);
  });

  it("refuse what is no address, all of it at once", () => {
    const flags = { server: "nowhere", monitor: "8011" };
    expect(() => toConfig(flags, {})).toThrow(/--server must be host:port.*--monitor must be/);
    expect(() => toConfig({ server: "here:99999" }, {})).toThrow(/must be host:port/);
  });
});
