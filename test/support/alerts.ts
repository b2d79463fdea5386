import type { AlertChange } from "#core/alert/alert.ts";

/** An alert of the input `income` that begins to fire, unless told otherwise. */
export function sampleChange(given: Partial<AlertChange> = {}): AlertChange {
  return {
    version: 3,
    side: "feature",
    feature: "income",
    statistic: "psi.q10.half",
    from: "pending",
    to: "firing",
    cause: "window",
    evidence: {
      value: 0.41857,
      threshold: 0.1,
      floor: undefined,
      startMs: 60_000,
      endMs: 120_000,
      rows: 800,
      traceIds: ["ab"],
      messages: { firstSeq: 5, lastSeq: 9 },
      digest: "d",
      baseline: "b",
    },
    ...given,
  };
}
