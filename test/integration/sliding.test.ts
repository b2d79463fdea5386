import { expect, it } from "vitest";
import type { Bus } from "#platform/bus/bus.ts";
import { openBus } from "#platform/bus/nats.ts";
import { predictionStream } from "#platform/bus/streams.ts";
import { sleep } from "#platform/clock.ts";
import { silentLog } from "#platform/log.ts";
import { encodePredictionEvent } from "#wire/event/encode.ts";
import { predictionSubject } from "#wire/event/subject.ts";
import { eventually, reportWhen, watchedRepository } from "../support/monitor.ts";
import { startTestNats } from "../support/nats.ts";
import { evenly, makeEvent } from "../support/prediction-events.ts";
import { monitorEnv, spawnMonitor } from "../support/spawn-monitor.ts";

const windowMs = 1000;
const rows = 10;

it("watches a model whose single windows have too few rows, also after kill -9", async () => {
  await using opened = new AsyncDisposableStack();
  const nats = opened.use(await startTestNats());
  const settings = ", sliding: { windows: 6, alerts: true }";
  const models = opened.use(await watchedRepository(windowMs, settings));
  const bus = opened.use(await openBus({ url: nats.url, name: "test", log: silentLog }));
  await eventually(() => bus.ensureStream(predictionStream));
  const stop = new AbortController();
  const traffic = { shift: 0 };
  const playing = play(bus, traffic, stop.signal);
  opened.defer(async () => {
    stop.abort();
    await playing;
  });
  const first = opened.use(await spawnMonitor(monitorEnv(nats.url, models.path)));
  const calm = await reportWhen(
    first.addresses["http"] ?? "",
    ({ sliding }) => sliding?.window?.verdict === "ok",
  );
  expect(calm.closed?.verdict).toBe("insufficient");
  expect(calm.sliding).toMatchObject({ windows: 6, problem: "" });
  expect(calm.sliding?.window?.rows).toBeGreaterThanOrEqual(100);
  await first.kill();
  traffic.shift = 0.8;
  const second = opened.use(await spawnMonitor(monitorEnv(nats.url, models.path)));
  const http = second.addresses["http"] ?? "";
  const firing = await reportWhen(http, ({ alerts }) =>
    alerts.some(({ feature, state }) => feature === "x" && state.kind === "firing"),
  );
  expect(firing.closed?.verdict).toBe("insufficient");
  expect(firing.sliding?.window).toMatchObject({ verdict: "alarm" });
  const [alert] = firing.alerts.filter(({ feature }) => feature === "x");
  const { startMs = 0, endMs = 0, rows: counted } = alert?.evidence ?? {};
  expect(endMs - startMs).toBe(6 * windowMs);
  expect(counted).toBeGreaterThanOrEqual(100);
  const metrics = await (await fetch(`http://${second.addresses["metrics"]}/metrics`)).text();
  expect(metrics).toMatch(/^sluice_drift_sliding_verdict\{[^}]*feature="x"[^}]*\} 2$/m);
  expect(metrics).toMatch(/^sluice_drift_sliding_rows\{[^}]*\} [1-9]/m);
});

/** Ten rows of wine@1 five times a second. */
async function play(bus: Bus, traffic: { readonly shift: number }, signal: AbortSignal) {
  for (let seq = 1; !signal.aborted; seq += 1) {
    // As evenly spread over [-1, 1) as a hundred values are, ten at a time.
    const x = evenly(rows).map((value) => value + ((seq % 10) * 2) / 100 + traffic.shift);
    const event = makeEvent({
      of: [{ id: seq, timeMs: Date.now(), x }],
      seq,
      rowsTotal: rows * seq,
    });
    await bus.publish(predictionSubject(event), encodePredictionEvent(event));
    await sleep(200, signal);
  }
}
