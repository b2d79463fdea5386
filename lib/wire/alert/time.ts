/** Milliseconds since 1970 as RFC 3339 has them, in UTC. */
export function toTime(ms: number): string {
  return Temporal.Instant.fromEpochMilliseconds(ms).toString({ smallestUnit: "millisecond" });
}
