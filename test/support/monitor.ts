import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Baseline, FeatureBaseline } from "#core/drift/baseline.ts";
import type { ModelReport } from "#core/monitor/model-report.ts";
import { sleep } from "#platform/clock.ts";
import { sampleBaseline } from "./prediction-events.ts";
import { type TempDir, tempDir } from "./temp.ts";

/**
 * A repository with the model wine, of which only the monitor's part is there; `more` goes into its
 * settings of monitoring.
 */
export async function watchedRepository(windowMs: number, more = ""): Promise<TempDir> {
  const folder = await tempDir();
  const version = join(folder.path, "wine", "1");
  await mkdir(version, { recursive: true });
  await writeFile(join(version, "baseline.json"), baselineJson(sampleBaseline()));
  const settings = `monitoring: { windowMs: ${windowMs}${more} }\n`;
  await writeFile(join(folder.path, "wine", "model.yaml"), settings);
  return folder;
}

/** A baseline as its file holds it. */
export function baselineJson(baseline: Baseline): string {
  const { features, outputs, ...header } = baseline;
  const all = { features: features.map(featureJson), outputs: outputs.map(featureJson) };
  return JSON.stringify({ format: 1, ...header, ...all });
}

function featureJson(feature: FeatureBaseline) {
  if (feature.type === "category") return feature;
  const { moments = { mean: null, sd: null, min: null, max: null }, ...rest } = feature;
  return { ...rest, ...moments };
}

/** What the monitor says over HTTP. Rejects with its message where it cannot. */
export async function readJson<T>(address: string, path: string): Promise<T> {
  const reply = await fetch(`http://${address}${path}`);
  const text = await reply.text();
  if (!reply.ok) throw new Error(text);
  return JSON.parse(text);
}

/** Reads wine@1's report until it is as wanted; the test's own limit ends what never comes. */
export async function reportWhen(
  address: string,
  isWanted: (report: ModelReport) => boolean,
): Promise<ModelReport> {
  return await eventually(async () => {
    const report = await readJson<ModelReport>(address, "/reports/wine/1");
    return isWanted(report) ? report : undefined;
  });
}

/** Tries again until there is a value; what is thrown meanwhile counts as not yet. */
export async function eventually<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await attempt().catch(() => undefined);
    if (value !== undefined) return value;
    await sleep(20);
  }
}
