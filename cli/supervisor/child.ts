import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { messageOf } from "#core/failure.ts";
import type { Env } from "#platform/config.ts";
import { type ChildMessage, parseChildMessage } from "./child-message.ts";

export type ChildOptions = {
  /** The file of its main function. */
  readonly program: string;
  readonly folder: string;
  readonly env: Env;
  readonly onMessage: (message: ChildMessage) => void;
  readonly onOutput: (bytes: Uint8Array) => void;
};

/**
 * One process of the cluster, under this process's own Node. It is in a process group of its own,
 * so that Ctrl-C at a terminal does not reach it before its turn, and ends when the IPC channel
 * closes.
 */
export class Child {
  /** Resolves, when the process has ended and all it wrote has been passed on, with how. */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;
  #hasEnded = false;

  constructor(options: ChildOptions) {
    const child = spawn(process.execPath, [options.program], {
      cwd: options.folder,
      env: { ...options.env },
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#process = child;
    child.on("message", (message) => {
      const known = parseChildMessage(message);
      if (known !== undefined) options.onMessage(known);
    });
    child.stdout?.on("data", options.onOutput);
    child.stderr?.on("data", options.onOutput);
    this.ended = new Promise((resolve) => {
      child.once("error", (error) => {
        this.#hasEnded = true;
        resolve(messageOf(error));
      });
      child.once("close", (code, signal) => {
        this.#hasEnded = true;
        resolve(signal === null ? `exit code ${code}` : `signal ${signal}`);
      });
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Tells the process something; it may have ended already. */
  send(message: Readonly<Record<string, unknown>>): void {
    if (this.#process.connected) this.#process.send({ ...message }, () => {});
  }

  /**
   * Sends it a message with a connection, which stays open here, too; false where it has gone. That
   * it arrived the process itself has to say.
   */
  hand(message: Readonly<Record<string, unknown>>, connection: Socket): boolean {
    if (!this.#process.connected) return false;
    this.#process.send({ ...message }, connection, { keepOpen: true }, () => {});
    return true;
  }

  /** Asks it to end and kills it, with all it may have started, when it takes longer than that. */
  async stop(msMax: number): Promise<void> {
    this.#signal("SIGTERM");
    const giveUp = setTimeout(() => this.#signal("SIGKILL"), msMax);
    await this.ended;
    clearTimeout(giveUp);
  }

  #signal(signal: "SIGTERM" | "SIGKILL"): void {
    if (this.#hasEnded || this.pid === undefined) return;
    try {
      process.kill(signal === "SIGKILL" ? -this.pid : this.pid, signal);
    } catch {
      // It has ended this very moment.
    }
  }
}
