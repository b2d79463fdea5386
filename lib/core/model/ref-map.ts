import type { ModelRef } from "./name.ts";

/** Values by model version, found without making a name of the two. */
export class RefMap<Value> {
  readonly #models = new Map<string, Map<number, Value>>();

  get({ model, version }: ModelRef): Value | undefined {
    return this.#models.get(model)?.get(version);
  }

  set({ model, version }: ModelRef, value: Value): void {
    const versions = this.#models.get(model);
    if (versions === undefined) this.#models.set(model, new Map([[version, value]]));
    else versions.set(version, value);
  }

  clear(): void {
    this.#models.clear();
  }
}
