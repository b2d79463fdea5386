import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openBus } from "#platform/bus/nats.ts";
import { silentLog } from "#platform/log.ts";
import { openMetrics } from "#platform/metrics.ts";
import { eventually, watchedRepository } from "../../test/support/monitor.ts";
import { startTestNats } from "../../test/support/nats.ts";
import { Definitions } from "./definitions.ts";
import { MonitorEvents } from "./events.ts";
import { Steward } from "./steward.ts";
import { WatchedModels } from "./watched-models.ts";

it("watches the other models where the claim on one cannot be read", async () => {
  await using cluster = await start();
  const { models, changes } = cluster;
  const problem = await eventually(async () =>
    models.problem.startsWith("claims on models") ? models.problem : undefined,
  );
  expect(problem).toContain("cannot be renewed: the lease in sluice_monitor is no lease record");
  expect([...models.held].map(({ model }) => model)).toEqual(["wine"]);
  expect(changes[0]).toBe(1);
});

/** A repository of beer and wine, where something else is in the place of beer's claim. */
async function start() {
  await using opened = new AsyncDisposableStack();
  const nats = opened.use(await startTestNats());
  const repository = opened.use(await watchedRepository(1000));
  await mkdir(join(repository.path, "beer", "1"), { recursive: true });
  const bus = opened.use(await openBus({ url: nats.url, name: "test", log: silentLog }));
  const keys = await eventually(() => bus.store("sluice_monitor"));
  await keys.put("lease.beer", new TextEncoder().encode("something else"));
  const listen = { host: "127.0.0.1", port: 0, setting: "" };
  const { meter } = opened.use(await openMetrics({ service: "monitor", labels: {}, listen }));
  const models = new WatchedModels();
  const changes: number[] = [];
  const steward = new Steward(
    { holder: "test", graceMs: 0, leaseMs: 1000, snapshotMs: 1000 },
    {
      bus,
      models,
      definitions: await Definitions.open(repository.path, () => {}),
      events: new MonitorEvents({ log: silentLog, meter }),
      onChange: () => changes.push(models.size),
    },
  );
  const stop = new AbortController();
  const running = steward.run(stop.signal);
  opened.defer(async () => {
    stop.abort();
    await running;
  });
  const all = opened.move();
  return { models, changes, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
