import type { ModelRef } from "../model/name.ts";
import { formatRef } from "../model/name.ts";
import type { PredictionEvent, ProducerEnd } from "../prediction/event.ts";
import { quote } from "../quote.ts";

// Ours are UUIDs and digests in hexadecimal. They are remembered, so that none may be long.
const charsMax = 128;

/**
 * Why the accounts of an event cannot be true; undefined when they can. Its columns have been
 * checked.
 */
export function eventProblem(event: PredictionEvent, subject: ModelRef): string | undefined {
  const { seq, digest, rowsIncluded, rowsCovered, rowsTotal, rowsFailed } = event;
  if (event.model !== subject.model || event.version !== subject.version) {
    return `it is of ${quote(formatRef(event))} and came as ${formatRef(subject)}`;
  }
  if (digest.length > charsMax) {
    return `its digest has ${digest.length} characters, limit ${charsMax}`;
  }
  if (!Number.isSafeInteger(seq) || seq < 1) return `its sequence ${seq} is not counted from 1`;
  if (rowsIncluded > rowsCovered || rowsCovered > rowsTotal || !Number.isSafeInteger(rowsTotal)) {
    return `it includes ${rowsIncluded} rows, covers ${rowsCovered} and totals ${rowsTotal}`;
  }
  if (!Number.isSafeInteger(rowsFailed)) return `${rowsFailed} failed rows are no count of rows`;
  return producerProblem(event.producer);
}

/** Why a gateway's word about a producer cannot be true; undefined when it can. */
export function producerEndProblem({ producer, answered }: ProducerEnd): string | undefined {
  if (!Number.isSafeInteger(answered)) return `${answered} is no count of rows`;
  return producerProblem(producer);
}

function producerProblem(name: string): string | undefined {
  if (name === "") return "it names no producer";
  return name.length <= charsMax
    ? undefined
    : `its producer has a name of ${name.length} characters, limit ${charsMax}`;
}
