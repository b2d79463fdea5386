import { CallBudget } from "#platform/rpc/call-budget.ts";
import type { GatewayConfig } from "./config.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { GatewayEvents } from "./events.ts";

/** The part of the room that uploads may take which wait for more: a window each. */
const waitingShare = 1 / 4;

/** One budget for requests that arrive and those that have; another for replies. */
export function newCallBudget(
  config: GatewayConfig,
  modules: { readonly dispatcher: Dispatcher; readonly events: GatewayEvents },
): CallBudget {
  const { heldBytesMax, uploadWindowBytes, deadlineDefaultMs, unreadBytesMax } = config;
  const waitingMax = Math.max(1, Math.floor((heldBytesMax * waitingShare) / uploadWindowBytes));
  return new CallBudget(
    {
      uploads: { bytesMax: heldBytesMax, waitingMax },
      uploadMsMax: deadlineDefaultMs,
      unreadBytesMax,
      unreadBytesTotalMax: heldBytesMax,
    },
    {
      heldBytes: () => modules.dispatcher.live.bytes,
      onRefused: (reason) => modules.events.refused(reason),
    },
  );
}
