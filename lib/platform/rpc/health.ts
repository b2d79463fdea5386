import type { Server } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";

/**
 * `grpc.health.v1`: Check, Watch and List. A name never set is NOT_FOUND to Check and
 * SERVICE_UNKNOWN to Watch, which goes on to tell when it appears. Watchers are told of changes
 * alone, and stay until they or the server go: a server with a watcher never drains by itself.
 */
export class Health {
  readonly #health = new HealthImplementation();
  readonly #served = new Map<string, boolean>();

  set(name: string, isServing: boolean): void {
    if (this.#served.get(name) === isServing) return;
    this.#served.set(name, isServing);
    this.#health.setStatus(name, isServing ? "SERVING" : "NOT_SERVING");
  }

  /** Turns every name NOT_SERVING: what a process says when it has been told to stop. */
  stop(): void {
    for (const name of this.#served.keys()) this.set(name, false);
  }

  addTo(server: Server): void {
    this.#health.addToServer(server);
  }
}

export const healthServiceName = "grpc.health.v1.Health";
