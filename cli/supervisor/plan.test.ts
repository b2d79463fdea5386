import { expect, it } from "vitest";
import { settingsDefaults } from "#core/model/settings.ts";
import { planRoutes, planWorkers } from "./plan.ts";

const found = [
  { model: "broken", settings: undefined, versions: [], problem: "model.yaml: no" },
  {
    model: "digits",
    settings: { ...settingsDefaults, replicas: 2 },
    versions: [1, 2],
    problem: undefined,
  },
  { model: "wine", settings: settingsDefaults, versions: [7], problem: undefined },
];

it("plans a process for each replica of each served version, and none for what is kept out", () => {
  const plan = planWorkers(found);
  expect(plan.workers.map((worker) => worker.instance)).toEqual([
    "digits-1-0",
    "digits-1-1",
    "digits-2-0",
    "digits-2-1",
    "wine-7-0",
  ]);
  expect(plan.keptOut).toEqual([{ model: "broken", reason: "model.yaml: no" }]);
});

it("tells the gateway of every version with its workers, and of what is kept out and why", () => {
  const sockets = { address: "unix:/s", metrics: "unix:/m" };
  const routes = planRoutes(planWorkers(found), "local", () => sockets);
  const shown = routes.models.map(({ model, version, state, reason, workers }) =>
    [`${model}@${version}`, state, reason, workers.length].join(" "),
  );
  expect(shown).toEqual([
    "digits@1 expected  2",
    "digits@2 expected  2",
    "wine@7 expected  1",
    "broken@0 failed model.yaml: no 0",
  ]);
  expect(routes.models[2]?.workers).toEqual([{ instance: "wine-7-0", ...sockets }]);
});
