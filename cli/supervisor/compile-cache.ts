import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "#platform/make-folder.ts";

/**
 * Node keeps compiled code in a folder and writes what is missing there when a process ends: some
 * 900 files for a worker. Read by all it halves the time to start; filled by all at once it adds
 * seconds to the first stop. So the first cluster lets one worker fill it for the others.
 */
export type CompileCache = {
  /** For NODE_COMPILE_CACHE of a process that is the only one of its kind or the first. */
  readonly folder: string;
  /** For that of the others; undefined while the folder is being filled. */
  readonly folderForOthers: string | undefined;
  /** Says that the folder has been filled. */
  readonly markFilled: () => Promise<void>;
};

/** The compile cache below `cacheDir`. A folder that cannot be written costs time, nothing else. */
export async function openCompileCache(cacheDir: string): Promise<CompileCache> {
  const folder = join(cacheDir, "compiled");
  const mark = join(folder, `filled-${process.version}`);
  await makeFolder(folder).catch(() => {});
  const isFilled = await stat(mark).then(
    () => true,
    () => false,
  );
  return {
    folder,
    folderForOthers: isFilled ? folder : undefined,
    markFilled: async () => {
      if (!isFilled) await writeFile(mark, "").catch(() => {});
    },
  };
}
