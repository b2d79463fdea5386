import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ModelReport } from "#core/monitor/model-report.ts";
import type { Bus } from "#platform/bus/bus.ts";
import { openBus } from "#platform/bus/nats.ts";
import { predictionStream } from "#platform/bus/streams.ts";
import { sleep } from "#platform/clock.ts";
import { silentLog } from "#platform/log.ts";
import { predictionSubject } from "#wire/event/subject.ts";
import { eventually, readJson } from "../../support/monitor.ts";
import { startTestNats } from "../../support/nats.ts";
import { tempDir } from "../../support/temp.ts";
import { benchBaseline, benchDigest, formatBaseline } from "../baseline.ts";
import type { Figure } from "../figure.ts";
import { cpuSecondsOf } from "../processes.ts";
import { encodeSampleEvents } from "../sample-events.ts";
import { median } from "../statistics.ts";

const program = fileURLToPath(new URL("../../../services/monitor/main.ts", import.meta.url));
const restartsMax = 3;
/** Of 512 rows and 40 columns: before the last snapshot, and after it before each restart. */
const messages = { saved: 800, unsaved: 50 };
const subject = predictionSubject({ model: "mid", version: 1 });

export const monitorRestart: Figure = {
  name: "monitor_restart_seconds",
  unit: "s",
  better: "lower",
  goal: 2,
  about: "a monitor killed with SIGKILL, started again, to reports that have everything",
  measure: async (bench) => {
    await using opened = new AsyncDisposableStack();
    const nats = opened.use(await startTestNats());
    const folder = opened.use(await tempDir());
    await writeModel(folder.path);
    const bus = opened.use(await openBus({ url: nats.url, name: "bench", log: silentLog }));
    await eventually(() => bus.ensureStream(predictionStream));
    const data = opened.use(await tempDir());
    const places = { SLUICE_MODELS: folder.path, SLUICE_DATA: data.path };
    // As under `sluice up`, whose processes find compiled what earlier ones have loaded.
    const compiled = { NODE_COMPILE_CACHE: join(data.path, "compiled") };
    const env = { ...process.env, ...settings, ...compiled, NATS_URL: nats.url, ...places };
    bench.progress("events for a monitor");
    let monitor = await start(env);
    monitor.child.kill("SIGTERM");
    await once(monitor.child, "exit");
    monitor = await start(env);
    opened.defer(() => void monitor.child.kill("SIGKILL"));
    let sent = await publish(bus, 0, messages.saved);
    await readUntil(monitor.http, sent);
    await sleep(2 * Number(settings.SLUICE_MONITOR_SNAPSHOT_MS));
    const values: number[] = [];
    const cpuSeconds: number[] = [];
    for (let run = 0; run < Math.min(restartsMax, bench.effort.pairs); run += 1) {
      bench.progress(`a monitor's restart, ${run + 1}`);
      sent = await publish(bus, sent, messages.unsaved);
      monitor.child.kill("SIGKILL");
      await once(monitor.child, "exit");
      const startMs = performance.now();
      monitor = await start(env);
      await readUntil(monitor.http, sent);
      values.push((performance.now() - startMs) / 1000);
      cpuSeconds.push(cpuSecondsOf([monitor.child.pid ?? 0]));
    }
    const cpu = `${median(cpuSeconds).toFixed(2)} s of CPU time`;
    const note = `${cpu}, after ${sent * 512} rows of 40 columns; a snapshot every second`;
    return { kind: "measured", values, note };
  },
};

const ports = ["GRPC", "HTTP", "METRICS"].map((name) => [`SLUICE_MONITOR_${name}_PORT`, "0"]);
const settings = {
  ...Object.fromEntries(ports),
  SLUICE_OTLP_PORT: "0",
  SLUICE_MONITOR_SNAPSHOT_MS: "1000",
};

async function start(env: NodeJS.ProcessEnv) {
  const stdio = ["ignore", "ignore", "inherit", "ipc"] as const;
  const child: ChildProcess = spawn(process.execPath, [program], { env, stdio: [...stdio] });
  const [{ http }] = (await once(child, "message")) as [{ readonly http: string }];
  return { child, http };
}

async function publish(bus: Bus, sent: number, count: number): Promise<number> {
  const events = encodeSampleEvents({ first: sent + 1, count, startMs: Date.now() });
  for (const event of events) await bus.publish(subject, event);
  return sent + count;
}

async function readUntil(http: string, sent: number): Promise<void> {
  await eventually(async () => {
    const report = await readJson<ModelReport>(http, "/reports/mid/1?feature=x.0");
    return report.counters.messages === sent ? true : undefined;
  });
}

async function writeModel(models: string): Promise<void> {
  const version = join(models, "mid", "1");
  await mkdir(version, { recursive: true });
  const baseline = formatBaseline(benchBaseline("mid"), benchDigest);
  await writeFile(join(version, "baseline.json"), baseline);
  await writeFile(join(models, "mid", "model.yaml"), "");
}
