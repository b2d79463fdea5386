/**
 * The routes a gateway starts from: which model versions there are and where their workers can be
 * dialled. The supervisor writes the first one; a gateway rewrites its own copy when it learns of
 * workers, so that it can start again with nothing else running.
 */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { Failure, messageOf } from "#core/failure.ts";
import { isModelName } from "#core/model/name.ts";

export type RouteWorker = {
  readonly instance: string;
  /** `unix:/path` or `host:port`. */
  readonly address: string;
  /** Where its metrics are: `unix:/path`, or empty where the worker serves them itself. */
  readonly metrics: string;
  /** A gateway learned of it by a hint, which may be old by the time the file is read. */
  readonly learned?: boolean | undefined;
};

export type RouteModel = {
  readonly model: string;
  /** 0 where the model was kept out before a version could be chosen. */
  readonly version: number;
  readonly state: "expected" | "failed";
  /** Why it failed; empty where it is expected. */
  readonly reason: string;
  readonly workers: readonly RouteWorker[];
};

export type Routes = {
  readonly format: 1;
  readonly cluster: string;
  readonly models: readonly RouteModel[];
};

const versionMax = 2 ** 31 - 1;

/** What is said of a worker, in this file and by its own hints. */
export const workerFields: Readonly<
  Record<"instance" | "address" | "metrics", v.GenericSchema<string>>
> = {
  instance: v.pipe(v.string(), v.minLength(1)),
  address: matching(/^unix:\/.+|^.+:[0-9]+$/, "is neither unix:/path nor host:port"),
  metrics: matching(/^$|^unix:\/.+/, "is neither empty nor unix:/path"),
};

const worker = v.strictObject({ ...workerFields, learned: v.optional(v.boolean()) });

const model = v.strictObject({
  model: v.pipe(v.string(), v.check(isModelName, "is no model name")),
  version: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(versionMax)),
  state: v.picklist(["expected", "failed"]),
  reason: v.string(),
  workers: v.array(worker),
});

const format = v.strictObject({
  format: v.literal(1),
  cluster: v.pipe(v.string(), v.minLength(1)),
  models: v.array(model),
});

/** Reads and checks a routes file. Throws a Failure that names the file and every problem in it. */
export async function readRoutes(path: string): Promise<Routes> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new Failure("not-found", `routes file ${path}: ${messageOf(error)}`, { cause: error });
  });
  const parsed = v.safeParse(format, parseJson(text));
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? ""}: ${issue.message}`);
  throw new Failure("invalid-argument", `routes file ${path}: ${problems.join("; ")}`);
}

let written = 0;

/** Replaces the file whole: whoever reads it meanwhile sees the old one or the new one. */
export async function writeRoutes(path: string, routes: Routes): Promise<void> {
  written += 1;
  const draft = join(dirname(path), `.routes-${process.pid}-${written}`);
  try {
    await writeFile(draft, `${JSON.stringify(routes, null, 2)}\n`, { mode: 0o600 });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw new Failure("unavailable", `cannot write ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function matching(pattern: RegExp, otherwise: string): v.GenericSchema<string> {
  return v.pipe(v.string(), v.regex(pattern, otherwise));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
