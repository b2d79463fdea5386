import { describe, expect, it } from "vitest";
import type { Bus } from "#platform/bus/bus.ts";
import { openBus } from "#platform/bus/nats.ts";
import { alertStream, predictionStream } from "#platform/bus/streams.ts";
import { sleep } from "#platform/clock.ts";
import { silentLog } from "#platform/log.ts";
import type { AlertData } from "#wire/alert/alert-event.ts";
import { encodePredictionEvent } from "#wire/event/encode.ts";
import { predictionSubject } from "#wire/event/subject.ts";
import { eventually, readJson, watchedRepository } from "../support/monitor.ts";
import { startTestNats } from "../support/nats.ts";
import { evenly, makeEvent } from "../support/prediction-events.ts";
import { monitorEnv, type SpawnedMonitor, spawnMonitor } from "../support/spawn-monitor.ts";
import { readStoredEvents } from "../support/stored-events.ts";

const windowMs = 1000;
const traceId = "ab".repeat(16);

type Stored = { readonly id: string; readonly type: string; readonly data: AlertData };

describe("an alert", () => {
  it("is stored once for each change, whoever watches and whoever is killed", async () => {
    await using cluster = await start();
    const { traffic, stored, open } = cluster;
    const first = await open();
    traffic.shift = 0.5;
    await eventually(async () =>
      (await alertsOf(first)).some(({ state }) => state === "pending") ? true : undefined,
    );
    await first.kill();
    const second = await open();
    const states = async () => (await stored()).filter(ofInput).map(({ data }) => data.state);
    await eventually(async () => ((await states()).includes("firing") ? true : undefined));
    await eventually(async () => (await stored()).find(({ type }) => type === "sluice.retrain"));
    expect(await alertsOf(second)).toContainEqual(
      expect.objectContaining({ feature: "x", state: "firing" }),
    );
    // It may not have saved yet that it has told.
    await second.kill();
    await using third = await open();
    traffic.shift = 0;
    await eventually(async () => ((await states()).includes("ok") ? true : undefined));
    await eventually(async () => ((await alertsOf(third)).length === 0 ? true : undefined));

    const all = await stored();
    const events = all.filter(ofInput);
    expect(events.map(({ data }) => data.state)).toEqual(["firing", "clearing", "ok"]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(3);
    expect(events[0]).toMatchObject({
      ...{ specversion: "1.0", type: "sluice.alert.drift", subject: "x" },
      source: "/sluice/local/wine/1",
      data: {
        ...{ model: "wine", version: 1, feature: "x", statistic: "psi.q10.half" },
        ...{ state: "firing", previous: "pending", cause: "window", threshold: 0.1 },
        traceIds: [traceId],
        messages: { stream: "SLUICE_PREDICTIONS" },
      },
    });
    expect(events[0]?.data.value).toBeGreaterThan(0.1);
    expect(all.filter(({ type }) => type === "sluice.retrain")).toMatchObject([
      {
        subject: "wine",
        data: {
          ...{ model: "wine", version: 1, reason: { kind: "drift", feature: "label" } },
          rows: { stream: "SLUICE_PREDICTIONS", subject: "sluice.prediction.wine.1" },
        },
      },
    ]);
    const metrics = await (await fetch(`http://${third.addresses["metrics"]}/metrics`)).text();
    expect(metrics).not.toMatch(/^sluice_alert_state\{[^}]*feature="x"/m);
  });
});

function ofInput({ data }: Stored): boolean {
  return data.side === "feature";
}

async function alertsOf({ addresses }: SpawnedMonitor) {
  type Reply = { readonly alerts: readonly { readonly feature: string; readonly state: string }[] };
  return (await readJson<Reply>(addresses["http"] ?? "", "/alerts")).alerts;
}

/** Predictions of wine@1 all the time, 150 rows ten times a second, and monitors to watch them. */
async function start() {
  await using opened = new AsyncDisposableStack();
  const nats = opened.use(await startTestNats());
  const models = opened.use(
    await watchedRepository(windowMs, ", retrain: { windows: 2, rowsMin: 100 }"),
  );
  const bus = opened.use(await openBus({ url: nats.url, name: "test", log: silentLog }));
  await eventually(() => bus.ensureStream(predictionStream));
  await bus.ensureStream(alertStream);
  const stop = new AbortController();
  const traffic = { shift: 0 };
  const playing = play(bus, traffic, stop.signal);
  opened.defer(async () => {
    stop.abort();
    await playing;
  });
  const all = opened.move();
  const open = async () => all.use(await spawnMonitor(monitorEnv(nats.url, models.path)));
  const stored = () => readAlerts(bus);
  return { traffic, open, stored, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

async function play(bus: Bus, traffic: { readonly shift: number }, signal: AbortSignal) {
  const trace = { traceId: new Uint8Array(16).fill(0xab), spanId: new Uint8Array(8).fill(1) };
  for (let seq = 1; !signal.aborted; seq += 1) {
    const x = evenly(150).map((value) => value + traffic.shift);
    const of = [{ id: seq, timeMs: Date.now(), x, trace }];
    const event = makeEvent({ of, seq, rowsTotal: 150 * seq });
    await bus.publish(predictionSubject(event), encodePredictionEvent(event));
    await sleep(100, signal);
  }
}

async function readAlerts(bus: Bus): Promise<Stored[]> {
  const all = await readStoredEvents<Stored>(bus);
  for (const { subject, event } of all) {
    const isAlert = event.type === "sluice.alert.drift";
    expect(subject).toBe(isAlert ? "sluice.alert.wine.drift" : "sluice.retrain.wine");
  }
  return all.map(({ event }) => event);
}
