import type { EventColumn, PredictionEvent, Role } from "#core/prediction/event.ts";
import { seededDraw } from "#core/random.ts";
import { encodePredictionEvent } from "#wire/event/encode.ts";
import { benchDigest, columnsOfMid } from "./baseline.ts";

const rowsPerEvent = 512;
const idBytes = 16;

/** Values in one event: of every feature and output, of every row. */
export const eventValues: number = rowsPerEvent * columnsOfMid.length;

/** So many that a processor cannot learn which way their values go. */
const columnSets = Array.from({ length: 32 }, (_, index) => sampleColumns(index + 1));

/**
 * Events of the model `mid` as its worker encodes them, each of 512 requests with one row. `first`
 * is the sequence of the first one; no two have a prediction id in common.
 */
export function encodeSampleEvents(options: {
  readonly first: number;
  readonly count: number;
  readonly startMs: number;
}): Uint8Array[] {
  const { first, count, startMs } = options;
  return Array.from({ length: count }, (_, index) => {
    const seq = first + index;
    return encodePredictionEvent(
      sampleEvent(seq, startMs + index, columnSets[index % columnSets.length] ?? []),
    );
  });
}

function sampleEvent(
  seq: number,
  timeMs: number,
  columns: readonly EventColumn[],
): PredictionEvent {
  const zeros = new Array<number>(rowsPerEvent).fill(0);
  const draw = seededDraw(seq);
  const ids = Uint8Array.from({ length: idBytes * rowsPerEvent }, () => Math.floor(draw() * 256));
  return {
    producer: "bench",
    seq,
    cluster: "bench",
    model: "mid",
    version: 1,
    digest: benchDigest,
    schemaId: "bench",
    rowsTotal: seq * rowsPerEvent,
    rowsCovered: rowsPerEvent,
    rowsIncluded: rowsPerEvent,
    rowsFailed: 0,
    requests: {
      count: rowsPerEvent,
      predictionIds: ids,
      rows: zeros.map(() => 1),
      attempts: zeros.map(() => 1),
      roles: zeros.map((): Role => "primary"),
      eventTimesUs: zeros.map(() => timeMs * 1000),
      statuses: zeros,
      queueUs: zeros.map(() => 100),
      runUs: zeros.map(() => 400),
      traceIds: new Uint8Array(16 * rowsPerEvent),
      spanIds: new Uint8Array(8 * rowsPerEvent),
      traceFlags: new Uint8Array(rowsPerEvent),
      requestIds: zeros.map(() => ""),
    },
    rows: zeros,
    columns,
  };
}

function sampleColumns(seed: number): EventColumn[] {
  const draw = seededDraw(seed);
  return columnsOfMid.map(({ name, kind }) => {
    const data = Float32Array.from({ length: rowsPerEvent }, () => draw() * 2 - 1);
    const values = { kind: "numbers", data } as const;
    return { name, kind, dtype: "FP32", nulls: new Uint8Array(0), values };
  });
}
