// A snapshot is a few objects under names that are used once, and one pointer that names them.
// Writing the objects first and then the pointer, by compare-and-set, makes the whole appear at
// once; a monitor that lost its claim finds the pointer changed and knows that it has lost.
import { createHash } from "node:crypto";
import { deserialize, serialize } from "node:v8";
import { Failure, messageOf } from "#core/failure.ts";
import { encodeToken } from "#core/model/name.ts";
import type {
  ModelHistory,
  ModelHours,
  ModelState,
  SavedModel,
} from "#core/monitor/model-state.ts";
import type { KeyValueStore, ObjectStore } from "#platform/bus/bus.ts";
import { feedbackStream } from "#platform/bus/streams.ts";

/** Up to where a stream has been read. */
export type Position = {
  /** When the stream was created: another one's sequences mean something else. */
  readonly created: string;
  /** The last message taken into account. */
  readonly seq: number;
};

type SnapshotObject = { readonly name: string; readonly digest: string };

type SnapshotObjects = {
  readonly state: SnapshotObject;
  readonly history: SnapshotObject;
  /** Absent where no version keeps hours. */
  readonly hours?: SnapshotObject | undefined;
};

type Pointer = {
  readonly epoch: number;
  readonly positions: Readonly<Record<string, Position>>;
  /** Undefined before the first snapshot. */
  readonly objects: SnapshotObjects | undefined;
};

export type Loaded = {
  /** Undefined where nothing was saved, or where it cannot be used. */
  readonly saved: SavedModel | undefined;
  readonly position: Position | undefined;
  /** Of the feedback stream. */
  readonly feedback: Position | undefined;
  /** Why what was saved cannot be used; undefined when nothing is wrong. */
  readonly problem: string | undefined;
};

export type Cut = {
  /** Undefined where it is the same as in the last snapshot. */
  readonly state: ModelState | undefined;
  readonly history: ModelHistory | undefined;
  readonly hours?: ModelHours | undefined;
  readonly position: Position;
  /** Of the feedback stream, where it has been read. */
  readonly feedback?: Position | undefined;
};

export type SnapshotsOptions = {
  readonly model: string;
  /** Of the claim on the model. */
  readonly epoch: number;
  readonly stream: string;
  /** A name that was never used before, each time. */
  readonly uniqueName: () => string;
};

const textOf = new TextDecoder();

/** The snapshots of one model, by whoever has the claim on it. Rejects when the bus does. */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #keys: KeyValueStore;
  readonly #objects: ObjectStore;
  readonly #key: string;
  readonly #prefix: string;
  #pointer: Pointer;
  #revision = 0;
  /** Names written since the last time that it was known what the pointer names. */
  #unsure: string[] = [];

  constructor(
    options: SnapshotsOptions,
    stores: { readonly keys: KeyValueStore; readonly objects: ObjectStore },
  ) {
    this.#options = options;
    this.#keys = stores.keys;
    this.#objects = stores.objects;
    this.#key = `snapshot.${encodeToken(options.model)}`;
    this.#prefix = `${encodeToken(options.model)}.`;
    this.#pointer = { epoch: options.epoch, positions: {}, objects: undefined };
  }

  /**
   * Puts the claim's epoch into the pointer, which shuts out whoever had the claim before, then
   * reads what the pointer names and deletes what it does not.
   */
  async load(): Promise<Loaded | "conflict"> {
    const { epoch } = this.#options;
    const entry = await this.#keys.get(this.#key);
    const found = entry === undefined ? undefined : decodePointer(entry.value);
    if (found !== undefined && found.epoch > epoch) return "conflict";
    this.#revision = entry?.revision ?? 0;
    const pointer = { epoch, positions: found?.positions ?? {}, objects: found?.objects };
    if (!(await this.#point(pointer))) return "conflict";
    await this.#deleteOthers();
    if (pointer.objects === undefined) return { saved: undefined, ...nothing };
    try {
      const state = await this.#read<ModelState>(pointer.objects.state);
      const history = await this.#read<ModelHistory>(pointer.objects.history);
      const hours = pointer.objects.hours && (await this.#read<ModelHours>(pointer.objects.hours));
      if (state.format !== 1) throw new Error(`its format is ${state.format}, not 1`);
      const position = pointer.positions[this.#options.stream];
      const feedback = pointer.positions[feedbackStream.name];
      return { saved: { state, history, hours }, position, feedback, problem: undefined };
    } catch (error) {
      // What could not be fetched may be there the next time; what is not whole never will be.
      if (error instanceof Failure) throw error;
      return { saved: undefined, ...nothing, problem: messageOf(error) };
    }
  }

  /** Saves what has changed; false where another monitor has taken the model over. */
  async save(cut: Cut): Promise<boolean> {
    const before = this.#pointer.objects;
    const state = cut.state === undefined ? before?.state : await this.#write(cut.state);
    const history = cut.history === undefined ? before?.history : await this.#write(cut.history);
    const hours = cut.hours === undefined ? before?.hours : await this.#writeHours(cut.hours);
    const objects =
      state === undefined || history === undefined ? undefined : { state, history, hours };
    const positions = {
      ...this.#pointer.positions,
      [this.#options.stream]: cut.position,
      ...(cut.feedback === undefined ? {} : { [feedbackStream.name]: cut.feedback }),
    };
    const isPointed = await this.#point({ ...this.#pointer, positions, objects });
    // Where it was not, the other monitor's pointer may name what was written earlier.
    if (isPointed) await this.#delete([...this.#unsure, ...namesOf(before)], objects);
    else await this.#delete(namesOf(objects), before);
    this.#unsure = [];
    return isPointed;
  }

  async #point(pointer: Pointer): Promise<boolean> {
    const value = new TextEncoder().encode(JSON.stringify(pointer));
    let revision = await this.#compareAndSet(value);
    if (revision === "conflict") {
      // The answer to an earlier write may have been lost: epochs are used once, so ours is ours.
      const entry = await this.#keys.get(this.#key);
      if (entry === undefined || decodePointer(entry.value)?.epoch !== pointer.epoch) return false;
      this.#revision = entry.revision;
      revision = await this.#compareAndSet(value);
      if (revision === "conflict") return false;
    }
    this.#revision = revision;
    this.#pointer = pointer;
    return true;
  }

  async #compareAndSet(value: Uint8Array): Promise<number | "conflict"> {
    return this.#revision === 0
      ? await this.#keys.create(this.#key, value)
      : await this.#keys.update(this.#key, value, this.#revision);
  }

  async #writeHours(hours: ModelHours): Promise<SnapshotObject | undefined> {
    return hours.length === 0 ? undefined : await this.#write(hours);
  }

  async #write(part: ModelState | ModelHistory | ModelHours): Promise<SnapshotObject> {
    const bytes = serialize(part);
    const name = `${this.#prefix}${this.#options.uniqueName()}`;
    this.#unsure.push(name);
    await this.#objects.put(name, bytes);
    return { name, digest: digestOf(bytes) };
  }

  async #read<Part>({ name, digest }: SnapshotObject): Promise<Part> {
    const bytes = await this.#objects.get(name);
    if (bytes === undefined) throw new Error(`the object ${name} is missing`);
    if (digestOf(bytes) !== digest) throw new Error(`the object ${name} is not what was saved`);
    return deserialize(bytes) as Part;
  }

  async #delete(names: readonly string[], except: SnapshotObjects | undefined): Promise<void> {
    const kept = namesOf(except);
    for (const name of names) if (!kept.includes(name)) await this.#objects.delete(name);
  }

  /** Objects of a monitor that ended between writing them and pointing at them. */
  async #deleteOthers(): Promise<void> {
    const names = await this.#objects.list();
    const own = names.filter((name) => name.startsWith(this.#prefix));
    await this.#delete(own, this.#pointer.objects);
  }
}

function namesOf(objects: SnapshotObjects | undefined): string[] {
  if (objects === undefined) return [];
  const { state, history, hours } = objects;
  return [state, history, ...(hours === undefined ? [] : [hours])].map(({ name }) => name);
}

const nothing = { position: undefined, feedback: undefined, problem: undefined };

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A pointer that is none counts as absent: the model then begins anew. */
function decodePointer(value: Uint8Array): Pointer | undefined {
  try {
    const pointer = JSON.parse(textOf.decode(value));
    const { epoch, positions, objects } = pointer;
    const isPointer =
      Number.isSafeInteger(epoch) &&
      isRecord(positions) &&
      (objects === undefined || areObjects(objects));
    return isPointer ? pointer : undefined;
  } catch {
    return undefined;
  }
}

function areObjects({ state, history, hours }: Readonly<Record<string, unknown>>): boolean {
  return isObject(state) && isObject(history) && (hours === undefined || isObject(hours));
}

function isObject(value: unknown): value is SnapshotObject {
  return isRecord(value) && typeof value["name"] === "string";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
