import { shareCredit } from "#core/link/share-credit.ts";
import type { CreditUse, CreditWindow } from "./link-credit.ts";

/** What a gateway that has been idle may begin with. */
const requestsLeast = 4;
/** Any request may begin where nothing else does, however large, but not where this is used up. */
const bytesLeast = 256 * 1024;

/**
 * The windows of gateways by what they used lately, in the order given. Whoever uses much, be it
 * requests or bytes, gets much of both.
 */
export function divideWindow(whole: CreditWindow, uses: readonly CreditUse[]): CreditWindow[] {
  const demands = uses.map(({ requests, requestBytes, isShort }) => ({
    used: Math.min(1, Math.max(requests / whole.requests, requestBytes / whole.requestBytes)),
    isShort,
  }));
  return shareCredit(demands, requestsLeast / whole.requests).map((share) => ({
    requests: Math.max(1, Math.floor(share * whole.requests)),
    requestBytes: Math.max(bytesLeast, Math.floor(share * whole.requestBytes)),
  }));
}
