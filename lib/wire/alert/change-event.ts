import type { News } from "#core/alert/outbox.ts";
import { encodeToken } from "#core/model/name.ts";
import type { AlertEventContext } from "./alert-event.ts";
import { toTime } from "./time.ts";

export type ChangeNews = Extract<News, { kind: "change" }>;

/** A change of level as a CloudEvent, but for its id. */
export type ChangeEvent = {
  readonly specversion: "1.0";
  readonly source: string;
  readonly type: "sluice.alert.change";
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: "application/json";
  readonly data: {
    readonly summary: string;
    readonly cluster: string;
    readonly model: string;
    readonly version: number;
    readonly digest: string;
    readonly signal: string;
    readonly name: string;
    readonly detector: string;
    readonly before: number;
    readonly after: number;
    /** Where it was found. */
    readonly message: { readonly stream: string; readonly seq: number };
  };
};

const kind = "change";
export const changeType: ChangeEvent["type"] = `sluice.alert.${kind}`;

/** The subject on which changes of a model's signals travel. */
export function changeSubject(model: string): string {
  return `sluice.alert.${encodeToken(model)}.${kind}`;
}

/** What the id of a change is a hash of. */
export function changeIdentity(
  { version, digest, point }: ChangeNews,
  { cluster, model }: AlertEventContext,
): string {
  const { signal, name, seq, timeMs } = point;
  return JSON.stringify([cluster, kind, model, version, digest, signal, name, seq, timeMs]);
}

export function changeEvent(news: ChangeNews, context: AlertEventContext): ChangeEvent {
  const { cluster, model, stream } = context;
  const { version, digest, point } = news;
  const { signal, name, detector, timeMs, seq, before, after } = point;
  return {
    specversion: "1.0",
    source: `/sluice/${encodeURIComponent(cluster)}/${model}/${version}`,
    type: changeType,
    subject: name === "" ? signal : `${signal} ${name}`,
    time: toTime(timeMs),
    datacontenttype: "application/json",
    data: {
      summary: `${model}@${version}: ${describe(news)}`,
      ...{ cluster, model, version, digest, signal, name, detector, before, after },
      message: { stream, seq },
    },
  };
}

const units = { error: "", latency: " ms", score: "" } as const;

function describe({ point }: ChangeNews): string {
  const { signal, name, before, after } = point;
  const unit = units[signal];
  const what = name === "" ? signal : `${signal} ${name}`;
  return `${what} has changed from ${round(before)}${unit} to ${round(after)}${unit}`;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
