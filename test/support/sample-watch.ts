import { describeNumber } from "#core/drift/baseline.ts";
import { ModelWatch } from "#core/monitor/model-watch.ts";
import { prepareReference, type Reference } from "#core/monitor/reference.ts";
import type { EventColumn } from "#core/prediction/event.ts";
import { evenly, makeEvent, sampleBaseline } from "./prediction-events.ts";

const windowMs = 1000;
const rows = 200;

/**
 * What a monitor knows of version 1 of a model with the features `x.0`, `x.1` and so on, which get
 * the same two hundred values in every window.
 */
export class SampleWatch {
  readonly watch: ModelWatch;
  readonly #model: string;
  readonly #names: readonly string[];
  #seq = 0;

  constructor({ model, features = 1 }: { readonly model: string; readonly features?: number }) {
    const names = Array.from({ length: features }, (_, index) => `x.${index}`);
    const definitions = new Map([
      [1, { kind: "reference", reference: referenceOf(names) } as const],
    ]);
    this.watch = new ModelWatch({ model, windowMs, graceMs: 0, thresholds: {} }, definitions);
    this.#model = model;
    this.#names = names;
  }

  /** Closes the window that is open and fills the next, with values that have moved by `shift`. */
  nextWindow(shift = 0): void {
    this.#seq += 1;
    const { watch } = this;
    const seq = this.#seq;
    const timeMs = seq * windowMs;
    const of = [{ id: seq, timeMs, x: evenly(rows) }];
    const event = makeEvent({ model: this.#model, seq, of, columns: this.#columns(shift) });
    const rowsTotal = seq * rows;
    watch.apply({
      seq,
      timeMs,
      version: 1,
      body: { kind: "event", event: { ...event, rowsTotal } },
    });
  }

  #columns(shift: number): EventColumn[] {
    const data = Float64Array.from(evenly(rows), (value) => value + shift);
    return this.#names.map((name) => ({
      name,
      kind: "feature",
      dtype: "FP64",
      nulls: new Uint8Array(0),
      values: { kind: "numbers", data },
    }));
  }
}

const references = new Map<number, Reference>();

function referenceOf(names: readonly string[]): Reference {
  const known = references.get(names.length);
  if (known !== undefined) return known;
  const described = describeNumber({ name: "x", dtype: "FP64", values: evenly(1000) });
  const features = names.map((name) => ({ ...described, name }));
  const reference = prepareReference({ ...sampleBaseline(), features, outputs: [] }, "sample");
  references.set(names.length, reference);
  return reference;
}
