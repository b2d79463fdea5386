/**
 * Two files compared as the monitor compares a window with a baseline: the baseline is described,
 * the other file counted in its bins, and every feature judged by the same rules.
 */
import { houseBins } from "#core/drift/baseline.ts";
import { prepareFeature } from "#core/drift/comparison.ts";
import {
  type FeatureReport,
  judgeFeature,
  type Thresholds,
  type Verdict,
  worstVerdict,
} from "#core/drift/verdict.ts";
import { Failure } from "#core/failure.ts";
import { formatRef } from "#core/model/name.ts";
import { quoteAll } from "#core/quote.ts";
import type { Place } from "../bulk/format.ts";
import type { Table } from "../bulk/table.ts";
import { type FileColumn, titlesOf } from "./column.ts";
import { countTokens, sharesAmongOthers, sharesByVocabulary } from "./count-tokens.ts";
import { guessColumns } from "./guess-columns.ts";
import { findColumns, type WatchedVersion } from "./model-columns.ts";
import { openPlace } from "./open-place.ts";
import { readBaseline } from "./read-baseline.ts";
import { readCurrent } from "./read-current.ts";

export type CompareOptions = {
  readonly baseline: Place;
  readonly current: Place;
  /** Undefined: values are doubles, texts categories. */
  readonly model: WatchedVersion | undefined;
  /** In place of the house's numbers of bins. */
  readonly bins: number | undefined;
  readonly onProgress: (share: number | undefined, text: string) => void;
};

export type Compared = {
  readonly verdict: Verdict;
  readonly features: readonly FeatureReport[];
  /** Columns of either file that were left out. */
  readonly leftOut: readonly string[];
};

/** Throws a Failure where the files have nothing to compare. */
export async function compareFiles(options: CompareOptions): Promise<Compared> {
  const { baseline, current, model, onProgress } = options;
  const tables = { baseline: await openPlace(baseline), current: await openPlace(current) };
  const told = (table: Table, { path }: Place) => ({
    path,
    onProgress: () => onProgress(table.share(), `reading ${path}`),
  });
  const { columns, thresholds } = await chooseColumns(options, tables);
  // Guessing has read to the end of the file.
  const again = model === undefined ? await openPlace(baseline) : tables.baseline;
  const bins =
    options.bins === undefined ? houseBins : { coarse: options.bins, fine: options.bins };
  const counts = await countTokens(baseline, columns, onProgress);
  const described = await readBaseline(again, {
    ...{ ...told(again, baseline), columns, bins, shares: sharesAmongOthers(counts) },
  });
  const prepared = described.features.map((feature, place) => ({
    column: columns[place] as FileColumn,
    feature: prepareFeature(feature, { bins, declared: model?.schema.get(feature.name) }),
  }));
  const live = await readCurrent(tables.current, {
    ...{ ...told(tables.current, current), columns: prepared },
    shares: sharesByVocabulary(counts),
  });
  const features = prepared.flatMap(({ feature }, place) => {
    const histogram = live[place];
    return histogram === undefined ? [] : [judgeFeature(feature, histogram, thresholds)];
  });
  const used = new Set(columns.flatMap(titlesOf));
  const all = new Set([...tables.baseline.columns, ...tables.current.columns]);
  return {
    verdict: worstVerdict(features.map(({ verdict }) => verdict)),
    features,
    leftOut: [...all].filter((title) => !used.has(title)),
  };
}

type Tables = { readonly baseline: Table; readonly current: Table };

async function chooseColumns(
  { baseline, current, model, onProgress }: CompareOptions,
  tables: Tables,
): Promise<{ readonly columns: readonly FileColumn[]; readonly thresholds: Thresholds }> {
  const inCurrent = new Set(tables.current.columns);
  const common = tables.baseline.columns.filter((title) => inCurrent.has(title));
  if (model !== undefined) {
    for (const [{ path }, table] of [
      [baseline, tables.baseline],
      [current, tables.current],
    ] as const) {
      const { missingFeatures } = findColumns(model, table.columns);
      if (missingFeatures.length === 0) continue;
      const what = `has no columns for the features ${quoteAll(missingFeatures, 8)}`;
      throw new Failure("invalid-argument", `${path} ${what} of ${formatRef(model.ref)}`);
    }
    const { features, outputs } = findColumns(model, common);
    return { columns: [...features, ...outputs], thresholds: model.thresholds };
  }
  const share = () => onProgress(tables.baseline.share(), `reading ${baseline.path}`);
  const columns = common.length === 0 ? [] : await guessColumns(tables.baseline, common, share);
  if (columns.length > 0) return { columns, thresholds: {} };
  const [of, and] = [baseline, current].map(({ path }) => path);
  const [one, other] = [tables.baseline, tables.current].map((table) => quoteAll(table.columns, 5));
  const problem = `have no column in common: ${one} and ${other}`;
  throw new Failure("invalid-argument", `${of} and ${and} ${problem}`);
}
