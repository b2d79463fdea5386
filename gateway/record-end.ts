import type { GatewayEvents } from "./events.ts";
import { type RequestEnd, timingOf } from "./request.ts";
import type { Statistics } from "./statistics.ts";
import type { Traces } from "./traces.ts";

export type RecordModules = {
  readonly traces: Traces;
  readonly statistics: Statistics;
  readonly events: GatewayEvents;
};

/** Tells metrics, statistics and traces of a prediction that has ended. */
export function recordEnd(end: RequestEnd, { events, statistics, traces }: RecordModules): void {
  const { request, endedMs, status, reply } = end;
  const { ref, attempts } = request.exchange ?? {};
  const leftMs = attempts?.[0]?.leftMs;
  events.answered({
    method: request.rpc,
    ref,
    status,
    seconds: (endedMs - request.arrivedMs) / 1_000,
    waitSeconds: leftMs === undefined ? undefined : (leftMs - request.arrivedMs) / 1_000,
    rows: reply?.rows ?? 0,
  });
  statistics.record(end, timingOf(end));
  traces.end(end);
}
