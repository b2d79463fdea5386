import { randomUUID } from "node:crypto";
import type { ModelReport } from "#core/monitor/model-report.ts";
import { ModelWatch } from "#core/monitor/model-watch.ts";
import type { WindowReport } from "#core/monitor/window-report.ts";
import { performanceDefaults } from "#core/performance/performance-settings.ts";
import type { Bus } from "#platform/bus/bus.ts";
import { predictionStream } from "#platform/bus/streams.ts";
import { parsePredictionSubject } from "#wire/event/subject.ts";
import type { Definitions } from "../../services/monitor/definitions.ts";
import { SegmentFiles } from "../../services/monitor/segment-files.ts";
import { bodyOf } from "../../services/monitor/watched-model.ts";
import { applyLabels } from "./labels.ts";
import { tempDir } from "./temp.ts";

export type Undisturbed = {
  readonly model: string;
  readonly graceMs: number;
  /** Of the repository that monitors read. */
  readonly definitions: Definitions;
};

/** Version 1 as it stands, and its closed windows, newest first. */
export type Known = { readonly report: ModelReport; readonly windows: readonly WindowReport[] };

/**
 * What a watch knows of version 1 of a model that has applied all that the streams hold, without a
 * process around it.
 */
export async function undisturbed(bus: Bus, of: Undisturbed): Promise<Known> {
  const { model, graceMs, definitions } = of;
  const definition = await definitions.read({ model, version: 1 });
  const { windowMs } = definitions.settings(model);
  await using folder = await tempDir();
  const segments = await SegmentFiles.make({
    folder: folder.path,
    uniqueName: randomUUID,
    onProblem: (problem) => {
      throw problem;
    },
  });
  const performance = { settings: performanceDefaults, declared: [], segments };
  const options = { model, windowMs, graceMs, thresholds: {}, performance };
  const watch = new ModelWatch(options, new Map([[1, definition]]));
  const { lastSeq } = await bus.ensureStream(predictionStream);
  const { name: stream } = predictionStream;
  const stop = new AbortController();
  const messages = bus.consume({ stream, subjects: [], fromSeq: 1, signal: stop.signal });
  for await (const { seq, timeMs, subject, data } of messages) {
    const ref = parsePredictionSubject(subject);
    if (ref?.model === model) {
      watch.apply({ seq, timeMs, version: ref.version, body: bodyOf(data) });
    }
    if (seq === lastSeq) break;
  }
  if (model === "wine") await applyLabels(bus, watch);
  stop.abort();
  const report = watch.report(1);
  if (report === undefined) throw new Error(`the stream holds messages of ${model}@1`);
  return { report, windows: watch.windows(1).slice(0, 60) };
}
