/**
 * Which workers the hints of a shared bucket still speak for. A hint says where to dial, never that
 * somebody is there: what a new watcher is told at first may be hours old. So the age of a hint
 * counts from the moment it changed before our eyes, or else from the beginning of the present
 * connection; while there is no connection it does not count at all.
 */
export const hintStaleMs = 6_000;

export class Hints {
  readonly #changedMs = new Map<string, number>();
  #connectedSinceMs: number | undefined;

  /** The connection to the bucket came or went. */
  setConnected(isConnected: boolean, nowMs: number): void {
    this.#connectedSinceMs = isConnected ? nowMs : undefined;
  }

  /** A hint was told. `isInitial` where it was in the bucket before we watched. */
  seen(instance: string, isInitial: boolean, nowMs: number): void {
    const before = this.#changedMs.get(instance) ?? Number.NEGATIVE_INFINITY;
    this.#changedMs.set(instance, isInitial ? before : nowMs);
  }

  /** A hint was taken back. */
  gone(instance: string): void {
    this.#changedMs.delete(instance);
  }

  /** Instances that nobody has spoken for within six seconds of connection. They are forgotten. */
  takeStale(nowMs: number): readonly string[] {
    const since = this.#connectedSinceMs;
    if (since === undefined) return [];
    const stale = [...this.#changedMs]
      .filter(([, changedMs]) => nowMs - Math.max(changedMs, since) > hintStaleMs)
      .map(([instance]) => instance);
    for (const instance of stale) this.#changedMs.delete(instance);
    return stale;
  }
}
