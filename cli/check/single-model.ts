import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseDocument } from "yaml";
import { modelPaths } from "#platform/model-repository.ts";

export type SingleModel = AsyncDisposable & {
  /** The repository. */
  readonly modelsDir: string;
  /** An empty folder for what the cluster keeps. */
  readonly dataDir: string;
};

/**
 * A temporary repository that holds some versions of one model, each in one process, whatever its
 * model.yaml says of versions and replicas. Files are linked, not copied. Goes when disposed of.
 */
export async function openSingleModel(
  root: string,
  model: string,
  versions: readonly number[],
): Promise<SingleModel> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-check-"));
  const target = join(folder, "models", model);
  await mkdir(target, { recursive: true });
  await mkdir(join(folder, "data"));
  for (const version of versions) {
    const source = resolve(root, model, String(version));
    if (await exists(source)) await symlink(source, join(target, String(version)));
  }
  const { settings } = modelPaths(root, { model, version: 1 });
  const text = (await exists(settings)) ? await readFile(settings, "utf8") : "";
  await writeFile(join(target, "model.yaml"), narrow(text, versions));
  return {
    modelsDir: join(folder, "models"),
    dataDir: join(folder, "data"),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The same settings for these versions alone. The text must be a model.yaml that can be used. */
export function narrow(text: string, versions: readonly number[]): string {
  const document = parseDocument(text);
  document.set("versions", versions);
  document.set("replicas", 1);
  return document.toString();
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
