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
  readonly #onChange: (isServing: boolean) => void;
  #isServing = false;
  #isStopping = false;
  #wasServing = false;

  /** `onChange` is called whenever the server becomes ready, or no longer is; not by stopping. */
  constructor(
    options: ServerHealthOptions,
    modules: { readonly health: Health; readonly onChange: (isServing: boolean) => void },
  ) {
    this.#options = options;
    this.#health = modules.health;
    this.#onChange = modules.onChange;
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
    const isChanged = isServing !== this.#isServing;
    this.#isServing = isServing;
    for (const name of ["", ...this.#options.services]) this.#health.set(name, isServing);
    this.#wasServing ||= isServing;
    if (isChanged) this.#onChange(isServing);
  }
}
