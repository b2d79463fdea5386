import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { performanceDefaults } from "#core/performance/performance-settings.ts";
import { watchedRepository } from "../../test/support/monitor.ts";
import { tempDir } from "../../test/support/temp.ts";
import { Definitions } from "./definitions.ts";

const wine = { model: "wine", version: 1 };

it("reads what the repository says of a model", async () => {
  await using folder = await watchedRepository(5000);
  const definitions = await Definitions.open(folder.path, unexpected);
  expect(definitions.models).toEqual(["wine"]);
  expect(definitions.settings("wine")).toEqual({
    ...{ windowMs: 5000, thresholds: {}, versions: [1], changes: ["error", "latency", "score"] },
    unseenValues: true,
    performance: { settings: performanceDefaults, declared: [] },
  });
  expect(await definitions.read(wine)).toMatchObject({
    kind: "reference",
    reference: { rows: 1000 },
  });
});

it("names the bins by the text of the baseline", async () => {
  await using one = await watchedRepository(5000);
  await using two = await watchedRepository(9000);
  const [first, second] = await Promise.all(
    [one, two].map(async ({ path }) => await (await Definitions.open(path, unexpected)).read(wine)),
  );
  expect(first?.kind === "reference" && first.reference.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(second).toMatchObject({
    reference: { fingerprint: first?.kind === "reference" ? first.reference.fingerprint : "" },
  });
});

it("names the bins by what the schema adds to them, too", async () => {
  const features = (more: string) => `features: [{ name: x, input: x, ${more} }]\n`;
  const read = async (settings: string) => {
    await using folder = await watchedRepository(5000);
    await writeFile(join(folder.path, "wine", "model.yaml"), settings);
    const definition = await (await Definitions.open(folder.path, unexpected)).read(wine);
    if (definition.kind === "problem") throw new Error(definition.problem);
    return definition.reference;
  };
  const plain = await read("");
  const shares = await read(features("constraints: { completeness: 0.9 }"));
  const limited = await read(features("min: 0, constraints: { limits: 0.99 }"));
  expect(shares.fingerprint).toBe(plain.fingerprint);
  expect(limited.fingerprint).not.toBe(plain.fingerprint);
  expect(limited.features[0]?.constraints).toEqual({ min: 0, limits: 0.99, required: true });
});

it("says why there is no baseline to compare with", async () => {
  await using folder = await watchedRepository(5000);
  const definitions = await Definitions.open(folder.path, unexpected);
  const missing = { kind: "problem", problem: "it has no baseline.json" };
  expect(await definitions.read({ model: "wine", version: 2 })).toEqual(missing);
  const second = join(folder.path, "wine", "2");
  await mkdir(second);
  await writeFile(join(second, "baseline.json"), "{}");
  expect(await definitions.read({ model: "wine", version: 2 })).toMatchObject({
    kind: "problem",
    problem: expect.stringContaining("baseline.json cannot be used: format: expected 1"),
  });
});

it("has the defaults for every model where the folder cannot be read", async () => {
  const problems: string[] = [];
  const definitions = await Definitions.open("/nowhere", (reason) => problems.push(reason));
  expect(problems).toEqual([expect.stringContaining("/nowhere cannot be read")]);
  expect(definitions.models).toEqual([]);
  expect(definitions.settings("wine").windowMs).toBe(60_000);
});

function unexpected(reason: string): void {
  throw new Error(reason);
}

it("tells no unseen values where the model does not want it", async () => {
  const samples = fileURLToPath(new URL("../../models", import.meta.url));
  await using folder = await tempDir();
  await cp(join(samples, "credit"), join(folder.path, "credit"), { recursive: true });
  const settings = join(folder.path, "credit/model.yaml");
  const before = await readFile(settings, "utf8");
  await writeFile(settings, `${before}\nmonitoring: { unseenValues: false }\n`);
  for (const [root, told] of [
    [samples, 1],
    [folder.path, 0],
  ] as const) {
    const definitions = await Definitions.open(root, unexpected);
    const definition = await definitions.read({ model: "credit", version: 1 });
    if (definition.kind === "problem") throw new Error(definition.problem);
    const { reference } = definition;
    const live = reference.features[reference.placeOf("feature", "home") ?? -1]?.empty();
    if (live?.type !== "category") throw new Error("home is a category");
    const rows = Uint32Array.of(0);
    live.add({ dictionary: ["castle"], codes: [0] }, new Uint8Array(0), rows);
    expect(live.strangers).toHaveLength(told);
  }
});
