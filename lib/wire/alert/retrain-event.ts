import type { RetrainReason, RetrainRequest } from "#core/alert/retrain.ts";
import { limitOf } from "#core/drift/verdict.ts";
import { encodeToken } from "#core/model/name.ts";
import { toTime } from "./time.ts";

export type RetrainEventContext = {
  readonly cluster: string;
  readonly model: string;
  /** The stream that the rows are in, and when it was created. */
  readonly stream: string;
  readonly created: string;
};

/** The wish that a model be trained again as a CloudEvent, but for its id. */
export type RetrainEvent = {
  readonly specversion: "1.0";
  readonly source: string;
  readonly type: "sluice.retrain";
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: "application/json";
  readonly data: RetrainData;
};

/** Times are as in RFC 3339. */
export type RetrainData = {
  readonly summary: string;
  readonly cluster: string;
  readonly model: string;
  readonly version: number;
  readonly digest: string;
  readonly reason: Readonly<Record<string, unknown>>;
  /** Where the rows are that show it. */
  readonly rows: {
    readonly count: number;
    readonly start: string;
    readonly end: string;
    readonly stream: string;
    /** Sequences mean something in the stream that was created then. */
    readonly created: string;
    readonly subject: string;
    readonly firstSeq: number | null;
    readonly lastSeq: number | null;
  };
};

/** The subject on which the wish to train a model again travels. */
export function retrainSubject(model: string): string {
  return `sluice.retrain.${encodeToken(model)}`;
}

/** What the id of a request is a hash of. */
export function retrainIdentity(
  { version, digest, timeMs }: RetrainRequest,
  { cluster, model }: RetrainEventContext,
): string {
  return JSON.stringify([cluster, "retrain", model, version, digest, timeMs]);
}

export function retrainEvent(request: RetrainRequest, context: RetrainEventContext): RetrainEvent {
  const { cluster, model, stream, created } = context;
  const { version, digest, reason, rows, startMs, endMs, messages } = request;
  const subject = `sluice.prediction.${encodeToken(model)}.${version}`;
  return {
    specversion: "1.0",
    source: `/sluice/${encodeURIComponent(cluster)}/${model}/${version}`,
    type: "sluice.retrain",
    subject: model,
    time: toTime(request.timeMs),
    datacontenttype: "application/json",
    data: {
      summary: `${model}@${version} should be trained again: ${describe(reason)}`,
      ...{ cluster, model, version, digest, reason: toReason(reason) },
      rows: {
        ...{ count: rows, start: toTime(startMs), end: toTime(endMs) },
        ...{ stream, created, subject },
        firstSeq: messages?.firstSeq ?? null,
        lastSeq: messages?.lastSeq ?? null,
      },
    },
  };
}

/** What is not there is null. */
function toReason(reason: RetrainReason): Readonly<Record<string, unknown>> {
  if (reason.kind === "performance") {
    return { ...reason, min: reason.min ?? null, max: reason.max ?? null };
  }
  const { sinceMs, threshold, floor, ...rest } = reason;
  return {
    ...{ ...rest, since: toTime(sinceMs) },
    ...{ threshold: threshold ?? null, floor: floor ?? null },
  };
}

function describe(reason: RetrainReason): string {
  if (reason.kind === "drift") {
    const { feature, statistic, sinceMs, value } = reason;
    const values = `${statistic} ${round(value)} > ${round(limitOf(reason))}`;
    return `${feature} has drifted since ${toTime(sinceMs)}, ${values}`;
  }
  const { metric, value, min, max, labelled } = reason;
  const limit = min !== undefined && value < min ? `below ${min}` : `above ${max}`;
  return `${metric} ${round(value)} is ${limit} over ${labelled} labelled rows`;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
