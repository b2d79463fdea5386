import { isServerReady, modelHealth } from "#core/routing/readiness.ts";
import type { RoutingTable } from "#core/routing/table.ts";
import type { Health } from "#platform/rpc/health.ts";

export type ServerHealthOptions = {
  /** Names of the gRPC services, which are as healthy as the server. */
  readonly services: readonly string[];
  /** Ready only while every model version is. */
  readonly isStrict: boolean;
};

/**
 * Whether the server as a whole is ready, and the health names that follow from the routing
 * table.
 */
export class ServerHealth {
  readonly #options: ServerHealthOptions;
  readonly #health: Health;
  readonly #onServing: () => void;
  #isServing = false;
  #isStopping = false;
  #wasServing = false;

  /** `onServing` is called once, when the server first becomes ready. */
  constructor(
    options: ServerHealthOptions,
    modules: { readonly health: Health; readonly onServing: () => void },
  ) {
    this.#options = options;
    this.#health = modules.health;
    this.#onServing = modules.onServing;
    this.#set(false);
  }

  get isServing(): boolean {
    return this.#isServing;
  }

  update(table: RoutingTable): void {
    if (this.#isStopping) return;
    for (const { name, isServing } of modelHealth(table)) this.#health.set(name, isServing);
    const before = { wasReady: this.#wasServing, isStrict: this.#options.isStrict };
    this.#set(isServerReady(table, before));
  }

  /** Everything is NOT_SERVING from now on. */
  stop(): void {
    this.#isStopping = true;
    this.#isServing = false;
    this.#health.stop();
  }

  #set(isServing: boolean): void {
    this.#isServing = isServing;
    for (const name of ["", ...this.#options.services]) this.#health.set(name, isServing);
    if (!isServing || this.#wasServing) return;
    this.#wasServing = true;
    this.#onServing();
  }
}
