import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Failure } from "#core/failure.ts";

export type ChildReply = { readonly kind: string } & Readonly<Record<string, unknown>>;

const readyMsMax = 60_000;
const stopMsMax = 3_000;

/**
 * A process of the benchmark: one that loads, or one to compare with. It says `ready`, is asked one
 * thing at a time, and ends when it is disposed of or this process is gone.
 */
export class BenchChild implements AsyncDisposable {
  readonly #name: string;
  readonly #process: ChildProcess;
  #ready: ChildReply = { kind: "ready" };

  private constructor(name: string, child: ChildProcess) {
    this.#name = name;
    this.#process = child;
  }

  /** `path` is that of its program, below this folder. */
  static async start(path: string, args: readonly string[] = []): Promise<BenchChild> {
    const program = fileURLToPath(new URL(path, import.meta.url));
    const child = new BenchChild(
      path,
      fork(program, [...args], {
        serialization: "advanced",
        execArgv: [],
        env: { ...process.env, ORT_DISABLE_TELEMETRY: "1", NODE_OPTIONS: "" },
        stdio: ["ignore", "ignore", "inherit", "ipc"],
      }),
    );
    const ready = child.#next();
    const giveUp = setTimeout(() => child.#process.kill("SIGKILL"), readyMsMax);
    child.#ready = await ready;
    clearTimeout(giveUp);
    return child;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** What it said when it was ready, such as the address it listens on. */
  get address(): string {
    return String(this.#ready["address"] ?? "");
  }

  /** Asks for something; throws a Failure where the process says so, or ends. */
  async ask(question: unknown): Promise<ChildReply> {
    const answer = this.#next();
    this.#process.send(question as never);
    return await answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    const giveUp = setTimeout(() => this.#process.kill("SIGKILL"), stopMsMax);
    if (this.#process.connected) this.#process.disconnect();
    await ended;
    clearTimeout(giveUp);
  }

  async #next(): Promise<ChildReply> {
    const child = this.#process;
    const answer = Promise.withResolvers<ChildReply>();
    const onMessage = (message: unknown) => answer.resolve(message as ChildReply);
    const onExit = (code: number | null) =>
      answer.reject(new Failure("internal", `${this.#name} ended with exit code ${code}`));
    child.once("message", onMessage);
    child.once("exit", onExit);
    try {
      const reply = await answer.promise;
      if (reply.kind !== "failed") return reply;
      throw new Failure("internal", `${this.#name}: ${String(reply["reason"])}`);
    } finally {
      child.off("message", onMessage);
      child.off("exit", onExit);
    }
  }
}
