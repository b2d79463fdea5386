// constraints.json of a SageMaker Model Monitor baseline: what every column has to be, and how
// strictly that is taken, for all columns together or, as overrides, for one.
import { domainMax, readShare } from "../baseline-constraints.ts";
import { readJsonFile } from "../json-file.ts";
import type { JsonObject, JsonReader } from "../json-reader.ts";
import { type Place, readColumns, readVersion } from "./statistics.ts";

/** What the columns of a SageMaker baseline have to be. */
export type SageMakerConstraints = {
  readonly columns: readonly ColumnConstraints[];
  /** Keys that nothing is known of. */
  readonly unknown: readonly string[];
};

export const inferredTypes = ["Integral", "Fractional", "String", "Unknown"] as const;

export type ColumnConstraints = {
  readonly name: string;
  readonly inferredType: (typeof inferredTypes)[number];
  /** Share of rows that have a value. */
  readonly completeness: number | undefined;
  readonly isNonNegative: boolean;
  readonly domains: readonly string[] | undefined;
  readonly monitoring: MonitoringConfig;
};

/** Absent where the file says nothing. */
export type MonitoringConfig = {
  readonly evaluate?: boolean;
  readonly emitMetrics?: boolean;
  /** Least share of values that are of the inferred type. */
  readonly datatypeThreshold?: number;
  /** Least share of values that are in the domain. */
  readonly domainThreshold?: number;
  readonly compare?: boolean;
  readonly comparisonThreshold?: number;
  readonly isRobust?: boolean;
  readonly categoricalThreshold?: number;
  readonly isChiSquared?: boolean;
};

/**
 * Reads the text of a constraints.json. Fails with `invalid-argument`, naming up to eight of the
 * problems by column and place.
 */
export function parseSageMakerConstraints(text: string): SageMakerConstraints {
  return readJsonFile(text, "constraints.json", (root, reader) => {
    const unknown = new Set<string>();
    readVersion(reader, root);
    note(unknown, root, ["version", "features", "monitoring_config"]);
    const config = root["monitoring_config"];
    const at: Place = (key) => `monitoring_config.${key}`;
    const shared = config === undefined ? {} : readConfig(reader, config, { at, unknown });
    const columns = readColumns(reader, root, (_, column, place) =>
      readColumn(reader, column, { at: place, unknown, shared }),
    );
    return { columns, unknown: [...unknown] };
  });
}

type Within = { readonly at: Place; readonly unknown: Set<string> };

const columnKeys = [
  ...["name", "inferred_type", "completeness", "num_constraints", "string_constraints"],
  ...["monitoringConfigOverrides", "monitoring_config_overrides"],
];

function readColumn(
  reader: JsonReader,
  column: JsonObject,
  { at, unknown, shared }: Within & { readonly shared: MonitoringConfig },
): ColumnConstraints {
  note(unknown, column, columnKeys);
  const { completeness } = column;
  const of = (key: string, known: readonly string[]): JsonObject => {
    const inner = column[key] === undefined ? {} : reader.object(column[key], at(key));
    note(unknown, inner, known, `${key}.`);
    return inner;
  };
  const { is_non_negative: isNonNegative } = of("num_constraints", ["is_non_negative"]);
  const { domains } = of("string_constraints", ["domains"]);
  const overridden = column["monitoringConfigOverrides"] ?? column["monitoring_config_overrides"];
  const own =
    overridden === undefined
      ? {}
      : readConfig(reader, overridden, {
          at: (key) => at(`monitoringConfigOverrides.${key}`),
          unknown,
        });
  return {
    name: typeof column["name"] === "string" ? column["name"] : "",
    inferredType: readWord(reader, column["inferred_type"], at("inferred_type"), inferredTypes),
    completeness:
      completeness === undefined ? undefined : readShare(reader, completeness, at("completeness")),
    isNonNegative:
      isNonNegative !== undefined &&
      readFlag(reader, isNonNegative, at("num_constraints.is_non_negative")),
    domains: domains === undefined ? undefined : readDomains(reader, domains, at),
    monitoring: { ...shared, ...own },
  };
}

function readDomains(reader: JsonReader, value: unknown, at: Place): string[] {
  const place = at("string_constraints.domains");
  const list = reader.list(value, place);
  if (list.length > domainMax) {
    reader.problem(place, `has ${list.length} entries, limit ${domainMax}`);
    return [];
  }
  // The empty text is a value like any other.
  return list.map((item, index) => (item === "" ? "" : reader.text(item, `${place}[${index}]`)));
}

type ReadKey = (reader: JsonReader, value: unknown, place: string) => Partial<MonitoringConfig>;

const configKeys: Readonly<Record<string, ReadKey>> = {
  evaluate_constraints: (...of) => ({ evaluate: readSwitch(...of) }),
  emit_metrics: (...of) => ({ emitMetrics: readSwitch(...of) }),
  datatype_check_threshold: (...of) => ({ datatypeThreshold: readShare(...of) }),
  domain_content_threshold: (...of) => ({ domainThreshold: readShare(...of) }),
};

const methods = ["Simple", "Robust", "linf_simple", "linf_robust"] as const;

const distributionKeys: Readonly<Record<string, ReadKey>> = {
  perform_comparison: (...of) => ({ compare: readSwitch(...of) }),
  comparison_threshold: (...of) => ({ comparisonThreshold: readShare(...of) }),
  comparison_method: (...of) => ({
    isRobust: ["Robust", "linf_robust"].includes(readWord(...of, methods)),
  }),
  categorical_comparison_threshold: (...of) => ({ categoricalThreshold: readShare(...of) }),
  categorical_drift_method: (...of) => ({
    isChiSquared: readWord(...of, ["LInfinity", "ChiSquared"]) === "ChiSquared",
  }),
};

function readConfig(
  reader: JsonReader,
  value: unknown,
  { at, unknown }: Within,
): Partial<MonitoringConfig> {
  const config = reader.object(value, at("").slice(0, -1));
  const key = "distribution_constraints";
  note(unknown, config, [...Object.keys(configKeys), key], "monitoring_config.");
  const inner = config[key] === undefined ? {} : reader.object(config[key], at(key));
  note(unknown, inner, Object.keys(distributionKeys), `${key}.`);
  const read = (object: JsonObject, keys: typeof configKeys, place: Place) =>
    Object.entries(keys).map(([name, each]) => {
      return object[name] === undefined ? {} : each(reader, object[name], place(name));
    });
  return Object.assign(
    {},
    ...read(config, configKeys, at),
    ...read(inner, distributionKeys, (name) => at(`${key}.${name}`)),
  );
}

function note(
  unknown: Set<string>,
  object: JsonObject,
  known: readonly string[],
  prefix = "",
): void {
  for (const key of Object.keys(object)) {
    if (!known.includes(key)) unknown.add(`${prefix}${key}`);
  }
}

function readSwitch(reader: JsonReader, value: unknown, place: string): boolean {
  return readWord(reader, value, place, ["Enabled", "Disabled"]) === "Enabled";
}

function readFlag(reader: JsonReader, value: unknown, place: string): boolean {
  if (typeof value !== "boolean") reader.problem(place, "expected true or false");
  return value === true;
}

function readWord<const T extends string>(
  reader: JsonReader,
  value: unknown,
  place: string,
  words: readonly T[],
): T {
  const word = words.find((each) => each === value);
  if (word !== undefined) return word;
  const got = reader.text(value, place);
  if (got !== "")
    reader.problem(place, `expected ${words.join(" or ")}, got ${JSON.stringify(got)}`);
  return words[0] as T;
}
