import * as v from "valibot";
import { parseDocument } from "yaml";
import { retrainDefaults } from "#core/alert/retrain.ts";
import { signals } from "#core/detect/change-point.ts";
import { Failure, messageOf } from "#core/failure.ts";
import {
  type BaselineSettings,
  driftStatistics,
  type ModelSettings,
  outputRoles,
  reducers,
  settingsDefaults,
  type VersionPolicy,
} from "#core/model/settings.ts";
import { batchingDefaults } from "#core/model/spec.ts";

const versionMax = 2 ** 31 - 1;
const dayMs = 86_400_000;
const rowsMost = 1_000_000;

const count = (min: number, max: number) =>
  v.pipe(v.number(), v.safeInteger(), v.minValue(min), v.maxValue(max));
const milliseconds = v.pipe(v.number(), v.minValue(0), v.maxValue(dayMs));
const finite = v.pipe(v.number(), v.finite());
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(256));
/** A class or category as people write it: `no`, `3` and `true` alike. */
const label = v.pipe(v.union([v.string(), v.number(), v.boolean()]), v.transform(String));

/** Lists count as objects otherwise. */
const object = v.custom<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  ({ received }) => `expected an object but received ${received}`,
);

/** Nothing said and null are the same. */
function optional<T extends v.GenericSchema>(type: T) {
  return v.nullish(type, () => undefined);
}

/** Every key that is none of these is a problem, of which a strict object tells but the first. */
function record<T extends v.ObjectEntries>(entries: T) {
  type Like = v.StrictObjectSchema<T, undefined>;
  type Schema = v.GenericSchema<v.InferInput<Like>, v.InferOutput<Like>>;
  return v.pipe(object, v.objectWithRest(entries, v.never())) as unknown as Schema;
}

const version = count(1, versionMax);
const versions = v.union(
  [v.literal("all"), v.pipe(v.array(version), v.minLength(1)), record({ latest: count(1, 1000) })],
  "expected all, a list of versions such as [1, 2], or { latest: 1 }",
);

const batching = record({
  rowsMax: v.optional(count(0, rowsMost), batchingDefaults.rowsMax),
  rowsPreferred: v.optional(v.array(count(1, rowsMost)), []),
  queueDelayMs: v.optional(milliseconds, batchingDefaults.queueDelayMs),
  queueRowsMax: v.optional(count(0, 1e9), batchingDefaults.queueRowsMax),
  queueTimeoutMs: v.optional(milliseconds, batchingDefaults.queueTimeoutMs),
  orderingPreserved: v.optional(v.boolean(), batchingDefaults.orderingPreserved),
  priorityLevels: v.optional(count(0, 100), batchingDefaults.priorityLevels),
  // `.inf` among them: any difference will do.
  tolerance: v.optional(v.pipe(v.number(), v.minValue(0)), batchingDefaults.tolerance),
});

const share = optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1)));
const constraints = record({
  ...{ limits: share, domain: share, type: share, completeness: share },
  integral: optional(v.boolean()),
});

const feature = record({
  name,
  input: name,
  column: optional(count(0, versionMax)),
  type: optional(v.picklist(["number", "category", "text"])),
  unit: v.optional(v.string(), ""),
  min: optional(finite),
  max: optional(finite),
  categories: v.optional(v.array(label), []),
  default: optional(v.union([finite, v.string()])),
  required: v.optional(v.boolean(), true),
  constraints: optional(constraints),
});

const output = record({
  name,
  output: name,
  role: optional(v.picklist(outputRoles)),
  labels: v.optional(v.array(label), []),
});

const threshold = v.pipe(v.number(), v.finite(), v.gtValue(0));
const { performance: performanceDefaults } = settingsDefaults.monitoring;
/** Until a label is given up on: at most a quarter of a year. */
const horizonMsMax = 92 * dayMs;
const performance = record({
  task: optional(v.picklist(["classification", "regression", "none"])),
  target: optional(name),
  classes: optional(v.pipe(v.array(label), v.minLength(2), v.maxLength(64))),
  windowMs: v.optional(count(60_000, 31 * dayMs), performanceDefaults.windowMs),
  horizonMs: v.optional(count(60_000, horizonMsMax), performanceDefaults.horizonMs),
  rowsMax: v.optional(count(16_384, 16_777_216), performanceDefaults.rowsMax),
});

const changes = v.pipe(
  v.union(
    [
      v.boolean(),
      record({
        error: v.optional(v.boolean(), true),
        latency: v.optional(v.boolean(), true),
        score: v.optional(v.boolean(), true),
      }),
    ],
    "expected true, false, or signals such as { latency: false }",
  ),
  v.transform((told) => signals.filter((one) => (typeof told === "boolean" ? told : told[one]))),
);

const metricNames = [
  ...["accuracy", "precision", "recall", "f1", "auc", "log_loss", "brier", "ece"],
  ...["mae", "rmse", "r2", "mean_error"],
];
const metricLimit = record({ min: optional(finite), max: optional(finite) });
const retrain = v.pipe(
  record({
    windows: v.optional(count(0, 1000), retrainDefaults.windows),
    metrics: v.optional(v.record(v.picklist(metricNames), metricLimit), {}),
    rowsMin: v.optional(count(1, 1e9), retrainDefaults.rowsMin),
    cooldownMs: v.optional(count(0, 366 * dayMs), retrainDefaults.cooldownMs),
    timeoutMs: v.optional(count(0, 366 * dayMs), retrainDefaults.timeoutMs),
  }),
  v.transform(({ windows, metrics, ...rest }) => ({
    ...rest,
    windows: windows === 0 ? undefined : windows,
    metrics: Object.entries(metrics).map(([metric, { min, max }]) => ({ metric, min, max })),
  })),
);

const hourMs = 3_600_000;
/** A week ago, and at most a month. */
const baselineHours = { default: 168, max: 744 };
const baseline = v.pipe(
  record({
    kind: v.optional(v.picklist(["training", "period"]), "training"),
    hours: optional(count(1, baselineHours.max)),
  }),
  v.check(
    ({ kind, hours }) => kind === "period" || hours === undefined,
    "hours are of kind period",
  ),
  v.transform(
    ({ kind, hours = baselineHours.default }): BaselineSettings =>
      kind === "period" ? { kind, hours } : { kind },
  ),
);

const sliding = record({ windows: count(2, 60), alerts: v.optional(v.boolean(), false) });

const monitoring = record({
  windowMs: v.optional(count(1000, dayMs), settingsDefaults.monitoring.windowMs),
  thresholds: v.optional(v.record(v.picklist(driftStatistics), threshold), {}),
  reducers: v.optional(v.record(v.string(), v.array(v.picklist(reducers))), {}),
  unseenValues: v.optional(v.boolean(), settingsDefaults.monitoring.unseenValues),
  baseline: v.optional(baseline, {}),
  changes: v.optional(changes, true),
  sliding: optional(sliding),
  performance: v.optional(performance, {}),
  retrain: optional(retrain),
});

const schema = record({
  versions: v.optional(versions, { latest: 1 }),
  replicas: v.optional(count(1, 256), settingsDefaults.replicas),
  batching: v.optional(batching, {}),
  instances: v.optional(count(1, 64), settingsDefaults.instances),
  threads: v.optional(count(1, 256), settingsDefaults.threads),
  features: optional(v.array(feature)),
  outputs: optional(v.array(output)),
  monitoring: v.optional(monitoring, {}),
});

type Parsed = v.InferOutput<typeof schema>;

/**
 * Reads the text of a model.yaml and fills in the defaults. Fails with one `invalid-argument` that
 * names every problem: what is not YAML, keys that do not exist, values of the wrong kind or out of
 * range. Whether inputs, outputs and columns exist is known only once the model is: see
 * lib/core/model/features.ts.
 */
export function parseModelSettings(text: string): ModelSettings {
  const document = parseDocument(text);
  if (document.errors.length > 0) {
    // A parser's message goes on with a drawing of the place on lines of its own.
    const lines = document.errors.map((error) => error.message.split("\n")[0] ?? "");
    throw invalid([...new Set(lines.map((line) => line.replace(/:$/, "")))]);
  }
  let value: unknown;
  try {
    value = document.toJS() ?? {};
  } catch (error) {
    throw invalid([messageOf(error)]);
  }
  const parsed = v.safeParse(schema, value);
  if (!parsed.success) throw invalid(parsed.issues.map(describeIssue));
  const problems = contradictions(parsed.output);
  if (problems.length > 0) throw invalid(problems);
  return toSettings(parsed.output);
}

function toSettings(parsed: Parsed): ModelSettings {
  // 0 turns batching off, which is to say that a run holds the rows of one request.
  const rowsMax = Math.max(1, parsed.batching.rowsMax);
  return {
    ...parsed,
    versions: toPolicy(parsed.versions),
    batching: { ...parsed.batching, rowsMax },
  };
}

function toPolicy(parsed: Parsed["versions"]): VersionPolicy {
  if (parsed === "all") return { kind: "all" };
  if (Array.isArray(parsed)) return { kind: "listed", versions: parsed };
  return { kind: "latest", count: parsed.latest };
}

/** Problems between values each of which is right in itself. */
function contradictions(parsed: Parsed): string[] {
  const { rowsMax, rowsPreferred } = parsed.batching;
  const tooLarge = rowsPreferred.filter((rows) => rows > rowsMax);
  const features = parsed.features ?? [];
  const { baseline, windowMs } = parsed.monitoring;
  return [
    ...(baseline.kind === "period" && windowMs > hourMs
      ? [`monitoring.baseline: windows of ${windowMs} ms are longer than the hours of a period`]
      : []),
    ...tooLarge.map((rows) => `batching.rowsPreferred: ${rows} is more than rowsMax, ${rowsMax}`),
    ...features
      .filter(({ min, max }) => min !== undefined && max !== undefined && min > max)
      .map((each) => `features: ${each.name}: min ${each.min} is more than max ${each.max}`),
    ...features
      .filter(({ type }) => type === "text")
      .flatMap(({ name, min, max, categories, constraints }) => {
        const isLimited = min !== undefined || max !== undefined || categories.length > 0;
        if (!isLimited && constraints === undefined) return [];
        return [`features: ${name}: a text has no min, max, categories or constraints`];
      }),
    ...repeated(features.map((each) => each.name)).map((name) => `features: ${name} appears twice`),
    ...repeated(parsed.monitoring.performance.classes ?? []).map(
      (each) => `monitoring.performance.classes: ${each} appears twice`,
    ),
    ...(parsed.monitoring.retrain?.metrics ?? []).flatMap(({ metric, min, max }) => {
      const place = `monitoring.retrain.metrics.${metric}`;
      if (min === undefined && max === undefined) return [`${place}: needs min or max`];
      const isEmpty = (min ?? -Infinity) > (max ?? Infinity);
      return isEmpty ? [`${place}: min ${min} is more than max ${max}`] : [];
    }),
    ...repeated((parsed.outputs ?? []).map((each) => each.name)).map(
      (name) => `outputs: ${name} appears twice`,
    ),
  ];
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = issue.path ?? [];
  const last = path.at(-1);
  const isOfKey = last?.origin === "key";
  const isMissing = isOfKey && issue.received === "undefined";
  const isUnknown = issue.type === "never" || (isOfKey && !isMissing);
  const place = formatPath(isUnknown ? path.slice(0, -1) : path);
  const problem = isMissing
    ? "is missing"
    : isUnknown
      ? `unknown key ${String(last?.key)}`
      : issue.message.replace(/^Invalid \w+: E/, "e");
  return `${place === "" ? "" : `${place}: `}${problem}`;
}

/** `features[2].min` */
function formatPath(path: readonly v.IssuePathItem[]): string {
  return path
    .map(({ key }) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "");
}

function invalid(problems: readonly string[]): Failure {
  return new Failure("invalid-argument", `model.yaml: ${problems.join("; ")}`);
}
