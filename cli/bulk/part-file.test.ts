import { type FileHandle, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { tempDir } from "../../test/support/temp.ts";
import { finishPart, loadState, openPart, partPaths, saveState } from "./part-file.ts";

const run = { model: "m@1" };
const state = { format: 1, run, streamId: "", resumeToken: "", nextItem: 1, rows: 1 } as const;
const counts = { rowsFailed: 0, bytes: 2 };

it("counts no bytes of a text that the disk took in part", async () => {
  await using folder = await tempDir();
  const path = join(folder.path, "part");
  await using part = await openPart(path, 0);
  await part.write("a\n");
  await using other = await open(path);
  const handle = Object.getPrototypeOf(other) as FileHandle;
  const full = vi.spyOn(handle, "write");
  full
    .mockResolvedValueOnce({ bytesWritten: 1, buffer: "" })
    .mockRejectedValueOnce(new Error("full"));
  await expect(part.write("bcd\n")).rejects.toThrow("full");
  full.mockRestore();
  expect(part.bytes).toBe(2);
  await part.write("e\n");
  expect((await readFile(path, "utf8")).slice(0, 4)).toBe("a\ne\n");
});

it("takes a state whose part became the output for that of a run that is over", async () => {
  await using folder = await tempDir();
  const output = join(folder.path, "out.csv");
  const { part, state: path } = partPaths(output);
  await writeFile(part, "a\n");
  await saveState(path, { ...state, ...counts });
  expect(await loadState(output, run)).toMatchObject({ rows: 1 });
  await finishPart(output);
  expect(await readFile(output, "utf8")).toBe("a\n");
  expect(await loadState(output, run)).toBeUndefined();
  await saveState(path, { ...state, ...counts });
  expect(await loadState(output, run)).toBeUndefined();
  await rm(output);
  await expect(loadState(output, run)).rejects.toThrow(/is gone or cut short/);
});
