/** How many values belong to no bin, by the reason; `unseen` ones are in a bin of their own. */
export type Quality = {
  readonly nulls: number;
  readonly nans: number;
  readonly posInf: number;
  readonly negInf: number;
  /** Values of another kind than the baseline's. */
  readonly typeErrors: number;
  /** Categories that the baseline does not have. */
  readonly unseen: number;
};

export type QualityCounts = { -readonly [Count in keyof Quality]: Quality[Count] };

export const noQuality: Quality = {
  nulls: 0,
  nans: 0,
  posInf: 0,
  negInf: 0,
  typeErrors: 0,
  unseen: 0,
};

/** Adds the counts of `other` to `counts`. */
export function addQuality(counts: QualityCounts, other: Quality): void {
  counts.nulls += other.nulls;
  counts.nans += other.nans;
  counts.posInf += other.posInf;
  counts.negInf += other.negInf;
  counts.typeErrors += other.typeErrors;
  counts.unseen += other.unseen;
}
