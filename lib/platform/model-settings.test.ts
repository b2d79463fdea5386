import { describe, expect, it } from "vitest";
import { settingsDefaults } from "#core/model/settings.ts";
import { parseModelSettings } from "./model-settings.ts";

describe("a model.yaml", () => {
  it("that is empty gives the defaults", () => {
    expect(parseModelSettings("")).toEqual(settingsDefaults);
    expect(parseModelSettings("# nothing\n")).toEqual(settingsDefaults);
    expect(parseModelSettings("batching: {}\nmonitoring: {}")).toEqual(settingsDefaults);
  });

  it("may say everything there is to say", () => {
    const settings = parseModelSettings(`
versions: [1, 2]
replicas: 2
batching: { rowsMax: 8, rowsPreferred: [4, 8], queueDelayMs: 0.5,
  queueRowsMax: 9, queueTimeoutMs: 7,
  orderingPreserved: true, priorityLevels: 2, tolerance: 1.0e-3 }
instances: 2
threads: 3
features:
  - { name: income, input: features, column: 0, type: number, unit: EUR, min: 0, default: null }
  - { name: home, input: home, type: category, categories: [own, rent, 3], default: own,
      required: false }
outputs:
  - { name: label, output: output_label, role: label, labels: [no, yes] }
monitoring: { windowMs: 2000, thresholds: { psi: 0.2 }, reducers: { image: [mean] } }
`);
    expect(settings).toMatchObject({
      versions: { kind: "listed", versions: [1, 2] },
      replicas: 2,
      batching: { rowsMax: 8, rowsPreferred: [4, 8], queueDelayMs: 0.5, tolerance: 1e-3 },
      instances: 2,
      threads: 3,
      monitoring: { windowMs: 2000, thresholds: { psi: 0.2 }, reducers: { image: ["mean"] } },
    });
    expect(settings.features).toEqual([
      {
        name: "income",
        input: "features",
        column: 0,
        type: "number",
        unit: "EUR",
        min: 0,
        max: undefined,
        categories: [],
        default: undefined,
        required: true,
      },
      {
        name: "home",
        input: "home",
        column: undefined,
        type: "category",
        unit: "",
        min: undefined,
        max: undefined,
        categories: ["own", "rent", "3"],
        default: "own",
        required: false,
      },
    ]);
    expect(settings.outputs?.[0]?.labels).toEqual(["no", "yes"]);
  });

  it.each([
    ["versions: all", { kind: "all" }],
    ["versions: { latest: 3 }", { kind: "latest", count: 3 }],
  ])("reads %s", (text, policy) => {
    expect(parseModelSettings(text).versions).toEqual(policy);
  });

  it.each([
    ["{}", { kind: "training" }],
    ["{ kind: period }", { kind: "period", hours: 168 }],
    ["{ kind: period, hours: 24 }", { kind: "period", hours: 24 }],
  ])("reads what windows are compared with: %s", (text, baseline) => {
    const { monitoring } = parseModelSettings(`monitoring: { baseline: ${text} }`);
    expect(monitoring.baseline).toEqual(baseline);
  });

  it("takes rowsMax 0 for a batching that is off", () => {
    expect(parseModelSettings("batching: { rowsMax: 0 }").batching.rowsMax).toBe(1);
  });

  it("may accept any difference between rows run alone and together", () => {
    expect(parseModelSettings("batching: { tolerance: .inf }").batching.tolerance).toBe(Infinity);
  });

  it("is refused with all of its problems at once", () => {
    expect(problemOf("replicas: none\nbatch: {}\nbatching: { rowMax: 8, rowsMax: -1 }")).toBe(
      'model.yaml: replicas: expected number but received "none"; ' +
        "batching.rowsMax: expected >=0 but received -1; " +
        "batching: unknown key rowMax; unknown key batch",
    );
  });

  it.each([
    ["{}", ["error", "latency", "score"]],
    ["true", ["error", "latency", "score"]],
    ["false", []],
    ["{ latency: false }", ["error", "score"]],
  ])("watches signals for changes as told: %s", (told, changes) => {
    expect(parseModelSettings(`monitoring: { changes: ${told} }`).monitoring.changes).toEqual(
      changes,
    );
  });

  it.each([
    ["versions: latest", "model.yaml: versions: expected all, a list of versions"],
    ["versions: [0]", "model.yaml: versions[0]: expected >=1"],
    ["features:\n  - { name: a }", "model.yaml: features[0].input: is missing"],
    ["features: [{ name: a, input: x, min: 2, max: 1 }]", "features: a: min 2 is more than max 1"],
    [
      "features: [{ name: a, input: x, type: text, max: 1 }]",
      "features: a: a text has no min, max, categories or constraints",
    ],
    [
      "features: [{ name: a, input: x, type: text, constraints: { completeness: 1 } }]",
      "features: a: a text has no min, max, categories or constraints",
    ],
    ["features: [{ name: a, input: x }, { name: a, input: y }]", "features: a appears twice"],
    ["outputs: [{ name: a, output: x }, { name: a, output: y }]", "outputs: a appears twice"],
    ["outputs: [{ name: a, output: x, role: class }]", "model.yaml: outputs[0].role: "],
    ["batching: { rowsMax: 4, rowsPreferred: [8] }", "batching.rowsPreferred: 8 is more than"],
    ["monitoring: { retrain: { metrics: { speed: {} } } }", "metrics: unknown key speed"],
    ["monitoring: { retrain: { metrics: { mae: {} } } }", "metrics.mae: needs min or max"],
    [
      "monitoring: { retrain: { metrics: { auc: { min: 1, max: 0 } } } }",
      "metrics.auc: min 1 is more than max 0",
    ],
    ["monitoring: { retrain: { rowsMin: 0 } }", "monitoring.retrain.rowsMin"],
    ["monitoring: { baseline: { kind: period, hours: 745 } }", "monitoring.baseline.hours"],
    ["monitoring: { baseline: { hours: 24 } }", "baseline: hours are of kind period"],
    [
      "monitoring: { windowMs: 7200000, baseline: { kind: period } }",
      "monitoring.baseline: windows of 7200000 ms are longer than the hours of a period",
    ],
    ["monitoring: { changes: some }", "monitoring.changes: expected true, false, or signals"],
    ["monitoring: { changes: { label: false } }", "expected true, false, or signals"],
    ["monitoring: { thresholds: { foo: 1 } }", "monitoring.thresholds: unknown key foo"],
    ["- 1", "model.yaml: expected an object but received Array"],
    ["wine", 'model.yaml: expected an object but received "wine"'],
    ["batching: []", "model.yaml: batching: expected an object"],
    ["a: 1\nb: 2", "model.yaml: unknown key a; unknown key b"],
    ["a: [1", "model.yaml: "],
    ["replicas: 1\nreplicas: 2", "model.yaml: Map keys must be unique"],
    ["replicas: *nowhere", "model.yaml: "],
  ])("is refused where it says %j", (text, problem) => {
    expect(problemOf(text)).toContain(problem);
    expect(problemOf(text)).not.toContain("\n");
  });

  it("is refused with each place of broken YAML once", () => {
    expect(problemOf("versions: [1\n  x: {{{")).toMatch(
      /^model\.yaml: [^;]+ at line 1, column 12;/,
    );
    const problems = problemOf("versions: [1\n  x: {{{").split("; ");
    expect(new Set(problems).size).toBe(problems.length);
    expect(problems.filter((problem) => problem.endsWith(":"))).toEqual([]);
  });
});

function problemOf(text: string): string {
  try {
    parseModelSettings(text);
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  return "no problem";
}
