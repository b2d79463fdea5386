/** How busy a worker is, as its gateways are told. */
export type Load = {
  /** How long requests wait for their batch; 0 while none waits. */
  readonly queueWaitUs: number;
  readonly inFlight: number;
  /** What a full batch takes to run; 0 until one has run. */
  readonly batchRunUs: number;
};

/** What lasts this much shorter or longer makes no difference to anybody. */
const timeUs = 500;
const requests = 8;
const share = 0.25;
const everyMs = 50;

/**
 * Whether to tell a load, `sinceMs` after the one told last: where something has changed by more
 * than a quarter, and not often. That requests begin to wait is told at once.
 */
export function isLoadNews(told: Load, load: Load, sinceMs: number): boolean {
  if (told.queueWaitUs === 0 && load.queueWaitUs >= timeUs) return true;
  if (sinceMs < everyMs) return false;
  const hasCleared = load.queueWaitUs === 0 && told.queueWaitUs > 0;
  const hasEnded = load.inFlight === 0 && told.inFlight > 0;
  if (hasCleared || hasEnded) return true;
  return (
    differs(told.queueWaitUs, load.queueWaitUs, timeUs) ||
    differs(told.batchRunUs, load.batchRunUs, timeUs) ||
    differs(told.inFlight, load.inFlight, requests)
  );
}

function differs(told: number, now: number, least: number): boolean {
  return Math.abs(now - told) >= Math.max(least, share * told);
}
