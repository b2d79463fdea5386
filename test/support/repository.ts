import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { tempDir } from "./temp.ts";

export type TestRepository = AsyncDisposable & { readonly root: string };

/** A model repository with these files in it, by path; goes when disposed of. */
export async function makeRepository(
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<TestRepository> {
  const dir = await tempDir();
  for (const [path, content] of Object.entries(files)) {
    const file = join(dir.path, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  return { root: dir.path, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}
