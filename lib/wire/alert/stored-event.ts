import { changeType } from "./change-event.ts";

/** What one has to know of a stored CloudEvent to pass it on. */
export type StoredEvent = {
  /** Letters, digits, `_` and `-`: what is signed with it cannot be read in two ways. */
  readonly id: string;
  /** Undefined for what is no change of an alert. */
  readonly change: { readonly from: string; readonly to: string } | undefined;
  /** It is for information alone: nobody is called for it. */
  readonly isQuiet: boolean;
};

const idPattern = /^[A-Za-z0-9_-]{1,128}$/;

/** Undefined for what is no CloudEvent in the JSON format, or has an id that cannot be signed. */
export function readStoredEvent(bytes: Uint8Array): StoredEvent | undefined {
  const event = parseObject(bytes);
  if (event?.["specversion"] !== "1.0") return undefined;
  const { id, type, data } = event;
  if (typeof id !== "string" || !idPattern.test(id)) return undefined;
  const isAlert = typeof type === "string" && type.startsWith("sluice.alert.");
  const isQuiet = type === changeType;
  return { id, change: isAlert && isObject(data) ? changeOf(data) : undefined, isQuiet };
}

function changeOf({ previous, state }: Readonly<Record<string, unknown>>): StoredEvent["change"] {
  const isChange = typeof previous === "string" && typeof state === "string";
  return isChange ? { from: previous, to: state } : undefined;
}

function parseObject(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
