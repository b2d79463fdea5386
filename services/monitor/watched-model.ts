import { messageOf } from "#core/failure.ts";
import { type Applied, type MessageBody, ModelWatch } from "#core/monitor/model-watch.ts";
import type { BusMessage, StreamState } from "#platform/bus/bus.ts";
import { decodePredictionMessage } from "#wire/event/decode.ts";
import type { Definitions } from "./definitions.ts";
import type { Lease } from "./lease.ts";
import type { Loaded, Position, Snapshots } from "./snapshots.ts";

export type WatchedModelOptions = { readonly model: string; readonly graceMs: number };

export type WatchedModelModules = {
  readonly definitions: Definitions;
  readonly lease: Lease;
  readonly snapshots: Snapshots;
};

/** A model this monitor has the claim on: what it knows of it, and how far it has read. */
export class WatchedModel {
  readonly model: string;
  readonly watch: ModelWatch;
  readonly lease: Lease;
  readonly #definitions: Definitions;
  readonly #snapshots: Snapshots;
  #position: Position | undefined;
  #hasChanged = false;
  #saved: { position: Position | undefined; historyRevision: number; isWhole: boolean };
  /** The digest each version's baseline was last read for. */
  readonly #readFor = new Map<number, string>();

  private constructor(watch: ModelWatch, loaded: Loaded, modules: WatchedModelModules) {
    this.model = watch.model;
    this.watch = watch;
    this.lease = modules.lease;
    this.#definitions = modules.definitions;
    this.#snapshots = modules.snapshots;
    this.#position = loaded.position;
    const isWhole = loaded.saved !== undefined;
    this.#saved = { position: loaded.position, historyRevision: watch.historyRevision, isWhole };
  }

  /** Goes on from what was saved of the model. */
  static async restore(
    options: WatchedModelOptions,
    loaded: Loaded,
    modules: WatchedModelModules,
  ): Promise<WatchedModel> {
    const { model, graceMs } = options;
    const { windowMs, thresholds, versions } = modules.definitions.settings(model);
    const known = loaded.saved?.state.versions.map(({ version }) => version) ?? [];
    const definitions = await modules.definitions.readAll(model, [...versions, ...known]);
    const settings = { model, windowMs, graceMs, thresholds };
    const watch = new ModelWatch(settings, definitions, loaded.saved);
    return new WatchedModel(watch, loaded, modules);
  }

  /** The last message of the stream that is taken into account; 0 where none is. */
  get seq(): number {
    return this.#position?.seq ?? 0;
  }

  /**
   * Agrees with a stream on the position: at its beginning where nothing was read of it. Messages
   * that it no longer holds are counted. Says whether it is another stream than the one that was
   * read before.
   */
  join(stream: StreamState): { readonly isNew: boolean; readonly purged: number } {
    const { created, firstSeq, lastSeq } = stream;
    const oldest = Math.max(0, firstSeq - 1);
    const position = this.#position;
    const isSame = position?.created === created && position.seq <= lastSeq;
    if (!isSame) this.#position = { created, seq: position === undefined ? oldest : 0 };
    const purged = this.passOver(oldest);
    return { isNew: position !== undefined && !isSame, purged };
  }

  /** Takes messages up to `seq` for read; what was not read before is counted as purged. */
  passOver(seq: number): number {
    const position = this.#position;
    if (position === undefined || seq <= position.seq) return 0;
    const purged = seq - position.seq;
    this.#position = { created: position.created, seq };
    this.watch.purge(purged);
    this.#hasChanged = true;
    return purged;
  }

  /** Takes a message of another model for read. */
  pass(seq: number): number {
    const purged = this.passOver(seq - 1);
    if (this.#position?.seq === seq - 1) this.#position = { ...this.#position, seq };
    return purged;
  }

  /** Reads the baseline a message needs. The message itself is applied later, without waiting. */
  async prepare(version: number, body: MessageBody): Promise<void> {
    const digest = body.kind === "event" ? body.event.digest : "";
    const isKnown = this.watch.isDefined(version) && this.#readFor.get(version) === digest;
    if (isKnown || (body.kind !== "event" && this.watch.isDefined(version))) return;
    for (const known of this.#readFor.keys()) {
      if (!this.watch.isDefined(known)) this.#readFor.delete(known);
    }
    this.#readFor.set(version, digest);
    this.watch.define(version, await this.#definitions.read({ model: this.model, version }));
  }

  /** Takes a message of this model into account. */
  apply(message: BusMessage, version: number, body: MessageBody): Applied {
    const { seq, timeMs } = message;
    this.pass(seq);
    this.#hasChanged = true;
    return this.watch.apply({ seq, timeMs, version, body });
  }

  /**
   * Saves what has changed since the last time; false where another monitor has taken the model.
   */
  async save(): Promise<boolean> {
    const position = this.#position;
    const saved = this.#saved;
    if (position === undefined) return true;
    if (!this.#hasChanged && saved.isWhole && saved.position?.seq === position.seq) return true;
    // Everything of one moment: nothing may wait between these lines.
    const { historyRevision } = this.watch;
    const isOldHistory = saved.isWhole && saved.historyRevision === historyRevision;
    const state = this.#hasChanged || !saved.isWhole ? this.watch.state() : undefined;
    const history = isOldHistory ? undefined : this.watch.history();
    this.#hasChanged = false;
    try {
      if (!(await this.#snapshots.save({ state, history, position }))) return false;
    } catch (error) {
      this.#hasChanged = true;
      throw error;
    }
    this.#saved = { position, historyRevision, isWhole: true };
    return true;
  }
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
