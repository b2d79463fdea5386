import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { ModelReport } from "#core/monitor/model-report.ts";
import { parseBaseline } from "#wire/baseline.ts";
import { samplesDir, startTestCluster } from "../support/cluster.ts";
import { eventually, readJson } from "../support/monitor.ts";
import { sluice } from "../support/sluice.ts";
import { tempDir } from "../support/temp.ts";

/** Three passes over the examples. */
const rows = 3 * 178;

it("describes what was served, and the running monitor takes it", {
  timeout: 120_000,
}, async () => {
  await using models = await tempDir();
  await cp(join(samplesDir, "wine"), join(models.path, "wine"), { recursive: true });
  await using cluster = await startTestCluster({ modelsDir: models.path });
  const { dataDir, addresses } = cluster;
  const run = (...args: string[]) => sluice(args, { env: { SLUICE_DATA: dataDir, NATS_URL: "" } });
  expect((await run("simulate", "wine", "--rows", `${rows}`, "--rate", "400")).code).toBe(0);
  const home = join(models.path, "wine", "1", "baseline.json");
  const trained = parseBaseline(await readFile(home, "utf8"));

  // Workers tell of the last rows a quarter of a second later.
  const printed = await eventually(async () => {
    const made = await run("baseline", "wine", "--since", "10m", "-o", "-");
    expect(made.code, made.errors).toBe(0);
    expect(made.errors).toContain("wine@1");
    const baseline = parseBaseline(made.output);
    return baseline.rows === rows ? baseline : undefined;
  });
  const { digest } = trained;
  expect(printed).toMatchObject({ model: "wine", version: 1, digest, source: { share: 1 } });
  for (const kind of ["features", "outputs"] as const) {
    const shape = (of: typeof trained) =>
      of[kind].map(({ name, type, dtype }) => [name, type, dtype]);
    expect(shape(printed)).toEqual(shape(trained));
    for (const [place, feature] of printed[kind].entries()) {
      expect(momentsOf(feature)).toEqual(momentsOf(trained[kind][place]));
    }
  }

  const written = await run("baseline", "wine", "--since", "10m", "--json");
  expect(written.code, written.errors).toBe(0);
  expect(JSON.parse(written.output)).toMatchObject({
    ...{ model: "wine", version: 1, path: home, rows, features: 13, digest },
    ...{ missing: { features: [], outputs: [] }, others: [], messagesUnreadable: 0 },
  });
  const http = addresses.monitor?.["http"] ?? "";
  await eventually(async () => {
    const report = await readJson<ModelReport>(http, "/reports/wine/1");
    return report.baselineRows === rows ? true : undefined;
  });

  const sampled = await run("baseline", "wine", "--since", "10m", "--rows-max", "200", "-o", "-");
  expect(sampled.errors).toMatch(/a sample of (50|25)\.0 % of the predictions/);
  expect(parseBaseline(sampled.output).rows).toBeLessThanOrEqual(200);
});

/** What three passes have in common with one, but for the last digits of sums. */
function momentsOf(feature: ReturnType<typeof parseBaseline>["features"][number] | undefined) {
  if (feature?.type !== "number" || feature.moments === undefined) return feature?.type;
  const { min, max, mean, sd } = feature.moments;
  return { min, max, mean: mean.toPrecision(8), sd: sd.toPrecision(8) };
}
