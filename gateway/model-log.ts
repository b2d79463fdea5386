import { formatRef } from "#core/model/name.ts";
import { allVersions, type RoutingTable, versionState } from "#core/routing/table.ts";
import type { GatewayEvents } from "./events.ts";

/** Tells when a model version becomes ready or stops being so, and why. */
export class ModelLog {
  readonly #events: GatewayEvents;
  readonly #told = new Map<string, string>();

  constructor(events: GatewayEvents) {
    this.#events = events;
  }

  update(table: RoutingTable): void {
    for (const entry of allVersions(table)) {
      const { state, reason } = versionState(entry);
      const name = formatRef(entry);
      if (this.#told.get(name) === state) continue;
      this.#told.set(name, state);
      this.#events.modelChanged(entry, { state, reason });
    }
  }
}
