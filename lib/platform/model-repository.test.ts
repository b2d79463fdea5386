import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { settingsDefaults } from "#core/model/settings.ts";
import { makeRepository } from "../../test/support/repository.ts";
import { modelPaths, readModelSettings, scanRepository } from "./model-repository.ts";

it("finds models by name with the versions their policy serves", async () => {
  await using repository = await makeRepository({
    "wine/1/model.onnx": "",
    "wine/3/model.onnx": "",
    "digits/model.yaml": "versions: all",
    "digits/1/model.onnx": "",
    "digits/10/model.onnx": "",
    "digits/2/model.onnx": "",
    "README.md": "not a model",
  });
  const scan = await scanRepository(repository.root);
  expect(scan.warnings).toEqual([]);
  expect(scan.models).toEqual([
    expect.objectContaining({ model: "digits", versions: [1, 2, 10], problem: undefined }),
    { model: "wine", versions: [3], problem: undefined, settings: settingsDefaults },
  ]);
});

it("keeps a model with a broken model.yaml out, and only that one", async () => {
  await using repository = await makeRepository({
    "good/1/model.onnx": "",
    "bad/1/model.onnx": "",
    "bad/model.yaml": "replica: 2\ninstances: 0",
  });
  const { models } = await scanRepository(repository.root);
  expect(models).toEqual([
    {
      model: "bad",
      settings: undefined,
      versions: [],
      problem: "model.yaml: instances: expected >=1 but received 0; unknown key replica",
    },
    expect.objectContaining({ model: "good", versions: [1], problem: undefined }),
  ]);
});

it("says that a model has no version", async () => {
  await using repository = await makeRepository({ "empty/notes.txt": "" });
  const { models } = await scanRepository(repository.root);
  expect(models[0]).toMatchObject({
    versions: [],
    problem: "has no version: expected empty/1/model.onnx",
  });
});

it("serves a version without a file, so that its worker reports it", async () => {
  await using repository = await makeRepository({
    "a/1/model.onnx": "",
    "a/2/notes.txt": "",
    "b/1/model.onnx": "",
    "b/model.yaml": "versions: [1, 4]",
  });
  const { models } = await scanRepository(repository.root);
  expect(models.map((found) => found.versions)).toEqual([[2], [1, 4]]);
});

it("warns once of other folders, wherever they are", async () => {
  await using repository = await makeRepository({
    "-dash/1/model.onnx": "",
    ".git/x": "",
    "wine/1/model.onnx": "",
    "wine/01/model.onnx": "",
    "wine/latest/model.onnx": "",
  });
  const { warnings } = await scanRepository(repository.root);
  expect(warnings).toEqual([
    `ignored in ${repository.root}, not the name of a model: "-dash", ".git"`,
    `ignored in ${join(repository.root, "wine")}, not the name of a version: "01", "latest"`,
  ]);
});

it("follows links, and passes over those that lead nowhere", async () => {
  await using elsewhere = await makeRepository({ "m/1/model.onnx": "", "v/model.onnx": "" });
  await using repository = await makeRepository({ "b/1/model.onnx": "" });
  await symlink(join(elsewhere.root, "m"), join(repository.root, "a"));
  await symlink(join(elsewhere.root, "v"), join(repository.root, "b", "2"));
  await symlink(join(elsewhere.root, "gone"), join(repository.root, "c"));
  const { models, warnings } = await scanRepository(repository.root);
  expect(models.map((found) => [found.model, found.versions])).toEqual([
    ["a", [1]],
    ["b", [2]],
  ]);
  expect(warnings).toEqual([]);
});

it("finds nothing in an empty repository", async () => {
  await using repository = await makeRepository({});
  expect(await scanRepository(repository.root)).toEqual({ models: [], warnings: [] });
});

it("fails clearly where there is no repository", async () => {
  await using repository = await makeRepository({ file: "" });
  const missing = join(repository.root, "nowhere");
  await expect(scanRepository(missing)).rejects.toThrow(
    `the model repository ${missing} cannot be read: no such folder`,
  );
  await expect(scanRepository(join(repository.root, "file"))).rejects.toThrow("not a folder");
});

it("keeps a model out whose model.yaml is not a file", async () => {
  await using repository = await makeRepository({ "a/1/model.onnx": "" });
  await mkdir(join(repository.root, "a", "model.yaml"));
  const { models } = await scanRepository(repository.root);
  expect(models[0]?.problem).toMatch(/^model\.yaml cannot be read: /);
});

it("reads settings of one model and names its files", async () => {
  await using repository = await makeRepository({ "a/model.yaml": "replicas: 2" });
  expect((await readModelSettings(join(repository.root, "a"))).replicas).toBe(2);
  expect(await readModelSettings(join(repository.root, "b"))).toEqual(settingsDefaults);
  expect(modelPaths("models", { model: "a", version: 2 })).toEqual({
    onnx: "models/a/2/model.onnx",
    baseline: "models/a/2/baseline.json",
    vocabulary: "models/a/2/vocabulary.txt",
    examples: "models/a/examples.csv",
    settings: "models/a/model.yaml",
  });
});

it("accepts the settings of every sample", async () => {
  const { models, warnings } = await scanRepository("models");
  expect(models.map((found) => [found.model, found.versions, found.problem])).toEqual([
    ["credit", [1], undefined],
    ["diabetes", [1], undefined],
    ["digits", [1, 2], undefined],
    ["wine", [1], undefined],
  ]);
  // Retraining leaves compiled Python behind.
  expect(warnings.filter((line) => !line.includes("__pycache__"))).toEqual([]);
});
