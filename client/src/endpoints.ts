const cooldownFirstMs = 250;
const cooldownMaxMs = 10_000;

type Endpoint = { failures: number; restsUntilMs: number };

/**
 * Which of several equal addresses a call goes to: each in turn, but one that was not available
 * rests, longer each time, as long as another is left.
 */
export class Endpoints {
  readonly #endpoints: Endpoint[];
  #next: number;

  /** `draw` from [0, 1) picks the first, so that many clients do not begin at the same one. */
  constructor(count: number, draw: number) {
    this.#endpoints = Array.from({ length: count }, () => ({ failures: 0, restsUntilMs: 0 }));
    this.#next = Math.floor(draw * count);
  }

  /** The index of an address. `avoid` is taken only where all others rest longer. */
  choose(nowMs: number, avoid?: number): number {
    const count = this.#endpoints.length;
    let best = this.#next % count;
    let bestMs = Number.POSITIVE_INFINITY;
    for (let step = 0; step < count; step++) {
      const index = (this.#next + step) % count;
      const { restsUntilMs } = this.#endpoints[index] as Endpoint;
      const restMs = Math.max(0, restsUntilMs - nowMs) + (index === avoid ? cooldownMaxMs : 0);
      if (restMs >= bestMs) continue;
      best = index;
      bestMs = restMs;
    }
    this.#next = (best + 1) % count;
    return best;
  }

  succeeded(index: number): void {
    const endpoint = this.#endpoints[index] as Endpoint;
    endpoint.failures = 0;
    endpoint.restsUntilMs = 0;
  }

  failed(index: number, nowMs: number): void {
    const endpoint = this.#endpoints[index] as Endpoint;
    // Calls that were in flight together fail together: that is one failure.
    if (endpoint.restsUntilMs > nowMs) return;
    const restMs = Math.min(cooldownMaxMs, cooldownFirstMs * 2 ** Math.min(endpoint.failures, 10));
    endpoint.failures += 1;
    endpoint.restsUntilMs = nowMs + restMs;
  }

  /** True where an address other than this one does not rest. */
  hasOther(index: number, nowMs: number): boolean {
    return this.#endpoints.some((each, other) => other !== index && each.restsUntilMs <= nowMs);
  }
}
