import { describe, expect, it } from "vitest";
import type { EventColumn } from "#core/prediction/event.ts";
import { seededDraw } from "#core/random.ts";
import type { Bus } from "#platform/bus/bus.ts";
import { openBus } from "#platform/bus/nats.ts";
import { alertStream, predictionStream } from "#platform/bus/streams.ts";
import { silentLog } from "#platform/log.ts";
import { encodePredictionEvent } from "#wire/event/encode.ts";
import { predictionSubject } from "#wire/event/subject.ts";
import { eventually, readJson, watchedRepository } from "../support/monitor.ts";
import { startTestNats } from "../support/nats.ts";
import { makeEvent } from "../support/prediction-events.ts";
import { monitorEnv, type SpawnedMonitor, spawnMonitor } from "../support/spawn-monitor.ts";
import { readStoredEvents } from "../support/stored-events.ts";

type Change = {
  readonly signal: string;
  readonly name: string;
  readonly seq: number;
  readonly before: number;
  readonly after: number;
};

type Report = {
  readonly counters: { readonly messages: number };
  readonly changes: readonly Change[];
};

const rows = 20;
const still = 600;
const moved = 120;

describe("changes of level", () => {
  it("are told once each, by whichever monitor goes on, and none where there is none", async () => {
    await using cluster = await start();
    const { publish, open } = cluster;
    const first = await open();
    await publish(still, {});
    expect((await readUntil(first, still)).changes).toEqual([]);
    await publish(moved, { score: 1 });
    const shifted = await readUntil(first, still + moved);
    expect(shifted.changes).toMatchObject([{ signal: "score", name: "value" }]);
    const [score] = shifted.changes;
    expect(score?.before).toBeCloseTo(0.5, 1);
    expect(score?.after).toBeCloseTo(1.5, 1);
    expect(score?.seq).toBeGreaterThan(still);
    await eventually(async () => ((await cluster.stored()).length === 1 ? true : undefined));
    // It may not have saved what it has told.
    await first.kill();

    const second = await open();
    await publish(moved, { score: 1, slower: 4 });
    const slowed = await readUntil(second, still + 2 * moved);
    expect(slowed.changes.map(({ signal, name }) => `${signal} ${name}`).sort()).toEqual([
      "latency run",
      "latency total",
      "score value",
    ]);
    expect(slowed.changes.at(-1)).toEqual(score);
    const run = slowed.changes.find(({ name }) => name === "run");
    expect((run?.after ?? 0) / (run?.before ?? 1)).toBeCloseTo(4, 0);
    await publish(moved, { score: 1, slower: 4, failed: rows });
    const failing = await readUntil(second, still + 3 * moved);
    expect(failing.changes).toHaveLength(4);
    expect(failing.changes[0]).toMatchObject({ signal: "error", name: "" });
    await eventually(async () => ((await cluster.stored()).length === 4 ? true : undefined));
    await second.kill();

    await using third = await open();
    expect((await readUntil(third, still + 3 * moved)).changes).toEqual(failing.changes);
    const stored = await cluster.stored();
    expect(stored.map(({ subject }) => subject).sort()).toEqual([
      ...["error", "latency run", "latency total", "score value"],
    ]);
    expect(new Set(stored.map(({ id }) => id)).size).toBe(4);
    expect(stored[0]).toMatchObject({
      ...{ type: "sluice.alert.change", source: "/sluice/local/wine/1" },
      data: { signal: "score", name: "value", message: { stream: "SLUICE_PREDICTIONS" } },
    });
    const metrics = await (await fetch(`http://${third.addresses["metrics"]}/metrics`)).text();
    const counts = [
      ...metrics.matchAll(/^sluice_change_points_total\{.*signal="latency".*\} (\d+)/gm),
    ];
    expect(counts.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(2);
  }, 60_000);
});

/** Predictions of wine@1, of which each message has the values that are told. */
async function start() {
  await using opened = new AsyncDisposableStack();
  const nats = opened.use(await startTestNats());
  const models = opened.use(await watchedRepository(60_000));
  const bus = opened.use(await openBus({ url: nats.url, name: "test", log: silentLog }));
  await eventually(() => bus.ensureStream(predictionStream));
  await bus.ensureStream(alertStream);
  const draw = seededDraw(1);
  let seq = 0;
  const publish = async (count: number, level: Level) => {
    for (let index = 0; index < count; index += 1) {
      seq += 1;
      const event = eventOf(seq, draw, level);
      await bus.publish(predictionSubject(event), encodePredictionEvent(event));
    }
  };
  const all = opened.move();
  const open = async () => all.use(await spawnMonitor(monitorEnv(nats.url, models.path)));
  const stored = () => readChanges(bus);
  return { publish, open, stored, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

type Level = { readonly score?: number; readonly slower?: number; readonly failed?: number };

function eventOf(seq: number, draw: () => number, level: Level) {
  const { score = 0, slower = 1, failed = 0 } = level;
  const x = Array.from({ length: rows }, () => 0);
  const event = makeEvent({
    ...{ seq, rowsTotal: seq * rows, rowsFailed: failed },
    of: [{ id: seq, timeMs: Date.now(), x }],
  });
  const data = Float64Array.from(x, () => draw() + score);
  const column: EventColumn = {
    ...{ name: "value", kind: "output", dtype: "FP64", nulls: new Uint8Array(0) },
    values: { kind: "numbers", data },
  };
  const runUs = [Math.round(1000 * slower * (0.5 + draw()))];
  return { ...event, requests: { ...event.requests, runUs }, columns: [...event.columns, column] };
}

async function readUntil({ addresses }: SpawnedMonitor, messages: number): Promise<Report> {
  return await eventually(async () => {
    const report = await readJson<Report>(addresses["http"] ?? "", "/reports/wine/1");
    return report.counters.messages === messages ? report : undefined;
  });
}

type Stored = { readonly id: string; readonly type: string; readonly subject: string };

async function readChanges(bus: Bus): Promise<Stored[]> {
  const all = await readStoredEvents<Stored>(bus);
  const changes = all.filter(({ event }) => event.type === "sluice.alert.change");
  for (const { subject } of changes) expect(subject).toBe("sluice.alert.wine.change");
  return changes.map(({ event }) => event);
}
