import type { RetrainSettings } from "../alert/retrain.ts";
import { type Signal, signals } from "../detect/change-point.ts";
import type { SlidingSettings } from "../monitor/sliding-window.ts";
import {
  type PerformanceSettings,
  performanceDefaults,
} from "../performance/performance-settings.ts";
import type { BatchingOptions, FeatureType, OutputRole } from "./spec.ts";
import { batchingDefaults } from "./spec.ts";

/** What model.yaml says, defaults filled in. */
export type ModelSettings = {
  readonly versions: VersionPolicy;
  /** Processes per served version. */
  readonly replicas: number;
  /** `rowsMax` is at least 1; 1 means that nothing is batched. */
  readonly batching: BatchingOptions;
  /** Inference threads in a process, each with a session of its own. */
  readonly instances: number;
  /** ONNX Runtime's threads within one run. */
  readonly threads: number;
  /** In column order; undefined where the file names none. */
  readonly features: readonly FeatureSettings[] | undefined;
  /** Exactly what is answered by name; undefined where the file names none. */
  readonly outputs: readonly OutputSettings[] | undefined;
  readonly monitoring: MonitoringSettings;
};

/** Which of a model's versions are served: the newest few, every one, or those listed. */
export type VersionPolicy =
  | { readonly kind: "latest"; readonly count: number }
  | { readonly kind: "all" }
  | { readonly kind: "listed"; readonly versions: readonly number[] };

export type FeatureSettings = {
  readonly name: string;
  readonly input: string;
  /** Undefined: the column after that of the previous feature of the same input, at first 0. */
  readonly column: number | undefined;
  /** Undefined: category for inputs of texts, number for all others. */
  readonly type: FeatureType | undefined;
  readonly unit: string;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly categories: readonly string[];
  readonly default: number | string | undefined;
  readonly required: boolean;
  /** What the monitor demands of live values beyond what the others say. */
  readonly constraints?: FeatureConstraints | undefined;
};

/** Least shares of values that comply; all of them where there is none. */
export type FeatureConstraints = {
  readonly limits?: number | undefined;
  readonly domain?: number | undefined;
  readonly type?: number | undefined;
  readonly completeness?: number | undefined;
  /** Numbers have no fraction. */
  readonly integral?: boolean | undefined;
};

export type OutputSettings = {
  readonly name: string;
  readonly output: string;
  /** Undefined: as for an output without declaration. */
  readonly role: OutputRole | undefined;
  readonly labels: readonly string[];
};

export const outputRoles: readonly OutputRole[] = [
  "label",
  "probabilities",
  "score",
  "embedding",
  "value",
];

/** The statistics of drift a threshold may be set for. */
export const driftStatistics = [
  "psi",
  "js2",
  "hellinger2",
  "linf",
  "chi2",
  "ks",
  "w1",
  "w1sd",
] as const;
export type DriftStatistic = (typeof driftStatistics)[number];

/** The numbers a large tensor may be summarised by. */
export const wideReducers = ["mean", "sd", "norm"] as const;
export type WideReducer = (typeof wideReducers)[number];
/** Those of a text. */
export const textReducers = ["length", "unknown"] as const;
export type TextReducer = (typeof textReducers)[number];

export type Reducer = WideReducer | TextReducer;
export const reducers: readonly Reducer[] = [...wideReducers, ...textReducers];
/** Which numbers to make, by text feature, input or output; all where none are named. */
export type ReducersByName = Readonly<Record<string, readonly Reducer[]>>;

export type MonitoringSettings = {
  readonly windowMs: number;
  /** Only those that differ from the house's. */
  readonly thresholds: Readonly<Partial<Record<DriftStatistic, number>>>;
  readonly reducers: ReducersByName;
  /** Whether reports tell values of categories that the baseline does not have. */
  readonly unseenValues: boolean;
  /** What windows are compared with. */
  readonly baseline: BaselineSettings;
  /** What is watched for changes of its level. */
  readonly changes: readonly Signal[];
  /** Undefined: windows are looked at one by one. */
  readonly sliding: SlidingSettings | undefined;
  readonly performance: PerformanceSettings;
  /** Undefined: nobody is told that the model should be trained again. */
  readonly retrain: RetrainSettings | undefined;
};

/** The data of baseline.json, or what was served in the same clock hour so many hours ago. */
export type BaselineSettings =
  | { readonly kind: "training" }
  | { readonly kind: "period"; readonly hours: number };

/** What holds for a model without a model.yaml. */
export const settingsDefaults: ModelSettings = {
  versions: { kind: "latest", count: 1 },
  replicas: 1,
  batching: batchingDefaults,
  instances: 1,
  threads: 1,
  features: undefined,
  outputs: undefined,
  monitoring: {
    windowMs: 60_000,
    thresholds: {},
    reducers: {},
    unseenValues: true,
    baseline: { kind: "training" },
    changes: signals,
    sliding: undefined,
    performance: performanceDefaults,
    retrain: undefined,
  },
};

/**
 * The versions a policy serves, in ascending order. Listed ones are served whether they are there
 * or not.
 */
export function servedVersions(policy: VersionPolicy, found: readonly number[]): number[] {
  const ascending = [...new Set(found)].sort((a, b) => a - b);
  switch (policy.kind) {
    case "all":
      return ascending;
    case "latest":
      return ascending.slice(-policy.count);
    case "listed":
      return [...new Set(policy.versions)].sort((a, b) => a - b);
  }
}
