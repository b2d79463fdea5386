import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { ModelWatch } from "#core/monitor/model-watch.ts";
import type { WindowReport } from "#core/monitor/window-report.ts";
import { seededDraw } from "#core/random.ts";
import type { Bus } from "#platform/bus/bus.ts";
import { openBus } from "#platform/bus/nats.ts";
import { monitorBucket, predictionStream } from "#platform/bus/streams.ts";
import { sleep } from "#platform/clock.ts";
import { silentLog } from "#platform/log.ts";
import { encodePredictionEvent } from "#wire/event/encode.ts";
import { predictionSubject } from "#wire/event/subject.ts";
import { Definitions } from "../../services/monitor/definitions.ts";
import { Snapshots } from "../../services/monitor/snapshots.ts";
import { dailyMessages, dailyValue } from "../support/daily-pattern.ts";
import { eventually, readJson, watchedRepository } from "../support/monitor.ts";
import { startTestNats } from "../support/nats.ts";
import { makeEvent } from "../support/prediction-events.ts";
import { sluice } from "../support/sluice.ts";
import { monitorEnv, spawnMonitor } from "../support/spawn-monitor.ts";

const hourMs = 3_600_000;
const windowMs = 1000;
const settings = ", baseline: { kind: period, hours: 24 }";

it("compares with yesterday's hour, which outlives its monitors", { timeout: 90_000 }, async () => {
  await using nats = await startTestNats();
  await using repository = await watchedRepository(windowMs, settings);
  await using bus = await openBus({ url: nats.url, name: "test", log: silentLog });
  await eventually(() => bus.ensureStream(predictionStream));
  await saveYesterday(bus, await Definitions.open(repository.path, unexpected));
  const env = monitorEnv(nats.url, repository.path);
  let seq = 0;

  for (const isShifted of [false, true]) {
    // The one before has been killed.
    await using monitor = await spawnMonitor(env);
    const http = monitor.addresses["http"] ?? "";
    const sinceMs = Date.now();
    const window = await eventually(async () => {
      seq += 1;
      await publish(bus, seq, isShifted);
      await sleep(100);
      const { windows } = await readJson<History>(http, "/history/wine/1?limit=5");
      return windows.find(({ startMs, rows }) => startMs > sinceMs + windowMs && rows >= 200);
    });
    expect(window.period).toEqual({
      startMs: Math.floor(window.startMs / hourMs) * hourMs - 24 * hourMs,
      endMs: Math.floor(window.startMs / hourMs) * hourMs - 23 * hourMs,
      ...{ rows: 4000, problem: "", isUsed: true },
    });
    const [x] = window.features;
    expect(x).toMatchObject({ isOfPeriod: true, rowsBaseline: 4000 });
    expect(x?.verdict).toBe(isShifted ? "alarm" : "ok");
    const { output } = await sluice(["drift", "--monitor", monitor.addresses["grpc"] ?? ""]);
    expect(output).toMatch(/\ncompared with {2}\d{4}-\d\d-\d\d \d\d:00:00 to .*, 4000 rows\n/);
    await sleep(500);
  }
});

type History = { readonly windows: readonly WindowReport[] };

/** As a monitor would have left it that ran until yesterday. */
async function saveYesterday(bus: Bus, definitions: Definitions): Promise<void> {
  const definition = await definitions.read({ model: "wine", version: 1 });
  const { versions: _, ...watched } = definitions.settings("wine");
  const options = { model: "wine", graceMs: 0, ...watched };
  const watch = new ModelWatch(options, new Map([[1, definition]]));
  const fromMs = Math.floor(Date.now() / hourMs) * hourMs - 24 * hourMs;
  // Two hours, since one may end while the test runs, and some windows more to settle them.
  const day = { fromMs, hours: 3, perHour: 4, rows: 1000 };
  for (const message of dailyMessages(day)) watch.apply(message);
  const [hours] = watch.hours();
  expect(hours?.past.hours).toHaveLength(2);
  const { created } = await bus.ensureStream(predictionStream);
  const { name: stream } = predictionStream;
  const [keys, objects] = [await bus.store(monitorBucket), await bus.objects(monitorBucket)];
  const of = { model: "wine", epoch: 0, stream, uniqueName: randomUUID };
  const snapshots = new Snapshots(of, { keys, objects });
  await snapshots.load();
  const [state, history] = [watch.state(), watch.history()];
  const position = { created, seq: 0 };
  expect(await snapshots.save({ state, history, hours: watch.hours(), position })).toBe(true);
}

async function publish(bus: Bus, seq: number, isShifted: boolean): Promise<void> {
  const draw = seededDraw(seq);
  const hour = Math.floor(Date.now() / hourMs) % 24;
  // Towards the middle of what the model was made from, where its bins are.
  const shift = isShifted ? (hour < 12 ? -0.8 : 0.8) : 0;
  const x = Array.from({ length: 200 }, () => dailyValue(hour, draw) + shift);
  const of = [{ id: seq, timeMs: Date.now(), x }];
  const event = makeEvent({ producer: "today", seq, rowsTotal: seq * 200, of });
  await bus.publish(predictionSubject(event), encodePredictionEvent(event));
}

function unexpected(reason: string): void {
  throw new Error(reason);
}
