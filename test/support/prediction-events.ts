import { type Baseline, describeCategory, describeNumber } from "#core/drift/baseline.ts";
import type { Schema } from "#core/drift/constraints.ts";
import { type Definition, prepareReference } from "#core/monitor/reference.ts";
import type { EventColumn, PredictionEvent, Role } from "#core/prediction/event.ts";
import { seededDraw } from "#core/random.ts";

/** One request of an event: by default a primary that succeeded, with one row. */
export type SampleRequest = {
  /** Requests of equal id are executions of the same prediction. */
  readonly id: number;
  readonly timeMs?: number;
  readonly role?: Role;
  readonly status?: number;
  /** Values of the feature `x`, one for each row. */
  readonly x?: readonly number[];
  /** 16 and 8 bytes; sampled when given. */
  readonly trace?: { readonly traceId: Uint8Array; readonly spanId: Uint8Array };
};

export type SampleEvent = Partial<PredictionEvent> & { readonly of?: readonly SampleRequest[] };

/**
 * An event of wine@1 with the feature `x` and the output `label`, which says whether x is negative.
 */
export function makeEvent({ of = [{ id: 1 }], ...given }: SampleEvent): PredictionEvent {
  const values = of.map(({ x = [0] }) => x);
  const x = values.flat();
  const count = of.length;
  const zeros = new Array<number>(count).fill(0);
  return {
    producer: "p",
    seq: 1,
    cluster: "test",
    model: "wine",
    version: 1,
    digest: sampleDigest,
    schemaId: "s",
    rowsTotal: x.length,
    rowsCovered: x.length,
    rowsIncluded: x.length,
    rowsFailed: 0,
    requests: {
      count,
      predictionIds: joined(
        16,
        of.map(({ id }) => sampleId(id)),
      ),
      rows: values.map((each) => each.length),
      attempts: zeros.map(() => 1),
      roles: of.map(({ role = "primary" }) => role),
      eventTimesUs: of.map(({ timeMs = 0 }) => timeMs * 1000),
      statuses: of.map(({ status = 0 }) => status),
      queueUs: zeros,
      runUs: zeros,
      traceIds: joined(
        16,
        of.map(({ trace }) => trace?.traceId),
      ),
      spanIds: joined(
        8,
        of.map(({ trace }) => trace?.spanId),
      ),
      traceFlags: Uint8Array.from(of, ({ trace }) => (trace === undefined ? 0 : 1)),
      requestIds: of.map(() => ""),
    },
    rows: values.flatMap((each) => [...each.keys()]),
    columns: columnsOf(x),
    ...given,
  };
}

export const sampleDigest: string = "d".repeat(64);

/** Made from 1000 values of x, evenly spread over [-1, 1). */
export function sampleBaseline(values: readonly number[] = evenly(1000)): Baseline {
  return {
    model: "wine",
    version: 1,
    digest: sampleDigest,
    rows: values.length,
    createdAt: "2026-11-01T00:00:00.000Z",
    features: [describeNumber({ name: "x", dtype: "FP64", values })],
    outputs: [
      describeCategory({
        name: "label",
        dtype: "INT64",
        values: values.map((each) => label(each)),
      }),
    ],
  };
}

export function sampleDefinition(fingerprint: string = "one", schema?: Schema): Definition {
  return { kind: "reference", reference: prepareReference(sampleBaseline(), fingerprint, schema) };
}

/** `count` numbers at equal distances from -1 on, below 1. */
export function evenly(count: number): number[] {
  return Array.from({ length: count }, (_, index) => -1 + (2 * index) / count);
}

/** Far from all that the baseline has, a value has a label of its own. */
function label(x: number): string {
  if (Math.abs(x) > 1.5) return `far ${x.toFixed(1)}`;
  return x < 0 ? "negative" : "positive";
}

function columnsOf(x: readonly number[]): EventColumn[] {
  const nulls = new Uint8Array(0);
  const labels = [...new Set(["positive", "negative", ...x.map(label)])];
  const codes = x.map((each) => labels.indexOf(label(each)));
  return [
    {
      name: "x",
      kind: "feature",
      dtype: "FP64",
      nulls,
      values: { kind: "numbers", data: Float64Array.from(x) },
    },
    {
      name: "label",
      kind: "output",
      dtype: "INT64",
      nulls,
      values: { kind: "texts", dictionary: labels, codes },
    },
  ];
}

/** Random bytes, always the same for the same id. */
export function sampleId(id: number): Uint8Array {
  const draw = seededDraw(id);
  return Uint8Array.from({ length: 16 }, () => Math.floor(draw() * 256));
}

function joined(width: number, parts: readonly (Uint8Array | undefined)[]): Uint8Array {
  const whole = new Uint8Array(width * parts.length);
  for (const [index, part] of parts.entries())
    if (part !== undefined) whole.set(part, width * index);
  return whole;
}
