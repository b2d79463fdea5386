export type Backoff = { readonly firstMs: number; readonly maxMs: number };

/**
 * How long to wait before try number `attempt` (1 for the first one after a failure): twice as long
 * each time up to the maximum, of which a `draw` from [0, 1) takes up to half, so that many do not
 * try together.
 */
export function backoffMs(backoff: Backoff, attempt: number, draw: number): number {
  const doubled = backoff.firstMs * 2 ** Math.min(attempt - 1, 30);
  return Math.min(backoff.maxMs, doubled) * (1 - draw / 2);
}
