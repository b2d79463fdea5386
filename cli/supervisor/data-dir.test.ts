import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tempDir } from "../../test/support/temp.ts";
import { openDataDir } from "./data-dir.ts";

const addresses = {
  format: 1,
  cluster: "local",
  pid: process.pid,
  models: "/models",
  logs: "/logs",
  run: "/run",
  workers: [],
} as const;

it("announces the cluster to its user alone, and takes it back", async () => {
  await using folder = await tempDir();
  const announced = join(folder.path, "data", "cluster.json");
  {
    await using data = await openDataDir(join(folder.path, "data"));
    await data.announce(addresses);
    expect(JSON.parse(await readFile(announced, "utf8"))).toEqual(addresses);
    expect((await stat(announced)).mode & 0o777).toBe(0o600);
  }
  expect(await readdir(join(folder.path, "data"))).toEqual(["lock", "logs", "token-secret"]);
});

it("draws a secret once, for its user alone", async () => {
  await using folder = await tempDir();
  const draw = async () => {
    await using data = await openDataDir(folder.path);
    return data.tokenSecret;
  };
  const first = await draw();
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  expect(await draw()).toBe(first);
  expect((await stat(join(folder.path, "token-secret"))).mode & 0o777).toBe(0o600);
});

it("lets one cluster in at a time", async () => {
  await using folder = await tempDir();
  await using first = await openDataDir(folder.path);
  await expect(openDataDir(first.path)).rejects.toThrow(
    `${folder.path} (SLUICE_DATA) is in use by another cluster, process ${process.pid}`,
  );
});

it("names the setting where the folder cannot be written", async () => {
  await using folder = await tempDir();
  const file = join(folder.path, "file");
  await writeFile(file, "");
  await expect(openDataDir(join(file, "data"))).rejects.toThrow(
    /data folder .*file\/data \(SLUICE_DATA\) cannot be written/,
  );
});
