import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { toCacheDir } from "../../cli/cache-dir.js";
import { testNatsProgram } from "./nats.ts";

export type UpOptions = {
  readonly dataDir: string;
  readonly modelsDir: string;
  readonly env?: Readonly<Record<string, string>>;
};

const main = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

/** `sluice up` as a process of its own, on free ports. Disposing ends it. */
export class SluiceUp implements AsyncDisposable {
  readonly dataDir: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  output = "";
  errors = "";

  static async start(options: UpOptions): Promise<SluiceUp> {
    const ports = ["GRPC", "METRICS", "MONITOR_GRPC", "MONITOR_HTTP", "MONITOR_METRICS", "OTLP"];
    return new SluiceUp(options, {
      ...process.env,
      NATS_URL: undefined,
      SLUICE_DATA: options.dataDir,
      SLUICE_MODELS: options.modelsDir,
      SLUICE_CACHE: toCacheDir(process.env),
      SLUICE_GATEWAYS: "1",
      SLUICE_NATS_SERVER: await testNatsProgram(),
      ...Object.fromEntries(ports.map((name) => [`SLUICE_${name}_PORT`, "0"])),
      ...options.env,
    });
  }

  private constructor(options: UpOptions, env: Record<string, string | undefined>) {
    this.dataDir = options.dataDir;
    this.#child = spawn(process.execPath, [main, "up"], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.output += text;
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.errors += text;
    });
    this.#ended = once(this.#child, "close").then(([code]) => code);
  }

  /** Resolves when a line of the output matches; rejects when the process ends before. */
  async until(pattern: RegExp): Promise<void> {
    const ended = this.#ended.then(() => "ended" as const);
    while (!pattern.test(this.output)) {
      const more = once(this.#child.stdout ?? this.#child, "data");
      if ((await Promise.race([more, ended])) === "ended") break;
    }
    if (pattern.test(this.output)) return;
    throw new Error(`sluice up ended without ${pattern}:\n${this.output}\n${this.errors}`);
  }

  signal(signal: "SIGINT" | "SIGTERM" | "SIGKILL"): void {
    this.#child.kill(signal);
  }

  /** The exit code; null when a signal ended it. */
  async ended(): Promise<number | null> {
    return await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGTERM");
    await this.#ended;
  }
}

/** Resolves when no process lives that was started for this data folder. */
export async function untilNoProcess(dataDir: string): Promise<void> {
  while ((await processesOf(dataDir)).length > 0);
}

/** The command lines of the living processes that were told of this data folder. */
export async function processesOf(dataDir: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^[0-9]+$/.test(pid)) continue;
    const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    if (!environment.split("\0").includes(`SLUICE_DATA=${dataDir}`)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    found.push(`${pid} ${command.replaceAll("\0", " ").trim()}`);
  }
  return found;
}
