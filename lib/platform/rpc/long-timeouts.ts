import type { IncomingHttpHeaders } from "node:http2";
import type { Server } from "@grpc/grpc-js";
import { onHttp2Server } from "./http2-server.ts";

/** As long as a timer of Node can wait, in whole hours: some 25 days. */
const hoursMax = 596;
const msPerHour = 3_600_000;
const unitMs: Readonly<Record<string, number>> = { H: msPerHour, M: 60_000, S: 1_000 };

/**
 * Lets callers allow any time. grpc-js (1.14) keeps the milliseconds of `grpc-timeout` in 32 bits,
 * so that a call which may take a month ends at once; here a longer time is cut to what it can
 * keep, before it looks. Call it before the server is bound.
 */
export function cutLongTimeouts(server: Server): void {
  onHttp2Server(server, (http2Server) => {
    http2Server.prependListener("stream", (_: unknown, headers: IncomingHttpHeaders) => {
      const timeout = headers["grpc-timeout"];
      if (typeof timeout === "string" && isLong(timeout)) headers["grpc-timeout"] = `${hoursMax}H`;
    });
  });
}

function isLong(timeout: string): boolean {
  // Eight digits, the most there may be, are no long time in these; callers use them as a rule.
  if ("mun".includes(timeout.at(-1) ?? "")) return false;
  const [, value = "", unit = ""] = /^([0-9]{1,8})([HMS])$/.exec(timeout) ?? [];
  return Number(value) * (unitMs[unit] ?? 0) > hoursMax * msPerHour;
}
