/** How long a worker spent on a request, in microseconds. */
export type WorkerTimings = {
  readonly decodeUs: number;
  readonly queueUs: number;
  readonly runUs: number;
  readonly encodeUs: number;
  /** From the arrival of the request in the worker to the writing of its reply. */
  readonly totalUs: number;
};

export type RequestTiming = {
  /** From the arrival in the gateway to the answer, in milliseconds. */
  readonly totalMs: number;
  /** Until the first attempt's frame left, or until the end where none did. */
  readonly waitMs: number;
  /** Between the leaving of the first frame and of the last, which is the one that was answered. */
  readonly retryMs: number;
  /** Of the attempt that was answered; undefined where none was. */
  readonly worker: WorkerTimings | undefined;
};

/** One part of the whole, by its name in the `server-timing` trailer. */
export type TimingPart = { readonly name: string; readonly ms: number };

/**
 * Where the gateway's time went, in order. The parts sum to `totalMs`: what is left between the
 * leaving of the request and its answer, beyond what the worker says of itself, is the link's, in
 * both directions.
 */
export function timingParts(timing: RequestTiming): readonly TimingPart[] {
  const { totalMs, waitMs, retryMs, worker } = timing;
  const before = [
    { name: "wait", ms: waitMs },
    ...(retryMs > 0 ? [{ name: "retry", ms: retryMs }] : []),
  ];
  const away = Math.max(0, totalMs - waitMs - retryMs);
  if (worker === undefined) return away > 0 ? [...before, { name: "link", ms: away }] : before;
  const { decodeUs, queueUs, runUs, encodeUs, totalUs } = worker;
  const namedUs = decodeUs + queueUs + runUs + encodeUs;
  const workerUs = Math.max(totalUs, namedUs);
  // Another process measured these, and rounded: they take no more than there was.
  const msPerUs = workerUs > away * 1_000 ? away / workerUs : 1 / 1_000;
  return [
    ...before,
    { name: "link", ms: away - workerUs * msPerUs },
    { name: "decode", ms: decodeUs * msPerUs },
    { name: "queue", ms: queueUs * msPerUs },
    { name: "run", ms: runUs * msPerUs },
    { name: "encode", ms: encodeUs * msPerUs },
    { name: "worker", ms: (workerUs - namedUs) * msPerUs },
  ];
}

/** The `server-timing` trailer: milliseconds of each part and of the whole. */
export function formatServerTiming(timing: RequestTiming): string {
  const parts = [...timingParts(timing), { name: "total", ms: timing.totalMs }];
  return parts.map(({ name, ms }) => `${name};dur=${ms.toFixed(3)}`).join(", ");
}
