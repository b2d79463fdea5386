import { Failure } from "#core/failure.ts";
import { formatRef } from "#core/model/name.ts";
import type { PlannedWorker } from "./plan.ts";
import { isSettled, type Progress } from "./settling.ts";
import type { SupervisedEvent } from "./supervised.ts";

export type RosterOptions = {
  /** Names of the gateway's processes. */
  readonly gateways: readonly string[];
  readonly workers: readonly PlannedWorker[];
  readonly withMonitor: boolean;
  readonly onReport: (line: string) => void;
  /** Called when a process has told where it listens. */
  readonly onAddresses: () => void;
  /**
   * Called when a worker that never got ready is not started again, and for every such worker when
   * a gateway is up once more: it cannot know.
   */
  readonly onLostModel: (worker: PlannedWorker, reason: string) => void;
};

export type Addresses = Readonly<Record<string, string>>;

/**
 * Who is up, where and since what: the processes' events turned into state, lines for people and
 * one promise.
 */
export class Roster {
  /**
   * Resolves when nothing more is to be waited for; rejects when gateway or monitor cannot be
   * started.
   */
  readonly settled: Promise<void>;
  gateway: Addresses | undefined;
  monitor: Addresses | undefined;
  readonly #options: RosterOptions;
  readonly #models = new Map<string, "loading" | "ready" | "failed">();
  readonly #lost = new Map<PlannedWorker, string>();
  readonly #nameWidth: number;
  readonly #settle: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  /** Gateways that have come up, and those that have served. */
  readonly #up = new Set<string>();
  readonly #served = new Set<string>();

  constructor(options: RosterOptions) {
    this.#options = options;
    for (const { instance } of options.workers) this.#models.set(instance, "loading");
    const names = [...options.gateways, "monitor", ...this.#models.keys()];
    this.#nameWidth = Math.min(32, Math.max(...names.map((name) => name.length)));
    this.settled = this.#settle.promise;
    // Whoever starts the cluster waits for it, unless starting fails before that.
    this.settled.catch(() => {});
  }

  onGateway(name: string, event: SupervisedEvent): void {
    if (event.type === "serving") this.#served.add(name);
    if (event.type === "ready") {
      this.#up.add(name);
      this.gateway = event.addresses;
      for (const [worker, reason] of this.#lost) this.#options.onLostModel(worker, reason);
    }
    this.#onFrontProcess(name, event);
  }

  onMonitor(event: SupervisedEvent): void {
    if (event.type === "ready") this.monitor = event.addresses;
    this.#onFrontProcess("monitor", event);
  }

  onWorker(worker: PlannedWorker, event: SupervisedEvent): void {
    const { instance } = worker;
    switch (event.type) {
      case "model":
        this.#models.set(instance, event.state);
        if (event.state === "ready") this.#report(instance, `ready  ${formatRef(worker)}`);
        else this.#report(instance, `kept out  ${formatRef(worker)}: ${event.reason}`);
        break;
      case "ended":
        this.#report(instance, endedLine(event));
        break;
      case "gave-up":
        this.#models.set(instance, "failed");
        this.#lost.set(worker, event.reason);
        this.#report(instance, `kept out  ${formatRef(worker)}: ${event.reason}`);
        this.#options.onLostModel(worker, event.reason);
        break;
      default:
        break;
    }
    this.#look();
  }

  /** The model versions that are ready, each once. */
  readyModels(): readonly PlannedWorker[] {
    const ready = this.#options.workers.filter(
      ({ instance }) => this.#models.get(instance) === "ready",
    );
    return ready.filter(
      (worker) => ready.find((other) => formatRef(other) === formatRef(worker)) === worker,
    );
  }

  #onFrontProcess(name: string, event: SupervisedEvent): void {
    switch (event.type) {
      case "ready": {
        const parts = Object.entries(event.addresses).map(([what, where]) => `${what} ${where}`);
        this.#report(name, ["ready", ...parts].join("  "));
        this.#options.onAddresses();
        break;
      }
      case "ended":
        this.#report(name, endedLine(event));
        break;
      case "gave-up":
        this.#settle.reject(new Failure("unavailable", `${name}: ${event.reason}`));
        break;
      default:
        break;
    }
    this.#look();
  }

  #look(): void {
    const { gateways, withMonitor } = this.#options;
    const progress: Progress = {
      withMonitor,
      // With nothing to load a gateway serves before it has said where.
      gateway:
        this.#up.size < gateways.length
          ? "starting"
          : this.#served.size < gateways.length
            ? "ready"
            : "serving",
      monitor: this.monitor === undefined ? "starting" : "ready",
      models: this.#models,
    };
    if (isSettled(progress)) this.#settle.resolve();
  }

  #report(name: string, text: string): void {
    this.#options.onReport(`${name.padEnd(this.#nameWidth)}  ${text}`);
  }
}

function endedLine({ reason, delayMs }: { reason: string; delayMs: number }): string {
  return `ended (${reason}), starting it again in ${delayMs / 1000} s`;
}
