import { Failure } from "#core/failure.ts";
import type { KeyValueStore, ObjectStore } from "./bus.ts";

/** What is used of the client library's key-value bucket. */
export type NatsBucket = {
  get(key: string): Promise<{ operation: string; value: Uint8Array; revision: number } | null>;
  put(key: string, value: Uint8Array): Promise<number>;
  create(key: string, value: Uint8Array): Promise<number>;
  update(key: string, value: Uint8Array, revision: number): Promise<number>;
  purge(key: string): Promise<void>;
};

/** What is used of the client library's object bucket. */
export type NatsObjects = {
  info(name: string): Promise<{ deleted: boolean } | null>;
  putBlob(meta: { name: string }, bytes: Uint8Array): Promise<unknown>;
  getBlob(name: string): Promise<Uint8Array | null>;
  delete(name: string): Promise<unknown>;
  list(): Promise<readonly { readonly name: string }[]>;
};

/** Acts on the bucket of the present connection; rejects with a Failure that names the key. */
export type UseBucket<Bucket> = <T>(key: string, act: (bucket: Bucket) => Promise<T>) => Promise<T>;

export function keyValueStore(
  use: UseBucket<NatsBucket>,
  watch: KeyValueStore["watch"],
): KeyValueStore {
  return {
    get: async (key) => {
      const entry = await use(key, (bucket) => bucket.get(key));
      if (entry?.operation !== "PUT") return undefined;
      return { value: entry.value, revision: entry.revision };
    },
    put: (key, value) => use(key, (bucket) => bucket.put(key, value)),
    create: (key, value) => orConflict(use(key, (bucket) => bucket.create(key, value))),
    update: (key, value, revision) =>
      orConflict(use(key, (bucket) => bucket.update(key, value, revision))),
    delete: (key) => use(key, (bucket) => bucket.purge(key)),
    watch,
  };
}

export function objectStore(use: UseBucket<NatsObjects>): ObjectStore {
  return {
    put: async (name, bytes) => {
      await use(name, (objects) => objects.putBlob({ name }, bytes));
    },
    get: (name) =>
      use(name, async (objects) => {
        const info = await objects.info(name);
        if (info === null || info.deleted) return undefined;
        return (await objects.getBlob(name)) ?? new Uint8Array();
      }),
    delete: async (name) => {
      await use(name, (objects) => objects.delete(name));
    },
    list: () => use("list", async (objects) => (await objects.list()).map((object) => object.name)),
  };
}

async function orConflict(written: Promise<number>): Promise<number | "conflict"> {
  try {
    return await written;
  } catch (error) {
    if (error instanceof Failure && error.code === "failed-precondition") return "conflict";
    throw error;
  }
}

/**
 * The one already opened under this name, or a new one; one that could not be opened is forgotten.
 */
export async function opened<T>(
  all: Map<string, Promise<T>>,
  name: string,
  open: () => Promise<T>,
): Promise<T> {
  const opening = all.get(name) ?? open();
  all.set(name, opening);
  try {
    return await opening;
  } catch (error) {
    all.delete(name);
    throw error;
  }
}
