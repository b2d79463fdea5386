import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scanRepository } from "#platform/model-repository.ts";
import { samplesDir } from "../../test/support/cluster.ts";
import { openSingleModel } from "./single-model.ts";

describe("a repository of one model", () => {
  it("serves the versions asked for, nothing else, and goes when it is disposed of", async () => {
    let folder: string;
    {
      await using single = await openSingleModel(samplesDir, "digits", [1]);
      folder = single.modelsDir;
      const { models } = await scanRepository(folder);
      expect(models.map(({ model, versions }) => [model, versions])).toEqual([["digits", [1]]]);
      expect(models[0]?.settings?.features).toHaveLength(64);
      expect(await readdir(join(folder, "digits", "1"))).toContain("model.onnx");
    }
    await expect(readdir(folder)).rejects.toThrow(/ENOENT/);
  });
});
