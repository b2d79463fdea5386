import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import type { RetrainSettings } from "#core/alert/retrain.ts";
import type { Signal } from "#core/detect/change-point.ts";
import { cellsOfSchema, noSchema, type Schema, schemaOf } from "#core/drift/constraints.ts";
import type { Thresholds } from "#core/drift/verdict.ts";
import { messageOf } from "#core/failure.ts";
import type { ModelRef } from "#core/model/name.ts";
import { type ModelSettings, settingsDefaults } from "#core/model/settings.ts";
import { type Definition, prepareReference } from "#core/monitor/reference.ts";
import type { SlidingSettings } from "#core/monitor/sliding-window.ts";
import type { PerformanceOptions } from "#core/performance/performance-watch.ts";
import { modelPaths, scanRepository } from "#platform/model-repository.ts";
import { baselineMismatch, parseBaseline } from "#wire/baseline.ts";

/** How a model is watched, as its model.yaml says. */
export type WatchSettings = {
  readonly windowMs: number;
  readonly thresholds: Thresholds;
  /** How long ago the hour is that windows are compared with; undefined: with baseline.json. */
  readonly periodHours: number | undefined;
  readonly changes: readonly Signal[];
  readonly sliding: SlidingSettings | undefined;
  /** In ascending order. */
  readonly versions: readonly number[];
  readonly performance: PerformanceOptions;
  readonly retrain: RetrainSettings | undefined;
  /** Whether values of categories that the baseline does not have are told. */
  readonly unseenValues: boolean;
};

const unknownModel: WatchSettings = {
  ...settingsDefaults.monitoring,
  periodHours: undefined,
  versions: [],
  performance: performanceOf(settingsDefaults),
};

/** What the model repository says of the models that are watched. */
export class Definitions {
  readonly #root: string;
  readonly #settings: ReadonlyMap<string, WatchSettings>;
  readonly #schemas: ReadonlyMap<string, Schema>;

  private constructor(
    root: string,
    settings: ReadonlyMap<string, WatchSettings>,
    schemas: ReadonlyMap<string, Schema>,
  ) {
    this.#root = root;
    this.#settings = settings;
    this.#schemas = schemas;
  }

  /**
   * Reads the settings of every model below `root`; baselines are read when they are asked for.
   * Where the folder cannot be read, `onProblem` is told and every model has the defaults and no
   * baseline.
   */
  static async open(root: string, onProblem: (reason: string) => void): Promise<Definitions> {
    const settings = new Map<string, WatchSettings>();
    const schemas = new Map<string, Schema>();
    try {
      const { models } = await scanRepository(root);
      for (const { model, settings: declared, versions } of models) {
        if (declared === undefined) continue;
        const { monitoring } = declared;
        const { windowMs, thresholds, changes, sliding, retrain, baseline } = monitoring;
        const periodHours = baseline.kind === "period" ? baseline.hours : undefined;
        const performance = performanceOf(declared);
        settings.set(model, {
          ...{ windowMs, thresholds, changes, sliding, versions, performance, retrain },
          ...{ periodHours, unseenValues: monitoring.unseenValues },
        });
        schemas.set(model, schemaOf(declared.features));
      }
    } catch (error) {
      onProblem(messageOf(error));
    }
    return new Definitions(root, settings, schemas);
  }

  get models(): string[] {
    return [...this.#settings.keys()];
  }

  settings(model: string): WatchSettings {
    return this.#settings.get(model) ?? unknownModel;
  }

  /** Reads the baseline of a version, or says why there is none to compare with. Never rejects. */
  async read(ref: ModelRef): Promise<Definition> {
    try {
      const text = await readFile(modelPaths(this.#root, ref).baseline, "utf8");
      const baseline = parseBaseline(text);
      const mismatch = baselineMismatch(baseline, ref);
      if (mismatch !== undefined) return { kind: "problem", problem: mismatch };
      const schema = this.#schemas.get(ref.model) ?? noSchema;
      const cut = createHash("sha256").update(text).update(cellsOfSchema(schema));
      const reference = prepareReference(baseline, cut.digest("hex"), schema, {
        tellsUnseen: this.settings(ref.model).unseenValues,
      });
      return { kind: "reference", reference };
    } catch (error) {
      const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
      const problem = isMissing ? "it has no baseline.json" : messageOf(error);
      return { kind: "problem", problem };
    }
  }

  /** Another text whenever the file of a version's baseline is another one. Never rejects. */
  async stampOf(ref: ModelRef): Promise<string> {
    const found = await stat(modelPaths(this.#root, ref).baseline).catch(() => undefined);
    return found === undefined ? "" : `${found.ino} ${found.size} ${found.mtimeMs}`;
  }
}

function performanceOf({ monitoring, outputs = [] }: ModelSettings): PerformanceOptions {
  const declared = outputs.map(({ name, labels }) => ({ name, labels }));
  return { settings: monitoring.performance, declared };
}
