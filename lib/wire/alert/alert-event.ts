import type { AlertChange } from "#core/alert/alert.ts";
import { limitOf } from "#core/drift/verdict.ts";
import { encodeToken } from "#core/model/name.ts";
import { toTime } from "./time.ts";

export type AlertEventContext = {
  readonly cluster: string;
  readonly model: string;
  /** The stream that the window's messages are in. */
  readonly stream: string;
};

/** An alert's change as a CloudEvent (CNCF specification 1.0, JSON format), but for its id. */
export type AlertEvent = {
  readonly specversion: "1.0";
  readonly source: string;
  readonly type: "sluice.alert.drift";
  readonly subject: string;
  /** The end of the window that brought the change about. */
  readonly time: string;
  readonly datacontenttype: "application/json";
  readonly data: AlertData;
};

/** Times are as in RFC 3339. */
export type AlertData = {
  readonly summary: string;
  readonly cluster: string;
  readonly model: string;
  readonly version: number;
  readonly digest: string;
  readonly baseline: string;
  readonly side: AlertChange["side"];
  readonly feature: string;
  readonly statistic: string;
  readonly state: AlertChange["to"];
  readonly previous: AlertChange["from"];
  readonly cause: AlertChange["cause"];
  readonly value: number;
  readonly threshold: number | null;
  readonly floor: number | null;
  readonly window: { readonly start: string; readonly end: string; readonly rows: number };
  readonly traceIds: readonly string[];
  readonly messages: {
    readonly stream: string;
    readonly firstSeq: number;
    readonly lastSeq: number;
  };
};

const kind = "drift";

/** The subject on which alerts of a model travel. */
export function alertSubject(model: string): string {
  return `sluice.alert.${encodeToken(model)}.${kind}`;
}

/** What the id of a change is a hash of. */
export function alertIdentity(change: AlertChange, { cluster, model }: AlertEventContext): string {
  const { version, side, feature, statistic, to, evidence } = change;
  const { baseline, endMs } = evidence;
  return JSON.stringify([cluster, model, version, baseline, side, feature, statistic, endMs, to]);
}

export function alertEvent(change: AlertChange, context: AlertEventContext): AlertEvent {
  const { cluster, model, stream } = context;
  const { version, side, feature, statistic, from, to, cause, evidence } = change;
  const { value, threshold, floor, startMs, endMs, rows } = evidence;
  return {
    specversion: "1.0",
    source: `/sluice/${encodeURIComponent(cluster)}/${model}/${version}`,
    type: `sluice.alert.${kind}`,
    subject: feature,
    time: toTime(endMs),
    datacontenttype: "application/json",
    data: {
      summary: summaryOf(change, context),
      ...{ cluster, model, version, digest: evidence.digest, baseline: evidence.baseline },
      ...{ side, feature, statistic, state: to, previous: from, cause },
      ...{ value, threshold: threshold ?? null, floor: floor ?? null },
      window: { start: toTime(startMs), end: toTime(endMs), rows },
      traceIds: evidence.traceIds,
      messages: { stream, ...evidence.messages },
    },
  };
}

const sides = { feature: "input", output: "output" } as const;

function summaryOf(change: AlertChange, { model }: AlertEventContext): string {
  const { side, feature, statistic, version, evidence } = change;
  const what = `${model}@${version}: ${sides[side]} ${feature}`;
  const limit = limitOf(evidence);
  const values = `${statistic} is ${round(evidence.value)}, its limit ${round(limit)}`;
  if (change.cause === "baseline")
    return `${what}: alert ended, what it is compared with has changed`;
  if (change.cause === "silence")
    return `${what}: alert ended, no window has spoken of it for long`;
  if (change.to === "firing" && change.from !== "clearing") return `${what} has drifted: ${values}`;
  if (change.to === "firing") return `${what} has not calmed down after all: ${values}`;
  if (change.to === "clearing") return `${what} is calming down: ${values}`;
  return `${what} is as in the baseline again: ${values}`;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
