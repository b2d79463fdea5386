import { join } from "node:path";
import { silentLog } from "#platform/log.ts";
import { optOutOfTelemetry, readEnv, toConfig } from "../../services/worker/config.ts";
import { startWorker, type WorkerOverrides } from "../../services/worker/worker.ts";
import { makeRepository } from "./repository.ts";
import { tempDir } from "./temp.ts";

export type TestWorker = AsyncDisposable & {
  /** Where its links are served: `unix:/path`. */
  readonly address: string;
  readonly metrics: string;
  /** What it told its parent process. */
  readonly told: readonly unknown[];
  /** Stops it as SIGTERM would. */
  stop(): Promise<void>;
};

export type TestWorkerOptions = WorkerOverrides & {
  /** Files of version 1 of the model `m`: `1/model.onnx`, `model.yaml`. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly env?: Readonly<Record<string, string>>;
};

/**
 * A worker in this process, with the model `m` in a repository of its own, listening on sockets.
 */
export async function startTestWorker(options: TestWorkerOptions): Promise<TestWorker> {
  optOutOfTelemetry();
  await using opened = new AsyncDisposableStack();
  const dir = opened.use(await tempDir());
  const files = Object.entries(options.files).map(([path, content]) => [`m/${path}`, content]);
  const repository = opened.use(await makeRepository(Object.fromEntries(files)));
  const config = toConfig(
    readEnv({
      SLUICE_MODEL: "m",
      SLUICE_MODEL_VERSION: "1",
      SLUICE_MODELS: repository.root,
      SLUICE_INSTANCE: "m-1-0",
      SLUICE_WORKER_ADDRESS: `unix:${join(dir.path, "link.sock")}`,
      SLUICE_WORKER_METRICS_ADDRESS: `unix:${join(dir.path, "metrics.sock")}`,
      SLUICE_DRAIN_MAX_MS: "4000",
      ...options.env,
    }),
  );
  const told: unknown[] = [];
  const controller = new AbortController();
  const tell = (message: unknown) => void told.push(message);
  const worker = await startWorker(config, controller.signal, { log: silentLog, tell, ...options });
  let stopped: PromiseLike<void> | undefined;
  const stop = async () => {
    controller.abort();
    stopped ??= worker[Symbol.asyncDispose]();
    await stopped;
  };
  opened.defer(stop);
  const all = opened.move();
  return { ...worker.ready, told, stop, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
