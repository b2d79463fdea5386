import type { ServerResponse } from "node:http";

export type PartsOptions = {
  /** How long a part may wait for the client to read it; default a minute. */
  readonly unreadMsMax?: number;
};

/**
 * Writes parts as they come and ends the reply after the last. A client that has gone or reads none
 * for too long is cut off; either way the parts are told to end. Rejects with what they throw, and
 * cuts the reply off then, so that nobody takes it for whole.
 */
export async function writeParts(
  outgoing: ServerResponse,
  parts: AsyncIterable<string>,
  { unreadMsMax = 60_000 }: PartsOptions = {},
): Promise<void> {
  outgoing.flushHeaders();
  try {
    for await (const part of parts) {
      if (outgoing.destroyed) return;
      if (!outgoing.write(part)) await drained(outgoing, unreadMsMax);
    }
    outgoing.end();
  } catch (error) {
    outgoing.destroy();
    throw error;
  }
}

/** Resolves when there is room again, or nobody is there any more. */
async function drained(outgoing: ServerResponse, unreadMsMax: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => outgoing.destroy(), unreadMsMax);
    const done = () => {
      clearTimeout(timer);
      outgoing.off("drain", done).off("close", done);
      resolve();
    };
    outgoing.on("drain", done).on("close", done);
  });
}
