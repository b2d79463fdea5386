/** `sluice up` with several gateway processes, as a process of its own. */
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { samplesDir } from "../support/cluster.ts";
import { TestConnection } from "../support/connections.ts";
import { sluice } from "../support/sluice.ts";
import { processesOf, SluiceUp, untilNoProcess } from "../support/sluice-up.ts";
import { tempDir } from "../support/temp.ts";

type Place = AsyncDisposable & { dataDir: string; modelsDir: string };

/** Folders for a cluster of one small model. */
async function place(): Promise<Place> {
  const folder = await tempDir();
  const modelsDir = join(folder.path, "models");
  await cp(join(samplesDir, "wine"), join(modelsDir, "wine"), { recursive: true });
  return {
    dataDir: join(folder.path, "data"),
    modelsDir,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

const env = { SLUICE_GATEWAYS: "2", NATS_URL: "off" };

async function addressOf(dataDir: string): Promise<string> {
  const { gateway } = JSON.parse(await readFile(join(dataDir, "cluster.json"), "utf8"));
  return gateway.grpc;
}

it("answers the command line, and on SIGTERM ends all, whoever is still connected", async () => {
  await using folders = await place();
  await using up = await SluiceUp.start({ ...folders, env });
  await up.until(/^serving/m);
  expect(await processesOf(up.dataDir)).toHaveLength(4);
  const asked = { env: { SLUICE_DATA: folders.dataDir } };
  expect((await sluice(["models"], asked)).output).toMatch(/wine.*ready/);
  expect((await sluice(["predict", "wine", "--row", "3"], asked)).code).toBe(0);
  using silent = new TestConnection(await addressOf(folders.dataDir));
  using busy = new TestConnection(await addressOf(folders.dataDir));
  await silent.connected;
  expect(await busy.greet()).toBe("answered");
  up.signal("SIGTERM");
  expect(await up.ended()).toBe(0);
  expect(await processesOf(up.dataDir)).toEqual([]);
  expect(up.errors).toBe("");
});

it("leaves no process and no connection behind when it is killed", async () => {
  await using folders = await place();
  await using up = await SluiceUp.start({ ...folders, env });
  await up.until(/^serving/m);
  using connection = new TestConnection(await addressOf(folders.dataDir));
  await connection.connected;
  up.signal("SIGKILL");
  expect(await up.ended()).toBe(null);
  await untilNoProcess(up.dataDir);
  await expect.poll(() => connection.isOpen).toBe(false);
});
