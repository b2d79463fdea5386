import { join } from "node:path";
import { monotonicMs, sleep } from "#platform/clock.ts";
import { findNatsServer } from "#platform/nats-server/find.ts";
import { obtainNatsServer } from "#platform/nats-server/obtain.ts";
import { type NatsServer, startNatsServer } from "#platform/nats-server/start.ts";
import { LogFile } from "./log-file.ts";
import type { ClusterOptions } from "./options.ts";
import { recoveredMs, restartDelayMs } from "./restart-policy.ts";

export type OwnNats = AsyncDisposable & {
  /** With the token; stays the same when the server is started again. */
  readonly url: string;
  /** Of the server running now. */
  readonly pid: number;
};

export type OwnNatsFolders = { readonly logsDir: string; readonly runDir: string };

/** A nats-server of the cluster's own, obtained where there is none and kept running. */
export async function openOwnNats(
  options: ClusterOptions,
  folders: OwnNatsFolders,
  signal: AbortSignal,
): Promise<OwnNats> {
  const program = await natsProgram(options, signal);
  const log = new LogFile(join(folders.logsDir, "nats-server.log"));
  const stop = new AbortController();
  const launch = (port: number, token?: string) =>
    startNatsServer({
      program,
      storeDir: join(options.dataDir, "nats"),
      runDir: join(folders.runDir, "nats"),
      port,
      ...(token === undefined ? {} : { token }),
      signal: AbortSignal.any([signal, stop.signal]),
      onOutput: (bytes) => log.write(bytes),
    });
  let server: NatsServer = await launch(0);
  const { url, port, token } = server;
  const running = (async () => {
    for (let endings = 1; !stop.signal.aborted; endings += 1) {
      const startedMs = monotonicMs();
      await server.ended;
      if (stop.signal.aborted) return;
      if (monotonicMs() - startedMs > recoveredMs) endings = 1;
      const delayMs = restartDelayMs(endings);
      const when = `starting it again in ${delayMs / 1_000} s`;
      options.onReport(`nats-server  ended, ${when} (see ${folders.logsDir})`);
      await sleep(delayMs, stop.signal);
      // A start that fails ends at once and comes by here again.
      server = await launch(port, token).catch(() => server);
    }
  })();
  return {
    url,
    get pid() {
      return server.pid;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await server[Symbol.asyncDispose]();
      await running;
      await server[Symbol.asyncDispose]();
      log[Symbol.dispose]();
    },
  };
}

async function natsProgram(options: ClusterOptions, signal: AbortSignal): Promise<string> {
  const { cacheDir, env, onReport } = options;
  const path = env["PATH"] ?? "";
  const found = await findNatsServer({ chosen: options.natsServer, path, cacheDir });
  return found ?? (await obtainNatsServer({ cacheDir, env, signal, onReport }));
}
