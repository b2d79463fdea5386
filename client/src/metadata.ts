/** The metadata keys that this client reads or writes. */
export const metadataKey = {
  predictionId: "sluice-prediction-id",
  explain: "sluice-explain",
  serverTiming: "server-timing",
  traceparent: "traceparent",
  tracestate: "tracestate",
  retryPushback: "grpc-retry-pushback-ms",
} as const;

const traceparentForm = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;

/** The trace id in a W3C `traceparent`; undefined where it is none. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  return traceparentForm.exec(traceparent ?? "")?.[1];
}

/** A sampled `traceparent` from 24 random bytes. */
export function newTraceparent(random: Uint8Array): string {
  const hex = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `00-${hex.slice(0, 32)}-${hex.slice(32, 48)}-01`;
}

/** `wait;dur=1.25, total;dur=2` by name, in milliseconds. */
export function parseServerTiming(text: string): Record<string, number> {
  return Object.fromEntries(
    text.split(",").flatMap((part): [string, number][] => {
      const match = /^\s*([^;\s]+);dur=([0-9.]+)\s*$/.exec(part);
      return match === null ? [] : [[match[1] ?? "", Number(match[2])]];
    }),
  );
}

/** Milliseconds until the server wants to be asked again; undefined where it does not say. */
export function parsePushback(text: string | undefined): number | undefined {
  if (text === undefined || !/^[0-9]{1,9}$/.test(text)) return undefined;
  return Number(text);
}
