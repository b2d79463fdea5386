/** What cannot be the same as without faults: then how much is missing is known. */
import { describe, expect, it } from "vitest";
import { encodeToken } from "#core/model/name.ts";
import type { ModelReport } from "#core/monitor/model-report.ts";
import type { Bus } from "#platform/bus/bus.ts";
import { openBus } from "#platform/bus/nats.ts";
import { feedbackStream, predictionStream } from "#platform/bus/streams.ts";
import { sleep } from "#platform/clock.ts";
import { silentLog } from "#platform/log.ts";
import { encodePredictionEvent } from "#wire/event/encode.ts";
import { predictionSubject } from "#wire/event/subject.ts";
import { readEnv, toConfig } from "../../services/monitor/config.ts";
import { startMonitor } from "../../services/monitor/monitor.ts";
import { eventually, readJson, reportWhen, watchedRepository } from "../support/monitor.ts";
import { manageStreams, startTestNats } from "../support/nats.ts";
import { makeEvent, type SampleEvent } from "../support/prediction-events.ts";
import { monitorEnv, spawnMonitor } from "../support/spawn-monitor.ts";

const dayMs = 86_400_000;
const wine = predictionSubject({ model: "wine", version: 1 });

describe("a stream that is purged", () => {
  it("while the monitor stands still leaves no message unaccounted for", async () => {
    await using cluster = await start();
    const { bus, nats, env } = cluster;
    await using monitor = await spawnMonitor(env);
    const http = monitor.addresses["http"] ?? "";
    for (let seq = 1; seq <= 10; seq += 1) await publish(bus, { seq });
    await reportWhen(http, ({ counters }) => counters.messages === 10);
    await eventually(() => isSaved(bus, 10));
    monitor.process.kill("SIGSTOP");
    for (let seq = 11; seq <= 15; seq += 1) await publish(bus, { seq });
    await manageStreams(nats, ({ streams }) => streams.purge(predictionStream.name));
    for (let seq = 16; seq <= 20; seq += 1) await publish(bus, { seq });
    // Its claim lapses meanwhile.
    await sleep(1200);
    monitor.process.kill("SIGCONT");
    const isRead = ({ counters }: ModelReport) =>
      counters.messages + counters.messagesMissing === 20 && counters.rowsTotal === 20;
    const { counters } = await reportWhen(http, isRead);
    // What had reached its socket before it stood still may have been read all the same.
    expect(counters.messagesMissing).toBeLessThanOrEqual(5);
    expect(counters.rowsLost).toBe(counters.messagesMissing);
    expect(counters.messagesPurged).toBe(counters.messagesMissing);
  });

  it("after everything was read changes nothing", async () => {
    await using cluster = await start();
    const { bus, nats, open } = cluster;
    await using monitor = await open();
    const { http } = monitor.ready;
    for (let seq = 1; seq <= 3; seq += 1) await publish(bus, { seq });
    await reportWhen(http, ({ counters }) => counters.messages === 3);
    await manageStreams(nats, ({ streams }) => streams.purge(predictionStream.name));
    await publish(bus, { seq: 4 });
    const { counters } = await reportWhen(http, ({ counters }) => counters.messages === 4);
    expect(counters).toMatchObject({ messagesPurged: 0, messagesMissing: 0, rowsLost: 0 });
  });
});

describe("everything in NATS that is deleted under a monitor", () => {
  it("is made anew: the claim, the snapshots and the stream, and counting goes on", async () => {
    await using cluster = await start();
    const { bus, nats, open } = cluster;
    const first = await open();
    for (let seq = 1; seq <= 3; seq += 1) await publish(bus, { seq });
    await reportWhen(first.ready.http, ({ counters }) => counters.messages === 3);
    await manageStreams(nats, async ({ streams }) => {
      for (const { config } of await streams.list().next()) await streams.delete(config.name);
    });
    await eventually(() => bus.ensureStream(predictionStream));
    await publish(bus, { seq: 4 });
    const after = ({ counters }: ModelReport) => counters.rowsTotal === 4;
    const { counters } = await reportWhen(first.ready.http, after);
    expect(counters.messages + counters.messagesMissing).toBe(4);
    const isHeld = async () => {
      const { problem } = await readJson<{ problem: string }>(first.ready.http, "/reports");
      return problem === "" ? true : undefined;
    };
    await eventually(isHeld);
    await first[Symbol.asyncDispose]();
    await using second = await open();
    expect((await reportWhen(second.ready.http, after)).counters).toEqual(counters);
  });
});

describe("bad input", () => {
  it("is counted, told with its reason, and survives the monitor", async () => {
    await using cluster = await start();
    const { bus, open } = cluster;
    const first = await open();
    const { http } = first.ready;
    await bus.publish(wine, new TextEncoder().encode("garbage"));
    await bus.publish(wine, encodePredictionEvent(makeEvent({ seq: 1, model: "beer" })));
    await publish(bus, { seq: 1, columns: columns({ codes: [7] }) });
    await bus.publish("sluice.prediction.wine.latest", new Uint8Array(3));
    await publish(bus, { seq: 1, of: [{ id: 1, timeMs: 0 }] });
    await publish(bus, { seq: 2, of: [{ id: 2, timeMs: Date.UTC(9999, 0) }], rowsTotal: 2 });
    const report = await reportWhen(http, ({ counters }) => counters.messages === 2);
    expect(report.counters).toMatchObject({ messagesQuarantined: 3, rowsLate: 1 });
    expect(report.open?.rows).toBe(1);
    const quarantine = await readJson(http, "/quarantine");
    expect(quarantine).toMatchObject({
      messages: [
        { seq: 1, problem: expect.stringContaining("malformed") },
        { seq: 2, problem: expect.stringContaining('"beer@1" and came as wine@1') },
        { seq: 3, problem: expect.stringContaining("malformed") },
      ],
    });
    const metrics = await (await fetch(`http://${first.ready.metrics}/metrics`)).text();
    expect(metrics).toMatch(/sluice_monitor_messages_unknown_total\{[^}]*\} 1/);
    await first[Symbol.asyncDispose]();
    await using second = await open();
    await reportWhen(second.ready.http, ({ counters }) => counters.messagesQuarantined === 3);
    expect(await readJson(second.ready.http, "/quarantine")).toEqual(quarantine);
  });

  it("of another schema or model file is compared with nothing, and told", async () => {
    await using cluster = await start();
    const { bus, open } = cluster;
    await using monitor = await open();
    const { http } = monitor.ready;
    await publish(bus, { seq: 1, columns: columns({ data: Float32Array.of(0.5) }) });
    const mismatch = await reportWhen(http, ({ counters }) => counters.messages === 1);
    expect(mismatch.baselineProblem).toBe(
      "feature x: the baseline has FP64 numbers, the model FP32",
    );
    expect(mismatch.open?.features[0]?.quality.typeErrors).toBe(1);
    await publish(bus, { seq: 2, rowsTotal: 2, digest: "e".repeat(64) });
    const other = await reportWhen(http, ({ counters }) => counters.messages === 2);
    expect(other.baselineProblem).toMatch(/its digest is "d{64}", the served model's "e{64}"/);
    expect(other.open?.features[0]?.rowsCurrent).toBe(0);
    await publish(bus, { seq: 3, rowsTotal: 3 });
    const right = await reportWhen(http, ({ counters }) => counters.messages === 3);
    expect(right.baselineProblem).toBe("");
    expect(right.open?.features[0]?.rowsCurrent).toBe(1);
  });
});

/** True once wine's snapshot has what the stream held up to `seq`. */
async function isSaved(bus: Bus, seq: number): Promise<true | undefined> {
  const keys = await bus.store("sluice_monitor");
  const pointer = await keys.get(`snapshot.${encodeToken("wine")}`);
  const { positions } = JSON.parse(new TextDecoder().decode(pointer?.value));
  return positions[predictionStream.name]?.seq === seq ? true : undefined;
}

/** One row of wine, now, unless told otherwise. */
async function publish(bus: Bus, given: SampleEvent & { readonly seq: number }): Promise<void> {
  const { seq } = given;
  const of = [{ id: seq, timeMs: Date.now() }];
  await bus.publish(wine, encodePredictionEvent(makeEvent({ of, rowsTotal: seq, ...given })));
}

function columns(of: { readonly data?: Float32Array; readonly codes?: readonly number[] }) {
  return makeEvent({}).columns.map((column) => {
    const { codes, data } = of;
    if (column.kind === "feature" && data !== undefined) {
      return { ...column, dtype: "FP32", values: { kind: "numbers", data } } as const;
    }
    if (column.values.kind === "texts" && codes !== undefined) {
      return { ...column, values: { ...column.values, codes } };
    }
    return column;
  });
}

async function start() {
  await using opened = new AsyncDisposableStack();
  const nats = opened.use(await startTestNats());
  const folder = opened.use(await watchedRepository(dayMs));
  const bus = opened.use(await openBus({ url: nats.url, name: "test", log: silentLog }));
  await eventually(() => bus.ensureStream(predictionStream));
  await bus.ensureStream(feedbackStream);
  const env = monitorEnv(nats.url, folder.path);
  const config = toConfig(readEnv(env));
  const open = () => startMonitor(config, { log: silentLog });
  const all = opened.move();
  return { nats, bus, env, open, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
