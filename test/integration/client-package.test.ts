import { execFile } from "node:child_process";
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeClientProject, packClient } from "../support/client-tarball.ts";
import { startTestCluster } from "../support/cluster.ts";
import { type TempDir, tempDir } from "../support/temp.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const sources = join(root, "test", "support", "client-project");

let project: TempDir;

beforeAll(async () => {
  project = await tempDir();
  await using packed = await tempDir();
  await makeClientProject(project.path, await packClient(packed.path));
  for (const file of await readdir(sources)) {
    await copyFile(join(sources, file), join(project.path, file));
  }
}, 120_000);

afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
});

it("holds JavaScript, types, licence and README, and nothing of the server", async () => {
  const folder = join(project.path, "node_modules", "sluice-client");
  expect((await readdir(folder)).toSorted()).toEqual([
    "LICENSE",
    "README.md",
    "dist",
    "package.json",
  ]);
  const files = await readdir(join(folder, "dist"), { recursive: true, withFileTypes: true });
  const code = files.filter((file) => file.isFile());
  expect(code.filter(({ name }) => !/\.(js|d\.ts)$/.test(name))).toEqual([]);
  for (const { parentPath, name } of code) {
    const text = await readFile(join(parentPath, name), "utf8");
    const imported = [...text.matchAll(/^(?:im|ex)port .*from "([^"]+)"/gm)].map(
      ([, from = ""]) => from,
    );
    const strange = imported.filter(
      (from) => !/^(\.{1,2}\/.*\.(js|ts)|node:|@grpc\/|@buf)/.test(from),
    );
    expect(strange).toEqual([]);
  }
});

it("predicts from an empty project", async () => {
  await using cluster = await startTestCluster({ nats: false });
  const { stdout } = await run(process.execPath, ["predict.js"], {
    cwd: project.path,
    env: { ...process.env, SLUICE_SERVER: cluster.grpc },
  });
  expect(stdout).toBe(`${process.version}\n`);
}, 120_000);

it("has types that hold under `strict`", async () => {
  const config = {
    compilerOptions: {
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      target: "es2022",
      lib: ["es2022", "esnext.disposable"],
      module: "nodenext",
      typeRoots: [join(root, "node_modules", "@types")],
      types: ["node"],
    },
    files: ["types.ts"],
  };
  await writeFile(join(project.path, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const compiled = run(process.execPath, [tsc, "-p", project.path]).catch(
    ({ stdout }: { readonly stdout: string }) => ({ stdout }),
  );
  expect((await compiled).stdout).toBe("");
}, 120_000);
