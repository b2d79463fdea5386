import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Routes, readRoutes, writeRoutes } from "./routes-file.ts";

const routes: Routes = {
  format: 1,
  cluster: "local",
  models: [
    {
      model: "wine",
      version: 1,
      state: "expected",
      reason: "",
      workers: [
        { instance: "wine-1-0", address: "unix:/run/w.sock", metrics: "unix:/run/w.metrics.sock" },
        { instance: "wine-1-1", address: "10.0.0.7:8021", metrics: "" },
      ],
    },
    { model: "broken", version: 0, state: "failed", reason: "model.yaml: …", workers: [] },
  ],
};

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-routes-"));
});
afterEach(async () => await rm(folder, { recursive: true }));

it("reads back what it wrote and leaves nothing beside it", async () => {
  const path = join(folder, "routes.json");
  await writeRoutes(path, { ...routes, cluster: "other" });
  await writeRoutes(path, routes);
  expect(await readRoutes(path)).toEqual(routes);
  expect(await readdir(folder)).toEqual(["routes.json"]);
});

it("survives writers at the same time", async () => {
  const path = join(folder, "routes.json");
  await Promise.all(Array.from({ length: 20 }, () => writeRoutes(path, routes)));
  expect(await readRoutes(path)).toEqual(routes);
});

it("says which file is missing", async () => {
  await expect(readRoutes(join(folder, "none.json"))).rejects.toMatchObject({
    code: "not-found",
    message: expect.stringContaining("none.json"),
  });
});

it("reports every problem of a file together", async () => {
  const path = join(folder, "routes.json");
  const [wine] = routes.models;
  await writeFile(
    path,
    JSON.stringify({ ...routes, format: 2, models: [{ ...wine, model: "a b", state: "new" }] }),
  );
  await expect(readRoutes(path)).rejects.toThrow(/format: .*models\.0\.model: .*models\.0\.state/);
});

it("refuses what is no JSON", async () => {
  const path = join(folder, "routes.json");
  await writeFile(path, "{");
  await expect(readRoutes(path)).rejects.toMatchObject({ code: "invalid-argument" });
});

it("says when it cannot write", async () => {
  await expect(writeRoutes(join(folder, "no", "routes.json"), routes)).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("cannot write"),
  });
});
