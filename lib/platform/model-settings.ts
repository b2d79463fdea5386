import { parseDocument } from "yaml";
import { z } from "zod";
import { Failure, messageOf } from "#core/failure.ts";
import {
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

const count = (min: number, max: number) => z.int().min(min).max(max);
const name = z.string().min(1).max(256);
/** A class or category as people write it: `no`, `3` and `true` alike. */
const label = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const optional = <T extends z.ZodType>(type: T) =>
  type.nullish().transform((got) => got ?? undefined);

const version = count(1, versionMax);
const versions = z.union(
  [z.literal("all"), z.array(version).min(1), z.strictObject({ latest: count(1, 1000) })],
  { error: "expected all, a list of versions such as [1, 2], or { latest: 1 }" },
);

const batching = z.strictObject({
  rowsMax: count(0, rowsMost).default(batchingDefaults.rowsMax),
  rowsPreferred: z.array(count(1, rowsMost)).default([]),
  queueDelayMs: z.number().min(0).max(dayMs).default(batchingDefaults.queueDelayMs),
  queueRowsMax: count(0, 1e9).default(batchingDefaults.queueRowsMax),
  queueTimeoutMs: z.number().min(0).max(dayMs).default(batchingDefaults.queueTimeoutMs),
  orderingPreserved: z.boolean().default(batchingDefaults.orderingPreserved),
  priorityLevels: count(0, 100).default(batchingDefaults.priorityLevels),
  tolerance: z
    .union([z.number().min(0), z.literal(Number.POSITIVE_INFINITY)])
    .default(batchingDefaults.tolerance),
});

const feature = z.strictObject({
  name,
  input: name,
  column: optional(count(0, versionMax)),
  type: optional(z.enum(["number", "category"])),
  unit: z.string().default(""),
  min: optional(z.number()),
  max: optional(z.number()),
  categories: z.array(label).default([]),
  default: optional(z.union([z.number(), z.string()])),
  required: z.boolean().default(true),
});

const output = z.strictObject({
  name,
  output: name,
  role: optional(z.enum(outputRoles)),
  labels: z.array(label).default([]),
});

const monitoring = z.strictObject({
  windowMs: count(1000, dayMs).default(settingsDefaults.monitoring.windowMs),
  thresholds: z.partialRecord(z.enum(driftStatistics), z.number().positive()).default({}),
  reducers: z.record(z.string(), z.array(z.enum(reducers))).default({}),
});

const schema = z.strictObject({
  versions: versions.default({ latest: 1 }),
  replicas: count(1, 256).default(settingsDefaults.replicas),
  batching: batching.prefault({}),
  instances: count(1, 64).default(settingsDefaults.instances),
  threads: count(1, 256).default(settingsDefaults.threads),
  features: optional(z.array(feature)),
  outputs: optional(z.array(output)),
  monitoring: monitoring.prefault({}),
});

type Parsed = z.infer<typeof schema>;

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
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalid(parsed.error.issues.flatMap(describeIssue));
  const problems = contradictions(parsed.data);
  if (problems.length > 0) throw invalid(problems);
  return toSettings(parsed.data);
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
  return [
    ...tooLarge.map((rows) => `batching.rowsPreferred: ${rows} is more than rowsMax, ${rowsMax}`),
    ...features
      .filter(({ min, max }) => min !== undefined && max !== undefined && min > max)
      .map((each) => `features: ${each.name}: min ${each.min} is more than max ${each.max}`),
    ...repeated(features.map((each) => each.name)).map((name) => `features: ${name} appears twice`),
    ...repeated((parsed.outputs ?? []).map((each) => each.name)).map(
      (name) => `outputs: ${name} appears twice`,
    ),
  ];
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

function describeIssue(issue: z.core.$ZodIssue): string[] {
  const place = formatPath(issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => `${place === "" ? "" : `${place}: `}unknown key ${key}`);
  }
  if (issue.code === "invalid_key") return [`${place}: unknown key`];
  return [`${place === "" ? "" : `${place}: `}${issue.message.replace(/^Invalid input: /, "")}`];
}

/** `features[2].min` */
function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
}

function invalid(problems: readonly string[]): Failure {
  return new Failure("invalid-argument", `model.yaml: ${problems.join("; ")}`);
}
