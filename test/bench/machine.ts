import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { setTimeout as delay } from "node:timers/promises";

/** Where a benchmark ran, so that its numbers mean something. */
export type Machine = {
  readonly cpu: string;
  /** Those this process may use. */
  readonly cores: number;
  readonly memoryGb: number;
  readonly os: string;
  readonly node: string;
  readonly grpcJs: string;
  readonly onnxRuntime: string;
  readonly date: string;
  /**
   * The share of all cores that others used in the second before: what they take is not there to be
   * measured, and they take it unevenly.
   */
  readonly othersBusy: number;
};

const observeMs = 1_000;

export async function describeMachine(): Promise<Machine> {
  const { version } = process;
  const before = idleMs();
  await delay(observeMs);
  const idleShare = (idleMs() - before) / (observeMs * cpus().length);
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    os: `${platform()} ${release()} ${arch()}`,
    node: version,
    grpcJs: versionOf("@grpc/grpc-js"),
    onnxRuntime: versionOf("onnxruntime-node"),
    date: new Date().toISOString(),
    othersBusy: Number(Math.max(0, 1 - idleShare).toFixed(2)),
  };
}

function idleMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.idle, 0);
}

function versionOf(name: string): string {
  const path = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(path, "utf8")) as { readonly version: string }).version;
}
