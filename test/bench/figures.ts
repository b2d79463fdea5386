import type { Figure } from "./figure.ts";
import { batchingGain } from "./figures/batching-gain.ts";
import { bulkVsRaw } from "./figures/bulk-vs-raw.ts";
import { eventsCost } from "./figures/events-cost.ts";
import { gatewayAdded } from "./figures/gateway-added.ts";
import { healthP99 } from "./figures/health.ts";
import { imageVsEcho } from "./figures/image-vs-echo.ts";
import { monitorRestart } from "./figures/monitor-restart.ts";
import { monitorValues } from "./figures/monitor-values.ts";
import { overloadGoodput, overloadGoodputGateway } from "./figures/overload.ts";
import { rssGateway, rssMonitor, rssWorker } from "./figures/resident-memory.ts";
import { smallBesideLarge } from "./figures/small-beside-large.ts";
import { startSeconds } from "./figures/start-seconds.ts";
import { traceCost1pct, traceCostFull } from "./figures/trace-cost.ts";
import { twoGatewaysVsOne } from "./figures/two-gateways.ts";
import { unaryVsEcho } from "./figures/unary-vs-echo.ts";
import { unaryVsEcho4x4 } from "./figures/unary-vs-echo-4x4.ts";
import { unaryVsProxy } from "./figures/unary-vs-proxy.ts";

/** Every number to beat, in the order of the table. */
export const figures: readonly Figure[] = [
  unaryVsEcho,
  unaryVsProxy,
  unaryVsEcho4x4,
  gatewayAdded,
  bulkVsRaw,
  imageVsEcho,
  smallBesideLarge,
  batchingGain,
  eventsCost,
  traceCost1pct,
  traceCostFull,
  healthP99,
  overloadGoodput,
  overloadGoodputGateway,
  monitorValues,
  monitorRestart,
  startSeconds,
  rssGateway,
  rssWorker,
  rssMonitor,
  twoGatewaysVsOne,
];
