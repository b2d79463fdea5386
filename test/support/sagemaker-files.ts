import { seededDraw } from "#core/random.ts";
import { KllSketch } from "./kll-sketch.ts";

/** What deequ writes of a double. */
type Double = number | string;

export type NumberColumn = {
  readonly name: string;
  readonly inferred_type: string;
  readonly numerical_statistics: {
    readonly common: object;
    readonly distribution: { readonly kll: { readonly buckets: object; readonly sketch: object } };
    readonly [moment: string]: unknown;
  };
};

/** Statistics of a column of numbers, as SageMaker's container makes them. */
export function numberColumn(
  name: string,
  values: readonly (number | null)[],
  k: number = 2048,
): NumberColumn {
  const present = values.filter((value) => value !== null);
  const sketch = new KllSketch(k, seededDraw(1));
  for (const value of present) sketch.add(value);
  const sum = present.reduce((all, value) => all + value, 0);
  const mean = sum / present.length;
  const squares = present.reduce((all, value) => all + (value - mean) ** 2, 0);
  const [min, max] = [Math.min, Math.max].map((end) => present.reduce((a, b) => end(a, b)));
  return {
    name,
    inferred_type: present.every(Number.isInteger) ? "Integral" : "Fractional",
    numerical_statistics: {
      common: { num_present: present.length, num_missing: values.length - present.length },
      ...{ mean: double(mean), sum: double(sum), min: double(min ?? 0), max: double(max ?? 0) },
      std_dev: double(Math.sqrt(squares / present.length)),
      distribution: {
        kll: {
          buckets: [{ lower_bound: double(min ?? 0), upper_bound: double(max ?? 0), count: 0 }],
          sketch: {
            parameters: sketch.parameters,
            data: sketch.levels.map((level) => level.map(double)),
          },
        },
      },
    },
  };
}

/** Statistics of a column of texts; the file has the `most` frequent ones. */
export function textColumn(
  name: string,
  values: readonly (string | null)[],
  most: number = 50,
): object {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  const buckets = [...counts].map(([value, count]) => ({ value, count }));
  const present = values.filter((value) => value !== null).length;
  return {
    name,
    inferred_type: "String",
    string_statistics: {
      common: { num_present: present, num_missing: values.length - present },
      distinct_count: counts.size,
      distribution: {
        categorical: {
          buckets: buckets.sort((one, other) => other.count - one.count).slice(0, most),
        },
      },
    },
  };
}

/** The file of such columns. */
export function statisticsFile(rows: number, features: readonly object[]): string {
  return JSON.stringify({ version: 0, dataset: { item_count: rows }, features });
}

const monitoringConfig = {
  ...{ evaluate_constraints: "Enabled", emit_metrics: "Enabled" },
  ...{ datatype_check_threshold: 1, domain_content_threshold: 1 },
  distribution_constraints: {
    ...{ perform_comparison: "Enabled", comparison_threshold: 0.1, comparison_method: "Robust" },
  },
};

/** constraints.json; `monitoring` goes over what the container suggests. */
export function constraintsFile(features: readonly object[], monitoring: object = {}): string {
  const config = { ...monitoringConfig, ...monitoring };
  return JSON.stringify({ version: 0, features, monitoring_config: config });
}

function double(value: number): Double {
  return Number.isFinite(value) ? value : String(value);
}
