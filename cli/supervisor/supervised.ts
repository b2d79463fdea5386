import type { Socket } from "node:net";
import { join } from "node:path";
import { monotonicMs, sleep } from "#platform/clock.ts";
import type { Env } from "#platform/config.ts";
import { Child } from "./child.ts";
import type { ChildMessage } from "./child-message.ts";
import { LogFile } from "./log-file.ts";
import { decideRestart, recoveredMs } from "./restart-policy.ts";

export type SupervisedOptions = {
  /** `gateway`, `monitor`, `wine-1-0`: also the name of its log. */
  readonly name: string;
  readonly program: string;
  readonly folder: string;
  readonly logsDir: string;
  /** Asked at every start. */
  readonly env: () => Env;
  /**
   * The word that says that it works: a worker comes up before it loads its model, and may not
   * survive that.
   */
  readonly worksWhen: "ready" | "model";
  readonly onOutput: ((bytes: Uint8Array) => void) | undefined;
  readonly onEvent: (event: SupervisedEvent) => void;
};

export type SupervisedEvent =
  | ChildMessage
  /** It ended by itself and is started again after the delay. */
  | { readonly type: "ended"; readonly reason: string; readonly delayMs: number }
  /** It cannot be started; nothing more will come. */
  | { readonly type: "gave-up"; readonly reason: string };

/** A process that is kept running until it is told to stop. */
export class Supervised {
  readonly name: string;
  readonly #options: SupervisedOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #child: Child | undefined;
  /** In its present run. */
  #works = false;
  #hasEverWorked = false;
  #refusal: string | undefined;

  /** Starts it at once. */
  constructor(options: SupervisedOptions) {
    this.name = options.name;
    this.#options = options;
    this.#running = this.#run();
  }

  /** Undefined while it is not running. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Tells the process something, if it is running. */
  send(message: Readonly<Record<string, unknown>>): void {
    this.#child?.send(message);
  }

  /** Sends it a connection, which stays open here, too; false where it is not running. */
  hand(message: Readonly<Record<string, unknown>>, connection: Socket): boolean {
    return this.#child?.hand(message, connection) ?? false;
  }

  /** Asks it to end, kills it when it takes longer than that, and resolves when it has ended. */
  async stop(msMax: number): Promise<void> {
    this.#stop.abort();
    await this.#child?.stop(msMax);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { name, logsDir, onEvent } = this.#options;
    const path = join(logsDir, `${name}.log`);
    using log = new LogFile(path);
    let endings = 0;
    while (!this.#stop.signal.aborted) {
      const startedMs = monotonicMs();
      const ending = await this.#runOnce(log);
      if (this.#stop.signal.aborted) return;
      const reason = this.#refusal ?? `${ending}, see ${path}`;
      const hasLasted = this.#works && monotonicMs() - startedMs > recoveredMs;
      endings = hasLasted ? 1 : endings + 1;
      const hasRefused = this.#refusal !== undefined;
      const decision = decideRestart({ endings, hasWorked: this.#hasEverWorked, hasRefused });
      if (decision.kind === "give-up") {
        return onEvent({ type: "gave-up", reason });
      }
      onEvent({ type: "ended", reason, delayMs: decision.delayMs });
      await sleep(decision.delayMs, this.#stop.signal);
    }
  }

  async #runOnce(log: LogFile): Promise<string> {
    const { program, folder, env, worksWhen, onEvent, onOutput } = this.#options;
    this.#refusal = undefined;
    this.#works = false;
    this.#child = new Child({
      program,
      folder,
      env: env(),
      onMessage: (message) => {
        if (message.type === worksWhen) {
          this.#works = true;
          this.#hasEverWorked = true;
        }
        if (message.type === "failed") this.#refusal = message.reason;
        else onEvent(message);
      },
      onOutput: (bytes) => {
        log.write(bytes);
        onOutput?.(bytes);
      },
    });
    const reason = await this.#child.ended;
    this.#child = undefined;
    return reason;
  }
}
