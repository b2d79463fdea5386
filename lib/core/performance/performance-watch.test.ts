import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  makeEvent,
  type SampleRequest,
  sampleId,
} from "../../../test/support/prediction-events.ts";
import type { EventColumn, PredictionEvent } from "../prediction/event.ts";
import type { TokenContent } from "./feedback.ts";
import type { ReceivedFeedback } from "./performance-report.ts";
import { performanceDefaults } from "./performance-settings.ts";
import { PerformanceWatch } from "./performance-watch.ts";

const minute = 60_000;
const hour = 60 * minute;
const settings = { ...performanceDefaults, windowMs: 10 * minute, horizonMs: 2 * hour };
const options = { settings, declared: [{ name: "label", labels: ["positive", "negative"] }] };

const nulls = new Uint8Array(0);

/** An event of wine@1; its label says whether x is negative. */
function event(seq: number, of: readonly SampleRequest[]): PredictionEvent {
  return makeEvent({ seq, of });
}

function byId(id: number, label: string | number, row = 0): ReceivedFeedback {
  return { target: { kind: "prediction", id: sampleId(id) }, row, label };
}

function byToken(label: string, content: Partial<TokenContent> = {}): ReceivedFeedback {
  const outputs = [{ name: "label", values: ["negative"] }];
  const told = {
    model: "wine",
    version: 1,
    predictionId: sampleId(1),
    timeUs: 5e6,
    rows: 1,
    outputs,
  };
  return { target: { kind: "opened", content: { ...told, ...content } }, row: 0, label };
}

describe("the performance of a model", () => {
  it("is that of its predictions whose labels came", () => {
    const watch = new PerformanceWatch(options);
    watch.addEvent(event(1, [{ id: 1, timeMs: 5, x: [-1, 1] }]), 1_000);
    watch.addFeedback({ seq: 1, timeMs: 2_000, feedback: [byId(1, "negative"), byId(1, 1, 1)] });
    const summary = watch.report(1);
    expect(summary).toMatchObject({
      ...{ task: "classification", problem: "", target: "label" },
      classes: ["positive", "negative"],
      labels: { matched: 2, rowsKnown: 2, unknown: 0, waiting: 0 },
      total: { rows: 2, labelled: 2, coverage: 1, metrics: { accuracy: 0.5 } },
      windows: [{ startMs: 0, lags: [0, 2, 0, 0, 0, 0, 0, 0, 0] }],
    });
    expect(watch.report(2)).toMatchObject({ total: undefined, windows: [] });
  });

  it("does not count shadows, failed requests and repeats", () => {
    const watch = new PerformanceWatch(options);
    const of: SampleRequest[] = [
      { id: 1 },
      { id: 2, role: "shadow" },
      { id: 3, status: 13 },
      { id: 1, role: "hedge" },
    ];
    watch.addEvent(event(1, of), 1_000);
    expect(watch.report(1).total?.rows).toBe(1);
  });

  it("finds rows by the id the caller gave", () => {
    const watch = new PerformanceWatch(options);
    const { requests, ...rest } = event(1, [{ id: 1, x: [1, -1] }]);
    watch.addEvent({ ...rest, requests: { ...requests, requestIds: ["mine"] } }, 1_000);
    const target = { kind: "request", id: "mine" } as const;
    watch.addFeedback({ seq: 1, timeMs: 2_000, feedback: [{ target, row: 1, label: "negative" }] });
    expect(watch.report(1)).toMatchObject({ labels: { matched: 1 }, total: { labelled: 1 } });
  });

  it("counts a token's row once, before and after its event, and its labels as any other", () => {
    const watch = new PerformanceWatch(options);
    const labels = (seq: number, label: string) =>
      watch.addFeedback({ seq, timeMs: 9_000, feedback: [byToken(label)] });
    watch.addEvent(event(1, [{ id: 2, timeMs: 5 }]), 1_000);
    labels(1, "positive");
    watch.addEvent(event(2, [{ id: 1, x: [-1], timeMs: 5_000 }]), 6_000);
    labels(2, "negative");
    expect(watch.report(1)).toMatchObject({
      labels: { matched: 1, revised: 1 },
      total: { rows: 2, labelled: 1, metrics: { accuracy: 1 } },
    });
  });

  it("says of every label what became of it", () => {
    const watch = new PerformanceWatch(options);
    watch.addEvent(event(1, [{ id: 1 }]), 1_000);
    const sampled = { ...event(2, []), rowsCovered: 3 };
    watch.addEvent(sampled, 3 * hour);
    const uuid = (ms: number) => {
      const id = new Uint8Array(16);
      new DataView(id.buffer).setUint32(2, ms);
      id[6] = 0x70;
      return { target: { kind: "prediction", id }, row: 0, label: "negative" } as const;
    };
    watch.addEvent({ ...event(3, []), rowsCovered: 0 }, 3.5 * hour);
    const forged = { target: { kind: "opened", content: undefined }, row: 0, label: "a" } as const;
    const feedback = [
      ...[uuid(3 * hour), uuid(2 * hour), uuid(minute), byId(9, "negative"), forged],
      byToken("negative", { rows: 0 }),
    ];
    watch.addFeedback({ seq: 1, timeMs: 3.5 * hour, feedback });
    expect(watch.report(1).labels).toMatchObject({ unsampled: 1, expired: 1, waiting: 2 });
    watch.addEvent({ ...event(4, []), rowsCovered: 0 }, 4 * hour);
    expect(watch.report(1).labels).toMatchObject({
      ...{ matched: 0, unsampled: 2, expired: 1, unknown: 1, waiting: 0, unusable: 2 },
    });
  });

  it("waits for the first event to tell what labels are compared with", () => {
    const watch = new PerformanceWatch(options);
    watch.addFeedback({ seq: 1, timeMs: 500, feedback: [byId(1, "positive")] });
    expect(watch.report(1)).toMatchObject({ task: undefined, labels: { waiting: 1 } });
    watch.addEvent(event(1, [{ id: 1, timeMs: 900 }]), 1_000);
    expect(watch.report(1)).toMatchObject({ labels: { waiting: 0, matched: 1 } });
  });

  it("takes a label of a stream that was made anew for a later one", () => {
    const watch = new PerformanceWatch(options);
    watch.addEvent(event(1, [{ id: 1, x: [-1] }]), 1_000);
    watch.addFeedback({ seq: 9, timeMs: 2_000, feedback: [byId(1, "negative")] });
    watch.restartFeedback();
    watch.addFeedback({ seq: 1, timeMs: 3_000, feedback: [byId(1, "positive")] });
    expect(watch.report(1)).toMatchObject({
      ...{ labels: { revised: 1 }, total: { metrics: { accuracy: 0 } } },
    });
  });

  it("begins anew with other settings", () => {
    const watch = new PerformanceWatch(options);
    watch.addEvent(event(1, [{ id: 1 }]), 1_000);
    const other = { ...options, settings: { ...settings, windowMs: hour } };
    expect(new PerformanceWatch(other, watch.state()).report(1).total).toBeUndefined();
    expect(new PerformanceWatch(options, watch.state()).report(1).total?.rows).toBe(1);
  });

  it("estimates by the calibration of the version, and anew by another one", () => {
    const calibrated = (classes: number, value: number) => ({
      ...{ classes, rows: 9 },
      calibrator: { scores: Float64Array.of(0.5), values: Float64Array.of(value) },
    });
    const known = new Map([[1, calibrated(2, 0.25)]]);
    const withScores = { ...options, calibrationOf: (version: number) => known.get(version) };
    const watch = new PerformanceWatch(withScores);
    const accuracy = (of: PerformanceWatch) => of.report(1).total?.estimate?.accuracy?.value;
    const scored = (seq: number) => {
      const { columns, ...rest } = event(seq, [{ id: seq, x: [1, -1] }]);
      const scores = ["negative", "positive"].map((name): EventColumn => {
        const values = { kind: "numbers", data: Float64Array.of(0.5, 0.5) } as const;
        return { ...{ name: `p.${name}`, kind: "output", dtype: "FP64" }, nulls, values };
      });
      watch.addEvent({ ...rest, columns: [...columns, ...scores] }, 1_000);
    };
    scored(1);
    // One row is said to be positive, one not to be.
    expect(accuracy(watch)).toBe(0.5);
    expect(watch.report(1).total?.estimate?.precision?.value).toBe(0.25);
    expect(accuracy(new PerformanceWatch(withScores, structuredClone(watch.state())))).toBe(0.5);
    known.set(1, calibrated(3, 0.25));
    watch.recalibrate(1);
    expect(accuracy(watch)).toBeUndefined();
    scored(2);
    expect(watch.report(1).total?.estimate?.precision?.value).toBe(0.5);
  });

  it("says why labels are compared with nothing", () => {
    const watch = new PerformanceWatch({ ...options, settings: { ...settings, task: "none" } });
    watch.addEvent(event(1, [{ id: 1 }]), 1_000);
    expect(watch.report(1)).toMatchObject({ task: undefined, problem: /is none/ });
  });
});

type Step =
  | { readonly kind: "event"; readonly event: PredictionEvent; readonly nowMs: number }
  | { readonly kind: "labels"; readonly seq: number; readonly feedback: ReceivedFeedback[] };

it("tells the same however the two streams are mixed, and with restarts in between", () => {
  const events: Step[] = Array.from({ length: 12 }, (_, index) => {
    const nowMs = 1_000 + index * 20_000;
    const x = [index % 3 === 0 ? -1 : 1, -1];
    return {
      kind: "event",
      event: event(index + 1, [{ id: index, timeMs: nowMs - 500, x }]),
      nowMs,
    };
  });
  const labels: Step[] = Array.from({ length: 16 }, (_, index) => ({
    kind: "labels",
    seq: index + 1,
    feedback: [
      byId((index * 5) % 13, index % 2 === 0 ? "positive" : "negative", index % 2),
      byToken("positive", {
        predictionId: sampleId(index % 4),
        timeUs: (500 + (index % 4) * 20_000) * 1e3,
        outputs: [{ name: "label", values: [(index % 4) % 3 === 0 ? "negative" : "positive"] }],
      }),
    ],
  }));
  const run = (takes: readonly boolean[], restarts: ReadonlySet<number>) => {
    let watch = new PerformanceWatch(options);
    const [left, right] = [[...events], [...labels]];
    for (let step = 0; left.length + right.length > 0; step += 1) {
      const isEvent = right.length === 0 || (left.length > 0 && takes[step] !== false);
      const next = (isEvent ? left : right).shift();
      if (next?.kind === "event") watch.addEvent(next.event, next.nowMs);
      else if (next !== undefined) watch.addFeedback({ ...next, timeMs: 100_000 });
      if (restarts.has(step)) watch = new PerformanceWatch(options, structuredClone(watch.state()));
    }
    watch.addEvent({ ...event(99, []), rowsCovered: 0 }, hour);
    return watch.report(1);
  };
  const expected = run([], new Set());
  expect(expected.labels.matched).toBeGreaterThan(10);
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { minLength: 28, maxLength: 28 }),
      fc.uniqueArray(fc.nat(27)),
      (takes, restarts) => {
        expect(run(takes, new Set(restarts))).toEqual(expected);
      },
    ),
  );
});
