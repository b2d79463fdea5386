import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { makeClientProject, packClient } from "../support/client-tarball.ts";
import { startTestCluster } from "../support/cluster.ts";
import { tempDir } from "../support/temp.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

it("predicts with the TypeScript of the README, as it stands there", async () => {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const snippet = /```ts\n([\s\S]*?)```/.exec(readme)?.[1];
  expect(snippet).toBeDefined();
  await using project = await tempDir();
  await writeFile(join(project.path, "predict.ts"), snippet ?? "");
  await using packed = await tempDir();
  await makeClientProject(project.path, await packClient(packed.path));
  await using cluster = await startTestCluster({ nats: false });
  const { stdout } = await promisify(execFile)(process.execPath, ["predict.ts"], {
    cwd: project.path,
    env: { ...process.env, SLUICE_SERVER: cluster.grpc },
  });
  expect(stdout).toMatch(/^\[ [0-9.]+, [0-9.]+ \]\n$/);
}, 60_000);
