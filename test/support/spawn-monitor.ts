import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "vitest";

/** A monitor that is a process of its own. Disposing kills it. */
export type SpawnedMonitor = AsyncDisposable & {
  readonly addresses: Readonly<Record<string, string>>;
  /** With SIGKILL; resolves when it is gone. */
  readonly kill: () => Promise<void>;
  readonly process: ChildProcess;
};

/** Starts a monitor with these settings and waits until it is ready. */
export async function spawnMonitor(env: Readonly<Record<string, string>>): Promise<SpawnedMonitor> {
  const program = new URL("../../services/monitor/main.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  const [message] = await once(child, "message");
  expect(message).toMatchObject({ type: "ready" });
  return { addresses: message, kill, process: child, [Symbol.asyncDispose]: kill };
}

/** Settings of a monitor that a test starts: free ports, short times. */
export function monitorEnv(natsUrl: string, models: string): Record<string, string> {
  return {
    NATS_URL: natsUrl,
    SLUICE_MODELS: models,
    SLUICE_MONITOR_GRPC_PORT: "0",
    SLUICE_MONITOR_HTTP_PORT: "0",
    SLUICE_MONITOR_METRICS_PORT: "0",
    SLUICE_OTLP_PORT: "0",
    SLUICE_MONITOR_GRACE_MS: "200",
    SLUICE_MONITOR_SNAPSHOT_MS: "300",
    SLUICE_LEASE_MS: "1000",
  };
}
