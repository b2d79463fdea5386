import { open } from "node:fs/promises";
import { join } from "node:path";
import { Failure, messageOf } from "#core/failure.ts";

/** Of a thousand columns of numbers these files have 100 MB. */
const bytesMax = 256 * 1024 * 1024;

export type SageMakerPaths = {
  readonly folder?: string | undefined;
  readonly statistics?: string | undefined;
  readonly constraints?: string | undefined;
};

/** The texts of the files that are named, or are in the folder. */
export async function readSageMakerFiles(
  paths: SageMakerPaths,
): Promise<{ readonly statistics: string | undefined; readonly constraints: string | undefined }> {
  const { folder } = paths;
  const read = async (key: "statistics" | "constraints") => {
    const named = paths[key];
    if (named !== undefined) return await readText(named);
    if (folder === undefined) return undefined;
    return await readText(join(folder, `${key}.json`), true);
  };
  const texts = { statistics: await read("statistics"), constraints: await read("constraints") };
  if (texts.statistics === undefined && texts.constraints === undefined) {
    const problem = `there is neither statistics.json nor constraints.json in ${folder}`;
    throw new Failure("not-found", problem);
  }
  return texts;
}

async function readText(path: string, isOptional = false): Promise<string | undefined> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    if (size > bytesMax) {
      const problem = `${path} has ${size} bytes, limit ${bytesMax}`;
      throw new Failure("invalid-argument", problem);
    }
    return await file.readFile("utf8");
  } catch (error) {
    if (error instanceof Failure) throw error;
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (isMissing && isOptional) return undefined;
    const problem = isMissing ? `there is no ${path}` : `${path}: ${messageOf(error)}`;
    throw new Failure(isMissing ? "not-found" : "failed-precondition", problem, { cause: error });
  }
}
