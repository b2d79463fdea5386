import type { Definition } from "#core/monitor/reference.ts";
import type { Definitions } from "./definitions.ts";

/** What is known of the file of a version's baseline. */
type Known = {
  /** Of the file that was read. */
  readonly read: string;
  /** Of another one that was found since then. */
  readonly found: string | undefined;
};

/**
 * Which baselines of a model have been read, and which of their files have changed since then. A
 * changed file is read when it has stayed the same from one look to the next: whoever copies it
 * may not have ended.
 */
export class BaselineFiles {
  readonly #model: string;
  readonly #definitions: Pick<Definitions, "read" | "stampOf">;
  readonly #known = new Map<number, Known>();

  constructor(model: string, definitions: Pick<Definitions, "read" | "stampOf">) {
    this.#model = model;
    this.#definitions = definitions;
  }

  /** Reads the baseline of a version, or says why there is none. Never rejects. */
  async read(version: number): Promise<Definition> {
    const ref = { model: this.#model, version };
    // Before it is read: what changes meanwhile is found changed afterwards.
    const stamp = await this.#definitions.stampOf(ref);
    const definition = await this.#definitions.read(ref);
    this.#known.set(version, { read: stamp, found: undefined });
    return definition;
  }

  /** Reads those of several versions. */
  async readAll(versions: Iterable<number>): Promise<Map<number, Definition>> {
    const definitions = new Map<number, Definition>();
    for (const version of new Set(versions)) definitions.set(version, await this.read(version));
    return definitions;
  }

  /** Looks after the files that have been read; gives back what changed ones say now. */
  async readChanged(): Promise<ReadonlyMap<number, Definition>> {
    const changed = new Map<number, Definition>();
    for (const [version, { read, found }] of this.#known) {
      const stamp = await this.#definitions.stampOf({ model: this.#model, version });
      if (stamp === read) continue;
      if (stamp === found) changed.set(version, await this.read(version));
      else this.#known.set(version, { read, found: stamp });
    }
    return changed;
  }

  /** Looks after these no more. */
  forget(isForgotten: (version: number) => boolean): void {
    for (const version of this.#known.keys()) {
      if (isForgotten(version)) this.#known.delete(version);
    }
  }
}
