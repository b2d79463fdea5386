import { Failure } from "#core/failure.ts";
import type { KeyValueEntry, KeyValueStore } from "#platform/bus/bus.ts";
import { monotonicMs } from "#platform/clock.ts";
import { isProcessGone } from "#platform/process-name.ts";

export type LeaseOptions = {
  readonly key: string;
  /** The process's name: others on its machine see when it has ended, and need not wait. */
  readonly holder: string;
  /** How long a lease must stand unchanged before another takes it. */
  readonly leaseMs: number;
};

type LeaseRecord = {
  /** Empty where the last holder has let go. */
  readonly holder: string;
  readonly epoch: number;
};

type Held = { readonly epoch: number; readonly revision: number; readonly renewedMs: number };

/**
 * A claim on one key that at most one process has. Each new holder's epoch is one higher. No clocks
 * are compared: a taker waits until it has itself seen the record unchanged for `leaseMs`, and a
 * holder counts from before it last wrote it and trusts it for half as long.
 */
export class Lease {
  readonly #options: LeaseOptions;
  readonly #store: KeyValueStore;
  #held: Held | undefined;
  /** Somebody else's record, and since when it has looked like this. */
  #seen: { readonly revision: number; readonly sinceMs: number } | undefined;

  constructor(options: LeaseOptions, store: KeyValueStore) {
    this.#options = options;
    this.#store = store;
  }

  /**
   * The epoch of the claim; undefined where there is none, or where it can no longer be trusted.
   */
  get epoch(): number | undefined {
    const held = this.#held;
    if (held === undefined) return undefined;
    return monotonicMs() - held.renewedMs < this.#options.leaseMs / 2 ? held.epoch : undefined;
  }

  /**
   * Tries to have or to keep the claim, and says whether it is there. Rejects when the bus does.
   */
  async claim(): Promise<boolean> {
    if (this.#held !== undefined && this.epoch === undefined) this.#held = undefined;
    const startMs = monotonicMs();
    const claimed = this.#held === undefined ? await this.#take() : await this.#renew(this.#held);
    this.#held = claimed === undefined ? undefined : { ...claimed, renewedMs: startMs };
    return this.epoch !== undefined;
  }

  /** Lets go, so that another may take it at once. Rejects when the bus does. */
  async release(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return;
    const record = encode({ holder: "", epoch: held.epoch });
    await this.#store.update(this.#options.key, record, held.revision);
  }

  async #take(): Promise<{ epoch: number; revision: number } | undefined> {
    const { key, holder } = this.#options;
    const entry = await this.#store.get(key);
    if (entry === undefined) {
      const revision = await this.#store.create(key, encode({ holder, epoch: 1 }));
      return revision === "conflict" ? undefined : { epoch: 1, revision };
    }
    const record = decode(entry);
    // Our own name is that of a write whose answer was lost.
    const isFree = ["", holder].includes(record.holder) || isProcessGone(record.holder);
    if (!isFree && !this.#isStale(entry.revision)) return undefined;
    const epoch = record.epoch + 1;
    const revision = await this.#store.update(key, encode({ holder, epoch }), entry.revision);
    return revision === "conflict" ? undefined : { epoch, revision };
  }

  async #renew(held: Held): Promise<{ epoch: number; revision: number } | undefined> {
    const { key, holder } = this.#options;
    const { epoch } = held;
    const record = encode({ holder, epoch });
    let revision = await this.#store.update(key, record, held.revision);
    if (revision === "conflict") {
      // The answer to an earlier renewal may have been lost: then the record is still ours. Others
      // have seen it unchanged since that renewal, so it does not stand for this one.
      const entry = await this.#store.get(key);
      if (entry === undefined) return undefined;
      const found = decode(entry);
      if (found.holder !== holder || found.epoch !== epoch) return undefined;
      revision = await this.#store.update(key, record, entry.revision);
    }
    return revision === "conflict" ? undefined : { epoch, revision };
  }

  #isStale(revision: number): boolean {
    const nowMs = monotonicMs();
    if (this.#seen?.revision !== revision) this.#seen = { revision, sinceMs: nowMs };
    return nowMs - this.#seen.sinceMs >= this.#options.leaseMs;
  }
}

function encode(record: LeaseRecord): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(record));
}

function decode({ value }: KeyValueEntry): LeaseRecord {
  try {
    const { holder, epoch } = JSON.parse(new TextDecoder().decode(value));
    if (typeof holder === "string" && Number.isSafeInteger(epoch)) return { holder, epoch };
  } catch {
    // Not JSON: reported below, as what is not a record.
  }
  throw new Failure("failed-precondition", "the lease in sluice_monitor is no lease record");
}
