import type { Counter, Histogram, Meter } from "#core/metric/meter.ts";
import type { CounterSeries, HistogramSeries } from "#core/metric/series.ts";
import type { ModelRef } from "#core/model/name.ts";
import { countBounds, durationBounds } from "#platform/metrics.ts";
import { statusName } from "#wire/status.ts";

export type AnsweredRequest = {
  readonly method: string;
  /** Undefined where the request never found its model; names come from the repository alone. */
  readonly ref: ModelRef | undefined;
  readonly status: number;
  readonly seconds: number;
  /** Until the first frame left; undefined where none did. */
  readonly waitSeconds: number | undefined;
  readonly rows: number;
};

/** Methods of model versions remembered; beyond, all are looked up anew. */
const rememberedMax = 10_000;

/**
 * Counts requests. What those of one method to one model version are counted in is looked up once,
 * and found again without making a key for it.
 */
export class RequestMetrics {
  readonly #families: Families;
  /** By method, model and version. */
  readonly #known = new Map<string, Map<string, Map<number, MethodSeries>>>();
  #remembered = 0;

  constructor(meter: Meter) {
    this.#families = familiesOf(meter);
  }

  answered(request: AnsweredRequest): void {
    const { method, ref } = request;
    const model = ref?.model ?? "";
    const version = ref?.version ?? 0;
    const known = this.#known.get(method)?.get(model)?.get(version);
    (known ?? this.#remember(method, model, version)).answered(request);
  }

  #remember(method: string, model: string, version: number): MethodSeries {
    if (this.#remembered >= rememberedMax) {
      this.#known.clear();
      this.#remembered = 0;
    }
    this.#remembered += 1;
    const ofMethod = this.#known.get(method) ?? new Map<string, Map<number, MethodSeries>>();
    const ofModel = ofMethod.get(model) ?? new Map<number, MethodSeries>();
    const made = new MethodSeries(this.#families, [method, model, version > 0 ? `${version}` : ""]);
    this.#known.set(method, ofMethod);
    ofMethod.set(model, ofModel);
    ofModel.set(version, made);
    return made;
  }
}

type Labels = readonly [method: string, model: string, version: string];

/** The series of one method of one model version, each from the first request that has it. */
class MethodSeries {
  readonly #families: Families;
  readonly #labels: Labels;
  readonly #seconds: HistogramSeries;
  readonly #byStatus: CounterSeries[] = [];
  #waits: HistogramSeries | undefined;
  #rows: HistogramSeries | undefined;

  constructor(families: Families, labels: Labels) {
    this.#families = families;
    this.#labels = labels;
    this.#seconds = families.seconds.series(...labels);
  }

  answered({ status, seconds, waitSeconds, rows }: AnsweredRequest): void {
    const [, model, version] = this.#labels;
    const { requests, waits, rows: rowsOf } = this.#families;
    const counter = this.#byStatus[status] ?? requests.series(...this.#labels, statusName(status));
    this.#byStatus[status] = counter;
    counter.add(1);
    this.#seconds.record(seconds);
    if (waitSeconds !== undefined) {
      this.#waits ??= waits.series(model, version);
      this.#waits.record(waitSeconds);
    }
    if (rows > 0) {
      this.#rows ??= rowsOf.series(model, version);
      this.#rows.record(rows);
    }
  }
}

type Families = {
  readonly requests: Counter;
  readonly seconds: Histogram;
  readonly waits: Histogram;
  readonly rows: Histogram;
};

function familiesOf(meter: Meter): Families {
  const labels = ["method", "model", "version"];
  return {
    requests: meter.counter({
      name: "sluice_gateway_requests_total",
      help: "Requests answered, by status.",
      labels: [...labels, "status"],
    }),
    seconds: meter.histogram({
      name: "sluice_gateway_request_seconds",
      help: "From the arrival of a request to its answer.",
      labels,
      bounds: durationBounds,
    }),
    waits: meter.histogram({
      name: "sluice_gateway_wait_seconds",
      help: "From the arrival of a request to its leaving for a worker.",
      labels: ["model", "version"],
      bounds: durationBounds,
    }),
    rows: meter.histogram({
      name: "sluice_gateway_request_rows",
      help: "Rows of a request.",
      labels: ["model", "version"],
      bounds: countBounds,
    }),
  };
}
