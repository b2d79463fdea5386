import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempDir } from "../test/support/temp.ts";
import { findAddresses } from "./addresses.ts";
import { toConfig } from "./config.ts";

const clusterFile = {
  format: 1,
  models: "/models",
  gateway: { grpc: "127.0.0.1:1001", metrics: "127.0.0.1:1002" },
  monitor: { grpc: "127.0.0.1:1011", otlp: "127.0.0.1:1018" },
  nats: "nats://token@127.0.0.1:1022",
};

describe("where a command finds the cluster", () => {
  it("is on the usual ports when nothing says otherwise", async () => {
    await using dir = await tempDir();
    const found = await findAddresses(toConfig({ data: dir.path }, {}));
    expect(found).toMatchObject({
      server: "127.0.0.1:8001",
      monitor: "127.0.0.1:8011",
      otlp: "http://127.0.0.1:4318",
    });
  });

  it("is what the running cluster wrote, but for what the flags say", async () => {
    await using dir = await tempDir();
    await writeFile(join(dir.path, "cluster.json"), JSON.stringify(clusterFile));
    expect(await findAddresses(toConfig({ data: dir.path, monitor: "other:9" }, {}))).toEqual({
      server: "127.0.0.1:1001",
      monitor: "other:9",
      otlp: "http://127.0.0.1:1018",
      nats: "nats://token@127.0.0.1:1022",
      modelsDir: "/models",
    });
  });

  it("has no guessed receiver of traces beside a server elsewhere", async () => {
    await using dir = await tempDir();
    const found = await findAddresses(toConfig({ data: dir.path, server: "far:8001" }, {}));
    expect(found.otlp).toBeUndefined();
  });

  it("is refused when the file is of somebody else", async () => {
    await using dir = await tempDir();
    await writeFile(join(dir.path, "cluster.json"), "{");
    await expect(findAddresses(toConfig({ data: dir.path }, {}))).rejects.toThrow(/cluster\.json/);
  });
});
