/**
 * Lists in pages, so that those of wide models fit into messages. A page's token names the last
 * item told: windows that close meanwhile move nothing.
 */
import { Failure } from "#core/failure.ts";
import { formatRef } from "#core/model/name.ts";
import type { ModelReport } from "#core/monitor/model-report.ts";
import type { WindowReport } from "#core/monitor/window-report.ts";
import { quote } from "#core/quote.ts";
import type { WatchedModels } from "./watched-models.ts";

/** Of a reply; the clients of others take 4 MiB. */
const pageBytesMax = 3 * 1024 * 1024;

/** What is told of an item, and how long that is. */
export type Encoded<Item> = { readonly message: Item; readonly bytes: number };

export type Page<Item> = { readonly items: Item[]; readonly nextToken: string };

/** Reports of one model, or of all for an empty name. */
export function pageOfReports<Told>(
  models: WatchedModels,
  { model, token }: { readonly model: string; readonly token: string },
  encode: (report: ModelReport) => Encoded<Told>,
): Page<Told> {
  const all = models.reports(model === "" ? undefined : model);
  const before = token === "" ? -1 : all.findIndex((report) => formatRef(report) === token);
  if (token !== "" && before < 0) throw unknownToken(token);
  return takePage(all.slice(before + 1), {
    itemsMax: all.length,
    encode,
    tokenOf: (report) => formatRef(report),
  });
}

/** Closed windows, newest first. */
export function pageOfWindows<Told>(
  models: WatchedModels,
  of: {
    readonly model: string;
    readonly version: number;
    readonly limit: number;
    readonly token: string;
  },
  encode: (window: WindowReport) => Encoded<Told>,
): Page<Told> {
  const { model, version, limit, token } = of;
  if (!/^[0-9]{0,16}$/.test(token)) throw unknownToken(token);
  const olderThan = token === "" ? Number.POSITIVE_INFINITY : Number(token);
  const windows = models
    .windows(model, version, Number.POSITIVE_INFINITY)
    .filter(({ startMs }) => startMs < olderThan);
  return takePage(windows, {
    itemsMax: limit,
    encode,
    tokenOf: ({ startMs }) => String(startMs),
  });
}

/** The first so many that fit, and one at least. */
function takePage<Item, Told>(
  items: readonly Item[],
  of: {
    readonly itemsMax: number;
    readonly encode: (item: Item) => Encoded<Told>;
    readonly tokenOf: (item: Item) => string;
  },
): Page<Told> {
  const taken: Told[] = [];
  let bytes = 0;
  for (const [place, item] of items.entries()) {
    const last = items[place - 1];
    const encoded = place < of.itemsMax ? of.encode(item) : undefined;
    bytes += encoded?.bytes ?? 0;
    const isFull = encoded === undefined || bytes > pageBytesMax;
    if (isFull && last !== undefined) return { items: taken, nextToken: of.tokenOf(last) };
    if (encoded !== undefined) taken.push(encoded.message);
  }
  return { items: taken, nextToken: "" };
}

function unknownToken(token: string): Failure {
  return new Failure("invalid-argument", `${quote(token)} is the token of no page; begin anew`);
}
