import type { News } from "#core/alert/outbox.ts";
import { messageOf } from "#core/failure.ts";
import { isSameHours, type ModelHours, type ModelState } from "#core/monitor/model-state.ts";
import { type Applied, ModelWatch } from "#core/monitor/model-watch.ts";
import type { MessageBody } from "#core/monitor/stream-message.ts";
import type { FeedbackBatch } from "#core/performance/performance-report.ts";
import type { BusMessage, StreamState } from "#platform/bus/bus.ts";
import { decodePredictionMessage } from "#wire/event/decode.ts";
import { BaselineFiles } from "./baseline-files.ts";
import type { Definitions } from "./definitions.ts";
import type { Lease } from "./lease.ts";
import type { SegmentFiles } from "./segment-files.ts";
import type { Loaded, Snapshots } from "./snapshots.ts";
import { StreamPlace } from "./stream-place.ts";

export type WatchedModelOptions = { readonly model: string; readonly graceMs: number };

export type WatchedModelModules = {
  readonly definitions: Definitions;
  readonly lease: Lease;
  readonly snapshots: Snapshots;
  /** Absent: rows that memory has no room for go. */
  readonly segments?: SegmentFiles | undefined;
};

/** Of the last snapshot. */
type Saved = {
  readonly seq: number;
  readonly feedbackSeq: number;
  readonly historyRevision: number;
  readonly hours: ModelHours;
  readonly isWhole: boolean;
};

/** A model this monitor has the claim on: what it knows of it, and how far it has read. */
export class WatchedModel {
  readonly model: string;
  readonly watch: ModelWatch;
  readonly lease: Lease;
  readonly #baselines: BaselineFiles;
  readonly #snapshots: Snapshots;
  readonly #segments: SegmentFiles | undefined;
  readonly #place: StreamPlace;
  readonly #feedback: StreamPlace;
  #lastSeqAtJoin = 0;
  #hasChanged = false;
  #saved: Saved;
  /** The digest each version's baseline was last read for. */
  readonly #readFor = new Map<number, string>();

  private constructor(
    watch: ModelWatch,
    loaded: Loaded,
    modules: WatchedModelModules & { readonly baselines: BaselineFiles },
  ) {
    this.model = watch.model;
    this.watch = watch;
    this.lease = modules.lease;
    this.#baselines = modules.baselines;
    this.#snapshots = modules.snapshots;
    this.#segments = modules.segments;
    this.#place = new StreamPlace(loaded.position);
    this.#feedback = new StreamPlace(loaded.feedback);
    const isWhole = loaded.saved !== undefined;
    const { seq, feedbackSeq } = this;
    const { historyRevision } = watch;
    // Hours that could not be gone on with are to go.
    const [hours, loadedHours] = [watch.hours(), loaded.saved?.hours ?? []];
    const isAll = hours.length === loadedHours.length;
    const savedHours = isAll ? hours : loadedHours;
    this.#saved = { seq, feedbackSeq, historyRevision, hours: savedHours, isWhole };
  }

  /** Goes on from what was saved of the model. */
  static async restore(
    options: WatchedModelOptions,
    loaded: Loaded,
    modules: WatchedModelModules,
  ): Promise<WatchedModel> {
    const { model, graceMs } = options;
    const { versions, ...watched } = modules.definitions.settings(model);
    const known = loaded.saved?.state.versions.map(({ version }) => version) ?? [];
    const baselines = new BaselineFiles(model, modules.definitions);
    const definitions = await baselines.readAll([...versions, ...known]);
    const performance = { ...watched.performance, segments: modules.segments };
    const settings = { model, graceMs, ...watched, performance };
    const watch = new ModelWatch(settings, definitions, loaded.saved);
    return new WatchedModel(watch, loaded, { ...modules, baselines });
  }

  /** The last message of the prediction stream that is taken into account; 0 where none is. */
  get seq(): number {
    return this.#place.seq;
  }

  /** The same of the feedback stream. */
  get feedbackSeq(): number {
    return this.#feedback.seq;
  }

  /** When the prediction stream was created that this is read from; empty before it was joined. */
  get streamCreated(): string {
    return this.#place.position?.created ?? "";
  }

  /** Whether all predictions are read that there were when reading began. */
  get isCaughtUp(): boolean {
    return this.#place.position !== undefined && this.#place.seq >= this.#lastSeqAtJoin;
  }

  /**
   * Agrees with the prediction stream on the position. Messages that it no longer holds are
   * counted. Says whether it is another stream than the one that was read before.
   */
  join(stream: StreamState): { readonly isNew: boolean; readonly purged: number } {
    const joined = this.#place.join(stream);
    this.#lastSeqAtJoin = stream.lastSeq;
    if (joined.isNew) this.watch.news.forgetSequences();
    this.#notePurged(joined.purged);
    return joined;
  }

  /** Takes messages up to `seq` for read; what was not read before is counted as purged. */
  passOver(seq: number): number {
    return this.#notePurged(this.#place.passOver(seq));
  }

  /** Takes a message of another model for read. */
  pass(seq: number): number {
    return this.#notePurged(this.#place.pass({ seq }));
  }

  /** As `join`, with the feedback stream; what it no longer holds is nobody's loss to count. */
  joinFeedback(stream: StreamState): { readonly isNew: boolean; readonly purged: number } {
    const joined = this.#feedback.join(stream);
    if (joined.isNew) this.watch.restartFeedback();
    return joined;
  }

  /** Takes a message of the feedback stream for read. */
  passFeedback(seq: number): number {
    return this.#feedback.pass({ seq });
  }

  /** Takes labels of this model into account. */
  applyFeedback(batch: FeedbackBatch): void {
    this.#feedback.pass(batch);
    this.#hasChanged = true;
    this.watch.applyFeedback(batch);
  }

  /** A message of the feedback stream cannot be used. */
  quarantineFeedback(message: BusMessage, problem: string): void {
    this.#feedback.pass(message);
    this.#hasChanged = true;
    this.watch.quarantineFeedback(message, problem);
  }

  /** Reads the baseline a message needs. The message itself is applied later, without waiting. */
  async prepare(version: number, body: MessageBody): Promise<void> {
    const digest = body.kind === "event" ? body.event.digest : "";
    const isKnown = this.watch.isDefined(version) && this.#readFor.get(version) === digest;
    if (isKnown || (body.kind !== "event" && this.watch.isDefined(version))) return;
    const isForgotten = (known: number) => !this.watch.isDefined(known);
    for (const known of this.#readFor.keys()) if (isForgotten(known)) this.#readFor.delete(known);
    this.#baselines.forget(isForgotten);
    this.#readFor.set(version, digest);
    this.watch.define(version, await this.#baselines.read(version));
  }

  /** Takes baselines whose files have changed. Says of which versions; call it now and then. */
  async refresh(): Promise<readonly number[]> {
    const changed = await this.#baselines.readChanged();
    for (const [version, definition] of changed) this.watch.define(version, definition);
    if (changed.size > 0) this.#hasChanged = true;
    return [...changed.keys()];
  }

  /** Takes a message of this model into account. */
  apply(message: BusMessage, version: number, body: MessageBody): Applied {
    const { seq, timeMs } = message;
    this.pass(seq);
    this.#hasChanged = true;
    return this.watch.apply({ seq, timeMs, version, body });
  }

  /** It has been told. */
  newsTold(news: News): void {
    this.watch.news.remove(news);
    this.#hasChanged = true;
  }

  /**
   * Saves what has changed since the last time; false where another monitor has taken the model.
   */
  async save(): Promise<boolean> {
    const { position } = this.#place;
    const { seq, feedbackSeq } = this;
    const saved = this.#saved;
    if (position === undefined) return true;
    const isRead = saved.seq === seq && saved.feedbackSeq === feedbackSeq;
    if (!this.#hasChanged && saved.isWhole && isRead) return true;
    // Everything of one moment: nothing may wait between these lines.
    const { historyRevision } = this.watch;
    const isOldHistory = saved.isWhole && saved.historyRevision === historyRevision;
    const state = this.#hasChanged || !saved.isWhole ? this.watch.state() : undefined;
    const history = isOldHistory ? undefined : this.watch.history();
    const hours = this.watch.hours();
    const isOldHours = saved.isWhole && isSameHours(saved.hours, hours);
    const kept = this.#segments?.sync();
    this.#hasChanged = false;
    try {
      await kept;
      const changed = { state, history, hours: isOldHours ? undefined : hours };
      const cut = { ...changed, position, feedback: this.#feedback.position };
      if (!(await this.#snapshots.save(cut))) return false;
    } catch (error) {
      this.#hasChanged = true;
      throw error;
    }
    this.#saved = { seq, feedbackSeq, historyRevision, hours, isWhole: true };
    if (state !== undefined) await this.#segments?.keepOnly(segmentsOf(state));
    return true;
  }

  #notePurged(messages: number): number {
    if (messages === 0) return 0;
    this.watch.purge(messages);
    this.#hasChanged = true;
    return messages;
  }
}

/** Names of the segments that a state speaks of. */
export function segmentsOf(state: ModelState | undefined): string[] {
  return state?.performance?.comparison?.index.segments.map(({ name }) => name) ?? [];
}

/** What a message holds; one that cannot be read says why. */
export function bodyOf(data: Uint8Array): MessageBody {
  try {
    const decoded = decodePredictionMessage(data);
    return decoded.kind === "event"
      ? { kind: "event", event: decoded.event }
      : { kind: "producer-end", end: decoded.end };
  } catch (error) {
    return { kind: "malformed", problem: messageOf(error) };
  }
}
