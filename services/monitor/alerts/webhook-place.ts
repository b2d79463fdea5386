import type { BusMessage, KeyValueStore, StreamState } from "#platform/bus/bus.ts";
import type { Position } from "../snapshots.ts";
import { StreamPlace } from "../stream-place.ts";

/**
 * Up to where the stream of alerts has been told to one webhook, under a key of its own. Everything
 * here rejects when the bus does; then it is not known what was saved, and one opens it anew.
 */
export class WebhookPlace {
  readonly #key: string;
  readonly #keys: KeyValueStore;
  readonly #place: StreamPlace;
  #revision: number;

  private constructor(
    options: { readonly key: string; readonly place: StreamPlace; readonly revision: number },
    modules: { readonly keys: KeyValueStore },
  ) {
    this.#key = options.key;
    this.#keys = modules.keys;
    this.#place = options.place;
    this.#revision = options.revision;
  }

  /**
   * Agrees with the stream: who was never told anything is told what comes from now on, and who was
   * told of another stream everything this one has. `gone` is how many messages it let go before.
   */
  static async open(
    options: { readonly key: string; readonly stream: StreamState },
    modules: { readonly keys: KeyValueStore },
  ): Promise<{ place: WebhookPlace; isNew: boolean; isOther: boolean; gone: number } | "conflict"> {
    const { key, stream } = options;
    const entry = await modules.keys.get(key);
    const found = entry === undefined ? undefined : decodePosition(entry.value);
    const { created, lastSeq } = stream;
    const inStream = new StreamPlace(found ?? { created, seq: lastSeq });
    const { isNew: isOther, purged: gone } = inStream.join(stream);
    const revision = entry?.revision ?? 0;
    const place = new WebhookPlace({ key, place: inStream, revision }, modules);
    const isNew = found === undefined;
    if (isNew && !(await place.#save())) return "conflict";
    return { place, isNew, isOther, gone };
  }

  /** The last message that was told. */
  get seq(): number {
    return this.#place.seq;
  }

  /** Takes a message for told; how many before it were gone, or that somebody else tells by now. */
  async pass(message: Pick<BusMessage, "seq">): Promise<number | "conflict"> {
    const gone = this.#place.pass(message);
    return (await this.#save()) ? gone : "conflict";
  }

  async #save(): Promise<boolean> {
    const value = new TextEncoder().encode(JSON.stringify(this.#place.position));
    const revision =
      this.#revision === 0
        ? await this.#keys.create(this.#key, value)
        : await this.#keys.update(this.#key, value, this.#revision);
    if (revision === "conflict") return false;
    this.#revision = revision;
    return true;
  }
}

/** What is no position counts as none. */
function decodePosition(value: Uint8Array): Position | undefined {
  try {
    const { created, seq } = JSON.parse(new TextDecoder().decode(value));
    const isPosition = typeof created === "string" && Number.isSafeInteger(seq) && seq >= 0;
    return isPosition ? { created, seq } : undefined;
  } catch {
    return undefined;
  }
}
