/**
 * What monitors know after faults at moments drawn from a seed, compared with what one knows that
 * nothing happened to: the same to the last digit.
 */
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ModelReport } from "#core/monitor/model-report.ts";
import type { WindowReport } from "#core/monitor/window-report.ts";
import { type Draw, seededDraw, shuffledIndexes } from "#core/random.ts";
import { openBus } from "#platform/bus/nats.ts";
import { feedbackStream, predictionStream } from "#platform/bus/streams.ts";
import { sleep } from "#platform/clock.ts";
import { silentLog } from "#platform/log.ts";
import { Definitions } from "../../services/monitor/definitions.ts";
import { comparable } from "../support/labels.ts";
import { eventually, readJson, watchedRepository } from "../support/monitor.ts";
import { startTestNats } from "../support/nats.ts";
import { publishRoughly } from "../support/rough-events.ts";
import { monitorEnv, type SpawnedMonitor, spawnMonitor } from "../support/spawn-monitor.ts";
import { undisturbed } from "../support/undisturbed.ts";

const windowMs = 1000;
const graceMs = 200;
const leaseMs = 1000;
const models = ["wine", "beer"];

describe("two monitors under faults", () => {
  it.each([2])(
    "know what one knows without any (seed %i)",
    async (seed) => {
      const draw = seededDraw(seed);
      await using cluster = await start();
      const { bus } = cluster;
      const stop = new AbortController();
      const publishing = publishRoughly(bus, {
        models,
        draw: seededDraw(seed + 100),
        signal: stop.signal,
      });
      const faults = [killOne, pauseOne, restartNats, killOne];
      for (const place of shuffledIndexes(faults.length, draw)) {
        await sleep(200 + draw() * 600);
        await faults[place]?.(cluster, draw);
      }
      await sleep(500);
      stop.abort();
      await publishing;
      for (const model of models) await compare(cluster, model);
    },
    90_000,
  );
});

type Cluster = Awaited<ReturnType<typeof start>>;

async function killOne({ monitors, spawn }: Cluster, draw: Draw): Promise<void> {
  const place = draw() < 0.5 ? 0 : 1;
  await monitors[place]?.kill();
  await sleep(draw() * 500);
  monitors[place] = await spawn();
}

/** For longer than a claim lasts: the other one takes over, and this one has to notice. */
async function pauseOne({ monitors }: Cluster, draw: Draw): Promise<void> {
  const { process } = monitors[draw() < 0.5 ? 0 : 1] ?? {};
  process?.kill("SIGSTOP");
  await sleep(leaseMs * (1.5 + draw()));
  process?.kill("SIGCONT");
}

async function restartNats({ nats }: Cluster, draw: Draw): Promise<void> {
  await nats.stop();
  await sleep(draw() * 500);
  await nats.start();
}

async function compare({ bus, monitors, definitions }: Cluster, model: string): Promise<void> {
  const known = await undisturbed(bus, { model, graceMs, definitions });
  const expected = JSON.parse(JSON.stringify(known));
  const { report, address } = await eventually(async () => {
    for (const monitor of monitors) {
      const found = await reportOf(monitor, model);
      const isRead = found?.report.monitorTimeMs === expected.report.monitorTimeMs;
      if (found !== undefined && isRead) return found;
    }
    return undefined;
  });
  expect(comparable(report)).toEqual(comparable(expected.report));
  const { messages, messagesDuplicate, rowsLate, rowsDuplicate } = report.counters;
  expect(Math.min(messages, messagesDuplicate, rowsLate, rowsDuplicate)).toBeGreaterThan(0);
  const history = await readJson<{ windows: WindowReport[] }>(address, `/history/${model}/1`);
  expect(history.windows).toEqual(expected.windows);
}

async function reportOf({ addresses }: SpawnedMonitor, model: string) {
  const address = addresses["http"] ?? "";
  const read = readJson<ModelReport>(address, `/reports/${model}/1`);
  const report = await read.catch(() => undefined);
  return report === undefined ? undefined : { report, address };
}

async function start() {
  await using opened = new AsyncDisposableStack();
  const nats = opened.use(await startTestNats());
  const folder = opened.use(await watchedRepository(windowMs));
  const declared = "features: [{ name: x, input: x, max: 0.5, constraints: { integral: true } }]\n";
  await appendFile(join(folder.path, "wine", "model.yaml"), declared);
  const bus = opened.use(await openBus({ url: nats.url, name: "test", log: silentLog }));
  await eventually(() => bus.ensureStream(predictionStream));
  await bus.ensureStream(feedbackStream);
  const definitions = await Definitions.open(folder.path, () => {});
  const env = monitorEnv(nats.url, folder.path);
  const all = opened.move();
  const spawn = async () => all.use(await spawnMonitor(env));
  const monitors = await Promise.all([spawn(), spawn()]);
  return {
    nats,
    bus,
    monitors,
    spawn,
    definitions,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
