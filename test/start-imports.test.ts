import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

type Imported = {
  readonly modules: number;
  readonly packages: readonly string[];
  readonly hasFetch: boolean;
};

const root = fileURLToPath(new URL("..", import.meta.url));

/** What only a first call, another command or another process has a use for. */
const laterPackages = [
  "@grpc/reflection",
  "grpc-health-check",
  "@grpc/proto-loader",
  "protobufjs",
  "@opentelemetry/sdk-trace",
  "@nats-io/transport-node",
];

it.each([
  ["services/worker/worker.ts", 410],
  ["services/worker/load-model.ts", 60],
  ["services/monitor/monitor.ts", 480],
  ["gateway/gateway.ts", 345],
  ["cli/commands/up.ts", 150],
])("%s loads at most %d modules, and nothing that can wait", async (path, modulesMax) => {
  const { modules, packages, hasFetch } = await importsOf(path);
  expect(modules).toBeLessThanOrEqual(modulesMax);
  expect(packages.filter((name) => laterPackages.includes(name))).toEqual([]);
  expect(hasFetch).toBe(false);
});

it("keeps protobuf-es out of the inference thread", async () => {
  expect((await importsOf("services/worker/load-model.ts")).packages).toEqual([
    "onnxruntime-node",
    "onnxruntime-common",
  ]);
});

async function importsOf(path: string): Promise<Imported> {
  const counter = join(root, "test/support/count-modules.mjs");
  const { stdout } = await promisify(execFile)(process.execPath, [counter, join(root, path)], {
    env: { ...process.env, ORT_DISABLE_TELEMETRY: "1" },
  });
  return JSON.parse(stdout) as Imported;
}
