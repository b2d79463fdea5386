/**
 * Starts a nats-server with JetStream that listens on loopback only, asks for a random token and
 * ends with this process: where the system can, it is told to kill it (`setpriv --pdeathsig`);
 * elsewhere a small shell watches a pipe that closes when this process is no more. The token is in
 * a file only the user can read, never on a command line.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure, messageOf } from "#core/failure.ts";
import { sleep } from "../clock.ts";
import { runCommand } from "../command.ts";

export type NatsServerOptions = {
  readonly program: string;
  /** What JetStream keeps; survives restarts. */
  readonly storeDir: string;
  /** A folder for this server's own files; made where it is missing. */
  readonly runDir: string;
  /** 0 for a free one. */
  readonly port: number;
  /** Made up where absent. */
  readonly token?: string;
  readonly signal: AbortSignal;
  /** What the server writes: its log. */
  readonly onOutput: (text: Uint8Array) => void;
};

/** Disposing ends the server, gently at first. */
export type NatsServer = AsyncDisposable & {
  /** With the token. */
  readonly url: string;
  readonly port: number;
  readonly token: string;
  /** The server's, or its guardian's. */
  readonly pid: number;
  /** Resolves when the server has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends the server at once; for tests of what follows. */
  readonly kill: () => void;
};

const startMsMax = 10_000;
const stopMsMax = 500;
/** Streams reserve what they may grow to: 1.4 GiB in all, and as much again for snapshots. */
const storeBytesMax = 8 * 1024 ** 3;
const memoryBytesMax = 256 * 1024 ** 2;

/** Resolves when the server takes connections. A Failure says why it does not. */
export async function startNatsServer(options: NatsServerOptions): Promise<NatsServer> {
  const { runDir, storeDir, signal } = options;
  const token = options.token ?? randomBytes(24).toString("base64url");
  await mkdir(runDir, { recursive: true, mode: 0o700 });
  await removePortsFiles(runDir);
  const configuration = join(runDir, "nats-server.conf");
  await writeFile(configuration, configurationText(token), { mode: 0o600 });
  const server = new Running(await launch(options, configuration), options.onOutput);
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(startMsMax)]);
  const port = await readPort(runDir, server, deadline);
  if (port === undefined) {
    const { hasEnded } = server;
    await server[Symbol.asyncDispose]();
    const silence = hasEnded ? "it ended without a word" : `no answer in ${startMsMax / 1000} s`;
    const reason = server.lastLine || silence;
    throw new Failure("unavailable", `nats-server did not start on ${storeDir}: ${reason}`);
  }
  return {
    url: `nats://${token}@127.0.0.1:${port}`,
    port,
    token,
    pid: server.pid,
    ended: server.ended,
    kill: () => server.kill("SIGKILL"),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function configurationText(token: string): string {
  return [
    `authorization { token: "${token}" }`,
    `jetstream { max_file_store: ${storeBytesMax}, max_memory_store: ${memoryBytesMax} }`,
    "",
  ].join("\n");
}

async function launch(options: NatsServerOptions, configuration: string): Promise<ChildProcess> {
  const { program, storeDir, runDir, port } = options;
  const server = [
    program,
    ...["-c", configuration, "-a", "127.0.0.1", "-p", String(port === 0 ? -1 : port)],
    ...["-js", "-sd", storeDir, "--ports_file_dir", runDir],
  ];
  const isKilledBySystem = await runCommand("setpriv", ["--pdeathsig", "SIGKILL", "true"], {
    folder: runDir,
    signal: options.signal,
  }).then(
    () => true,
    () => false,
  );
  const [command = "", ...args] = isKilledBySystem
    ? ["setpriv", "--pdeathsig", "SIGKILL", "--", ...server]
    : ["sh", "-c", guardian, "sh", ...server];
  return spawn(command, args, {
    cwd: runDir,
    // A group of its own: Ctrl-C at a terminal is for the parent, who stops things in order.
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
}

/** Runs "$@" until it ends, or until nobody holds the other end of standard input. */
const guardian = `
exec 3<&0
"$@" </dev/null 3<&- & server=$!
trap 'kill -TERM "$server"' TERM
{ cat <&3 >/dev/null; kill -TERM "$server"; } 2>/dev/null &
while kill -0 "$server" 2>/dev/null; do wait "$server"; done
`;

/** A started process whose output is passed on and whose last line is remembered. */
class Running implements AsyncDisposable {
  readonly ended: Promise<void>;
  readonly pid: number;
  lastLine = "";
  hasEnded = false;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess, onOutput: (text: Uint8Array) => void) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (bytes: Buffer) => {
        this.lastLine = bytes.toString().trim().split("\n").at(-1) ?? "";
        onOutput(bytes);
      });
    }
    this.ended = new Promise((resolve) => {
      child.once("error", (error) => {
        this.lastLine = messageOf(error);
        this.hasEnded = true;
        resolve();
      });
      // Otherwise "close" waits for an end of this pipe that nobody tells of.
      child.once("exit", () => child.stdin?.destroy());
      child.once("close", () => {
        this.hasEnded = true;
        resolve();
      });
    });
    // Closed together with the process at the other end.
    child.stdin?.on("error", () => {});
  }

  /**
   * Signals the whole group, so that a guardian does not outlive its server or the other way round.
   */
  kill(signal: "SIGTERM" | "SIGKILL"): void {
    if (this.hasEnded || this.pid === 0) return;
    try {
      process.kill(-this.pid, signal);
    } catch {
      this.#child.kill(signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGTERM");
    const giveUp = setTimeout(() => this.kill("SIGKILL"), stopMsMax);
    await this.ended;
    clearTimeout(giveUp);
  }
}

/** The port the server says it listens on; undefined when it ends or the signal aborts before. */
async function readPort(
  folder: string,
  server: { readonly hasEnded: boolean },
  signal: AbortSignal,
): Promise<number | undefined> {
  while (!signal.aborted && !server.hasEnded) {
    for (const name of await portsFiles(folder)) {
      const text = await readFile(join(folder, name), "utf8").catch(() => "");
      const port = /"nats:\/\/[^"]*:([0-9]+)"/.exec(text)?.[1];
      if (port !== undefined) return Number(port);
    }
    await sleep(5, signal);
  }
  return undefined;
}

async function removePortsFiles(folder: string): Promise<void> {
  for (const name of await portsFiles(folder)) await rm(join(folder, name), { force: true });
}

async function portsFiles(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith(".ports"));
}
