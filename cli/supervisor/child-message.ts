/** What a process tells its supervisor over the IPC channel. */
export type ChildMessage =
  /** It is up; where it listens, by name. */
  | { readonly type: "ready"; readonly addresses: Readonly<Record<string, string>> }
  /** It cannot start and ends. */
  | { readonly type: "failed"; readonly reason: string }
  /** A worker's model is loaded, or cannot be. */
  | { readonly type: "model"; readonly state: "ready" | "failed"; readonly reason: string }
  /** A gateway answers SERVING for the whole server, or no longer does. */
  | { readonly type: "serving" | "not-serving" }
  /** A gateway has been told to stop and takes no more connections. */
  | { readonly type: "stopping" }
  /** Of those it was handed: the number of the last it took, and how many are open. */
  | { readonly type: "connections"; readonly taken: number; readonly open: number };

/** Reads a message; undefined for any other, which a later version of a process may send. */
export function parseChildMessage(message: unknown): ChildMessage | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  const fields: Readonly<Record<string, unknown>> = { ...message };
  const reason = typeof fields["reason"] === "string" ? fields["reason"] : "";
  switch (fields["type"]) {
    case "ready":
      return { type: "ready", addresses: addressesOf(fields) };
    case "failed":
      return { type: "failed", reason };
    case "model": {
      const { state } = fields;
      return state === "ready" || state === "failed" ? { type: "model", state, reason } : undefined;
    }
    case "serving":
    case "not-serving":
    case "stopping":
      return { type: fields["type"] };
    case "connections": {
      const { taken, open } = fields;
      const areCounts = Number.isInteger(taken) && Number.isInteger(open);
      return areCounts
        ? { type: "connections", taken: Number(taken), open: Number(open) }
        : undefined;
    }
    default:
      return undefined;
  }
}

/** The fields whose values are addresses: `host:port` or `unix:/path`. */
function addressesOf(fields: Readonly<Record<string, unknown>>): Record<string, string> {
  const addresses: Record<string, string> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "string" && /^unix:\/|^\S+:[0-9]+$/.test(value)) addresses[name] = value;
  }
  return addresses;
}
