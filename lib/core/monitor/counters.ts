/** What happened to rows and messages of one model version, apart from what its producers tell. */
export type Counts = {
  rowsIncluded: number;
  rowsSampledOut: number;
  rowsLate: number;
  rowsDuplicate: number;
  rowsShadow: number;
  /** Rows whose request failed, which have no answer to compare. */
  rowsFailed: number;
  /** Rows counted without being remembered, because too many were. */
  rowsUnremembered: number;
  messages: number;
  messagesDuplicate: number;
  messagesQuarantined: number;
};

export const noCounts: Readonly<Counts> = {
  rowsIncluded: 0,
  rowsSampledOut: 0,
  rowsLate: 0,
  rowsDuplicate: 0,
  rowsShadow: 0,
  rowsFailed: 0,
  rowsUnremembered: 0,
  messages: 0,
  messagesDuplicate: 0,
  messagesQuarantined: 0,
};

/** Everything that is counted of one model version. */
export type Counters = Readonly<Counts> & {
  readonly rowsTotal: number;
  readonly rowsLost: number;
  readonly messagesMissing: number;
  /** Messages of any model that the stream let go before they were read. */
  readonly messagesPurged: number;
  readonly producers: number;
};
