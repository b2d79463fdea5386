import { readFile, rename, rm, writeFile } from "node:fs/promises";
import type { Baseline, FeatureBaseline } from "#core/drift/baseline.ts";
import { Failure, messageOf } from "#core/failure.ts";
import { parseBaseline } from "#wire/baseline.ts";
import { stdioPath } from "../bulk/format.ts";
import type { Shell } from "../shell.ts";

/**
 * The baseline with what the file at `path` holds beside distributions, where it is of the same
 * model file: calibration, the name of its vocabulary, and what is declared of features.
 */
export async function inheritFrom(path: string, baseline: Baseline): Promise<Baseline> {
  const before = await readBefore(path);
  if (before?.digest !== baseline.digest) return baseline;
  const declared = (of: "features" | "outputs") => {
    const known = new Map(before[of].map(({ name, constraints }) => [name, constraints]));
    return baseline[of].map((feature): FeatureBaseline => {
      const constraints = known.get(feature.name);
      return constraints === undefined ? feature : { ...feature, constraints };
    });
  };
  const { calibration, vocabulary } = before;
  const columns = { features: declared("features"), outputs: declared("outputs") };
  return { ...baseline, ...columns, calibration, vocabulary };
}

/**
 * Writes a text to a file, or to standard output for `-`. Where a monitor or a worker may read the
 * file at any time it appears as a whole. Throws a Failure where that cannot be.
 */
export async function writeWhole(
  shell: Shell,
  of: { readonly path: string; readonly isHome: boolean; readonly text: string },
): Promise<void> {
  const { path, isHome, text } = of;
  if (path === stdioPath) return shell.out.write(text);
  const draft = isHome ? `${path}.new` : path;
  try {
    await writeFile(draft, text);
    if (isHome) await rename(draft, path);
  } catch (error) {
    if (isHome) await rm(draft, { force: true }).catch(() => {});
    const problem = `cannot write ${path}: ${messageOf(error)}`;
    throw new Failure("failed-precondition", problem, { cause: error });
  }
}

/** Undefined where there is none that can be read. */
async function readBefore(path: string): Promise<Baseline | undefined> {
  try {
    return parseBaseline(await readFile(path, "utf8"));
  } catch {
    return undefined;
  }
}
