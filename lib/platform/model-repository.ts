import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Failure, messageOf } from "#core/failure.ts";
import { isModelName, type ModelRef, parseVersion } from "#core/model/name.ts";
import { type ModelSettings, servedVersions, settingsDefaults } from "#core/model/settings.ts";
import { parseModelSettings } from "./model-settings.ts";

export type RepositoryScan = {
  /** By name. */
  readonly models: readonly FoundModel[];
  /** What was ignored, one line for each folder that holds such things. */
  readonly warnings: readonly string[];
};

export type FoundModel = {
  readonly model: string;
  /** Undefined where model.yaml cannot be used. */
  readonly settings: ModelSettings | undefined;
  /**
   * Those to be served, in ascending order. One whose model.onnx is missing is among them: its
   * worker fails to load it and says so.
   */
  readonly versions: readonly number[];
  /** Why the whole model is kept out; undefined when it is not. */
  readonly problem: string | undefined;
};

export type ModelPaths = {
  readonly onnx: string;
  readonly baseline: string;
  readonly vocabulary: string;
  readonly examples: string;
  readonly settings: string;
};

/** Beside a baseline.json, where a model has texts. */
export const vocabularyFile = "vocabulary.txt";

/** Where the files of one version are, whether they exist or not. */
export function modelPaths(root: string, ref: ModelRef): ModelPaths {
  const model = join(root, ref.model);
  const version = join(model, String(ref.version));
  return {
    onnx: join(version, "model.onnx"),
    baseline: join(version, "baseline.json"),
    vocabulary: join(version, vocabularyFile),
    examples: join(model, "examples.csv"),
    settings: join(model, "model.yaml"),
  };
}

/**
 * Finds every model below `root`. What is wrong with one model keeps out that model alone. Fails
 * with `not-found` when the folder itself cannot be read.
 */
export async function scanRepository(root: string): Promise<RepositoryScan> {
  const folders = await subfolders(root).catch((error: unknown) => {
    throw new Failure(
      "not-found",
      `the model repository ${root} cannot be read: ${reason(error)}`,
      {
        cause: error,
      },
    );
  });
  const warnings = ignored(
    root,
    "a model",
    folders.filter((name) => !isModelName(name)),
  );
  const models: FoundModel[] = [];
  for (const model of folders.filter(isModelName)) {
    const found = await findModel(root, model);
    models.push(found.model);
    warnings.push(...found.warnings);
  }
  return { models, warnings };
}

/**
 * Reads model.yaml of one model's folder; the defaults where there is none. Fails with
 * `invalid-argument`, naming every problem in it.
 */
export async function readModelSettings(dir: string): Promise<ModelSettings> {
  const path = join(dir, "model.yaml");
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return settingsDefaults;
    throw new Failure("invalid-argument", `model.yaml cannot be read: ${reason(error)}`, {
      cause: error,
    });
  }
  return parseModelSettings(text);
}

async function findModel(
  root: string,
  model: string,
): Promise<{ model: FoundModel; warnings: string[] }> {
  const dir = join(root, model);
  let warnings: string[] = [];
  try {
    const [settings, folders] = await Promise.all([readModelSettings(dir), subfolders(dir)]);
    const found = folders.map(parseVersion).filter((version) => version !== undefined);
    const others = folders.filter((name) => parseVersion(name) === undefined);
    warnings = ignored(dir, "a version", others);
    const versions = servedVersions(settings.versions, found);
    const problem =
      versions.length > 0 ? undefined : `has no version: expected ${model}/1/model.onnx`;
    return { model: { model, settings, versions, problem }, warnings };
  } catch (error) {
    const problem = messageOf(error);
    return { model: { model, settings: undefined, versions: [], problem }, warnings };
  }
}

/** Names of the folders in `dir`, links to folders among them, in order. */
async function subfolders(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const isFolder = await Promise.all(
    entries.map(async (entry) => {
      if (!entry.isSymbolicLink()) return entry.isDirectory();
      // A link that leads nowhere is no folder.
      const target = await stat(join(dir, entry.name)).catch(() => undefined);
      return target?.isDirectory() === true;
    }),
  );
  return entries
    .filter((_, index) => isFolder[index])
    .map((entry) => entry.name)
    .sort();
}

function ignored(dir: string, what: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const listed = names.slice(0, 10).map((name) => JSON.stringify(name));
  const more = names.length > 10 ? ` and ${names.length - 10} more` : "";
  return [`ignored in ${dir}, not the name of ${what}: ${listed.join(", ")}${more}`];
}

function reason(error: unknown): string {
  const code = codeOf(error);
  if (code === "ENOENT") return "no such folder";
  if (code === "ENOTDIR") return "not a folder";
  if (code === "EACCES") return "permission denied";
  return messageOf(error);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
