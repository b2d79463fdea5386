import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ModelReport } from "#core/monitor/model-report.ts";
import type { Bus } from "#platform/bus/bus.ts";
import { openBus } from "#platform/bus/nats.ts";
import { feedbackStream, predictionStream } from "#platform/bus/streams.ts";
import { silentLog } from "#platform/log.ts";
import { encodePredictionEvent, encodeProducerEnd } from "#wire/event/encode.ts";
import { predictionSubject } from "#wire/event/subject.ts";
import { readEnv, toConfig } from "../../services/monitor/config.ts";
import { Definitions } from "../../services/monitor/definitions.ts";
import { type Monitor, startMonitor } from "../../services/monitor/monitor.ts";
import { bulkId, bulkRows, comparable, labelsTaken, publishLabels } from "../support/labels.ts";
import { eventually, readJson, reportWhen, watchedRepository } from "../support/monitor.ts";
import { manageStreams, startTestNats } from "../support/nats.ts";
import { evenly, makeEvent } from "../support/prediction-events.ts";
import { monitorEnv, type SpawnedMonitor, spawnMonitor } from "../support/spawn-monitor.ts";
import { tempDir } from "../support/temp.ts";
import { undisturbed } from "../support/undisturbed.ts";

const windowMs = 1000;
const graceMs = 200;
const wine = { model: "wine", version: 1 };

describe("a monitor that is killed", () => {
  it("comes back with the numbers of one that was not", async () => {
    await using cluster = await start();
    const { bus, spawn, definitions } = cluster;
    const first = await spawn();
    // More than memory has room for: the rest is in files.
    for (const bulk of [1, 2]) await publishBulk(bus, bulk);
    let seq = await publishUntil(bus, 1, () => hasSavedWindows(first));
    // Messages after the last snapshot: counted once by the one that is killed, once by its
    // successor.
    for (; seq % 20 !== 0; seq += 1) await publishBoth(bus, seq);
    await reportWhen(http(first), ({ counters }) => counters.messages === seq + 1);
    await first.kill();
    for (const end = seq + 20; seq < end; seq += 1) await publishBoth(bus, seq);
    const end = { producer: "a", answered: 5000, gateway: "g" };
    await bus.publish(predictionSubject(wine), encodeProducerEnd(end));

    const second = await spawn();
    const expected = await undisturbed(bus, { model: "wine", graceMs, definitions });
    const report = await reportWhen(
      http(second),
      ({ counters, performance }) =>
        counters.rowsTotal === expected.report.counters.rowsTotal &&
        labelsTaken(performance) === labelsTaken(expected.report.performance),
    );
    expect(report.performance?.labels.matched).toBeGreaterThan(30);
    expect(report.performance?.labels.revised).toBeGreaterThan(5);
    expect(comparable(report)).toEqual(comparable(expected.report));
    expect(await readdir(join(cluster.dataDir, "monitor", "labels", "wine"))).not.toEqual([]);
    const { windows } = await readJson<{ windows: object[] }>(http(second), "/history/wine/1");
    expect(windows).toEqual(JSON.parse(JSON.stringify(expected.windows)));
    expect(windows.length).toBeGreaterThan(0);
    const metrics = await metricsOf(second.addresses);
    // It went on from a snapshot: it did not read everything again. On a busy machine a claim may
    // have lapsed and been taken anew, from a snapshot again.
    const taken = /claims_total\{[^}]*outcome="taken"[^}]*\} (\d+)/.exec(metrics)?.[1];
    expect(countedMessages(metrics)).toBeLessThan(seq * Number(taken));
  });
});

describe("two monitors", () => {
  it("watch a model one after the other, the second going on where the first stopped", async () => {
    await using cluster = await start();
    const { bus, open } = cluster;
    const first = await open();
    await publish(bus, 1);
    await reportWhen(first.ready.http, ({ counters }) => counters.messages === 1);
    await using second = await open();
    await eventually(async () => {
      const { problem } = await readJson<{ problem: string }>(second.ready.http, "/reports");
      return problem.includes('another monitor watches "wine"') ? problem : undefined;
    });
    await expect(readJson(second.ready.http, "/reports/wine")).rejects.toThrow("another monitor");
    await first[Symbol.asyncDispose]();
    const report = await reportWhen(second.ready.http, ({ counters }) => counters.messages === 1);
    expect(report.counters.rowsIncluded).toBe(3);
    await publish(bus, 1);
    await publish(bus, 2);
    const next = await reportWhen(second.ready.http, ({ counters }) => counters.messages === 2);
    expect(next.counters.messagesDuplicate).toBe(1);
  });
});

describe("NATS that goes away", () => {
  it("leaves reports readable and is waited for", async () => {
    await using cluster = await start();
    const { nats, bus, open } = cluster;
    await using monitor = await open();
    await publish(bus, 1);
    const { http } = monitor.ready;
    await reportWhen(http, ({ counters }) => counters.messages === 1);
    await nats.stop();
    const { reports } = await eventually(async () => {
      const all = await readJson<{ reports: ModelReport[]; problem: string }>(http, "/reports");
      return all.problem === "" ? undefined : all;
    });
    expect(reports).toMatchObject([{ model: "wine", counters: { messages: 1 } }]);
    await nats.start();
    await eventually(() => publish(bus, 2).then(() => true));
    await reportWhen(http, ({ counters }) => counters.messages === 2);
    await eventually(async () => {
      const { problem } = await readJson<{ problem: string }>(http, "/reports");
      return problem === "" ? true : undefined;
    });
  });

  it("and comes back empty: counting begins anew, and what is missing is known", async () => {
    await using cluster = await start();
    const { nats, bus, open } = cluster;
    await using monitor = await open();
    for (const seq of [1, 2, 3]) await publish(bus, seq);
    const { http } = monitor.ready;
    await reportWhen(http, ({ counters }) => counters.messages === 3);
    await nats.stop();
    await nats.start({ isEmpty: true });
    await eventually(() => bus.ensureStream(predictionStream));
    await publish(bus, 4);
    const report = await reportWhen(http, ({ counters }) => counters.messages === 1);
    expect(report.counters).toMatchObject({ messagesMissing: 3, rowsTotal: 12, rowsLost: 9 });
  });
});

describe("a stream that is deleted and made anew", () => {
  it("is read from its beginning, with what was known", async () => {
    await using cluster = await start();
    const { nats, bus, open } = cluster;
    await using monitor = await open();
    for (const seq of [1, 2, 3]) await publish(bus, seq);
    const { http } = monitor.ready;
    await reportWhen(http, ({ counters }) => counters.messages === 3);
    await manageStreams(nats, ({ streams }) => streams.delete(predictionStream.name));
    await eventually(() => bus.ensureStream(predictionStream));
    await publish(bus, 3);
    await publish(bus, 4);
    const report = await reportWhen(http, ({ counters }) => counters.messages === 4);
    expect(report.counters).toMatchObject({ messagesDuplicate: 1, messagesMissing: 0 });
    expect(await metricsOf(monitor.ready)).toMatch(/stream_recreations_total\{[^}]*\} 1/);
  });
});

describe("messages that are gone before they are read", () => {
  it("are counted", async () => {
    await using cluster = await start();
    const { bus, open } = cluster;
    const first = await open();
    await publish(bus, 1);
    await reportWhen(first.ready.http, ({ counters }) => counters.messages === 1);
    await first[Symbol.asyncDispose]();
    for (const seq of [2, 3, 4, 5, 6]) await publish(bus, seq);
    // The limit of the stream takes away its oldest messages.
    const { bytesMax } = predictionStream;
    const state = await bus.ensureStream({ ...predictionStream, bytesMax: 1200 });
    expect(state.firstSeq).toBeGreaterThan(2);
    await bus.ensureStream({ ...predictionStream, bytesMax });
    await using second = await open();
    const report = await reportWhen(
      second.ready.http,
      ({ counters }) => counters.messages === 1 + 6 - state.firstSeq + 1,
    );
    expect(report.counters).toMatchObject({
      messagesPurged: state.firstSeq - 2,
      messagesMissing: state.firstSeq - 2,
      rowsLost: 3 * (state.firstSeq - 2),
    });
  });
});

async function publish(bus: Bus, seq: number): Promise<void> {
  const x = [Math.sin(seq), Math.cos(seq), Math.sin(seq * 7)];
  const nowMs = Date.now();
  const of = [
    { id: seq, timeMs: nowMs, x: x.slice(0, 2) },
    // Late, the way a slow worker's are, and sometimes an execution that was hedged.
    { id: seq + 1000, timeMs: nowMs - (seq % 5) * 400, x: x.slice(2) },
  ];
  const event = makeEvent({ of, producer: "a", seq, rowsTotal: seq * 3 });
  await bus.publish(predictionSubject(wine), encodePredictionEvent(event));
}

/** Many rows of one request, from another producer. */
async function publishBulk(bus: Bus, seq: number): Promise<void> {
  const of = [{ id: bulkId + seq, timeMs: Date.now(), x: evenly(bulkRows) }];
  const event = makeEvent({ of, producer: "b", seq, rowsTotal: seq * bulkRows });
  await bus.publish(predictionSubject(wine), encodePredictionEvent(event));
}

async function publishBoth(bus: Bus, seq: number): Promise<void> {
  await publishLabels(bus, seq);
  await publish(bus, seq);
}

/** Publishes one after the other until told to stop; gives back the next sequence. */
async function publishUntil(bus: Bus, from: number, isDone: () => Promise<boolean>) {
  let seq = from;
  for (; !(await isDone()); seq += 1) await publishBoth(bus, seq);
  return seq;
}

function http({ addresses }: SpawnedMonitor): string {
  return addresses["http"] ?? "";
}

async function metricsOf(addresses: { readonly [name: string]: unknown }): Promise<string> {
  return await (await fetch(`http://${addresses["metrics"]}/metrics`)).text();
}

/** It has closed a window, and saved more than once. */
async function hasSavedWindows(spawned: SpawnedMonitor): Promise<boolean> {
  const text = await metricsOf(spawned.addresses);
  const saved = /snapshots_total\{[^}]*outcome="saved"[^}]*\} (\d+)/.exec(text)?.[1];
  return Number(saved ?? 0) >= 2 && text.includes("sluice_monitor_windows_total{");
}

function countedMessages(metrics: string): number {
  const pattern = /messages_total\{[^}]*outcome="counted"[^}]*\} (\d+)/;
  return Number(pattern.exec(metrics)?.[1] ?? Number.NaN);
}

async function start() {
  await using opened = new AsyncDisposableStack();
  const nats = opened.use(await startTestNats());
  const models = opened.use(await watchedRepository(windowMs));
  const bus = opened.use(await openBus({ url: nats.url, name: "test", log: silentLog }));
  await eventually(() => bus.ensureStream(predictionStream));
  await bus.ensureStream(feedbackStream);
  const definitions = await Definitions.open(models.path, () => {});
  const data = opened.use(await tempDir());
  const dataDir = data.path;
  const env = { ...monitorEnv(nats.url, models.path), SLUICE_DATA: dataDir };
  const config = toConfig(readEnv(env));
  const open = (): Promise<Monitor> => startMonitor(config, { log: silentLog });
  const all = opened.move();
  const spawn = async () => all.use(await spawnMonitor(env));
  const made = { nats, bus, dataDir, spawn, open, definitions };
  return { ...made, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
