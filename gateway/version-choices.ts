import { chooseVersion } from "#core/routing/choose-version.ts";
import { emptyTable, type RoutingTable, type VersionEntry } from "#core/routing/table.ts";

/**
 * The versions that callers' words have stood for, for as long as the routing table stays the same:
 * choosing looks at every replica of every version. Words that stand for no version that is ready
 * are not kept, so that there are never more than the table has names and numbers for.
 */
export class VersionChoices {
  readonly #models = new Map<string, Map<string, VersionEntry>>();
  #table: RoutingTable = emptyTable;

  /** Throws a Failure where there is no such version, or it is not ready. */
  find(table: RoutingTable, model: string, version: string): VersionEntry {
    if (table !== this.#table) {
      this.#models.clear();
      this.#table = table;
    }
    const known = this.#models.get(model)?.get(version);
    if (known !== undefined) return known;
    const choice = chooseVersion(table, model, version);
    if (choice.kind === "refused") throw choice.failure;
    const versions = this.#models.get(model);
    if (versions === undefined) this.#models.set(model, new Map([[version, choice.entry]]));
    else versions.set(version, choice.entry);
    return choice.entry;
  }
}
