import { homedir } from "node:os";
import { join } from "node:path";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { findNatsServer } from "#platform/nats-server/find.ts";
import { obtainNatsServer } from "#platform/nats-server/obtain.ts";
import { type NatsServer, startNatsServer } from "#platform/nats-server/start.ts";
import { tempDir } from "./temp.ts";

export type TestNats = AsyncDisposable & {
  /** With the token; the same after a restart. */
  readonly url: string;
  /** Ends the server as a crash would; what it stored stays. */
  stop(): Promise<void>;
  /** Starts it again on the same port; with `isEmpty` without anything that it had stored. */
  start(options?: { readonly isEmpty?: boolean }): Promise<void>;
};

/** A real nats-server with JetStream on a free port, with a folder of its own. */
export async function startTestNats(): Promise<TestNats> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await tempDir());
  const program = await testNatsProgram();
  let generation = 0;
  const launch = (port: number, token?: string) =>
    startNatsServer({
      program,
      storeDir: join(folder.path, `store-${generation}`),
      runDir: join(folder.path, "run"),
      port,
      ...(token === undefined ? {} : { token }),
      signal: AbortSignal.timeout(30_000),
      onOutput: () => {},
    });
  let server: NatsServer = await launch(0);
  const { url, port, token } = server;
  opened.defer(() => server[Symbol.asyncDispose]());
  const all = opened.move();
  return {
    url,
    async stop() {
      server.kill();
      await server.ended;
    },
    async start({ isEmpty = false } = {}) {
      if (isEmpty) generation += 1;
      server = await launch(port, token);
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** The nats-server that tests run: as `sluice up` finds it, obtained where there is none. */
export async function testNatsProgram(): Promise<string> {
  const { PATH = "", SLUICE_NATS_SERVER, SLUICE_CACHE, XDG_CACHE_HOME } = process.env;
  const cacheDir = SLUICE_CACHE ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "sluice");
  const found = await findNatsServer({ chosen: SLUICE_NATS_SERVER, path: PATH, cacheDir });
  if (found !== undefined) return found;
  return await obtainNatsServer({
    cacheDir,
    env: process.env,
    signal: AbortSignal.timeout(300_000),
    onReport: () => {},
  });
}

/** Does with the server's streams what no process of ours ever does: deletes or purges them. */
export async function manageStreams<T>(
  { url }: TestNats,
  act: (manager: JetStreamManager) => Promise<T>,
): Promise<T> {
  const { host, password, username } = new URL(url);
  const connection = await connect({ servers: host, token: username || password });
  try {
    return await act(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}
