import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { MemoryIndexState } from "#core/performance/prediction-index.ts";
import type { Segment, SegmentStore } from "#core/performance/tiered-index.ts";
import { makeFolder } from "#platform/make-folder.ts";
import { encodeSegment, RowSegment } from "./row-segment.ts";

export type SegmentFilesOptions = {
  readonly folder: string;
  /** A name that was never used before, each time. */
  readonly uniqueName: () => string;
  readonly onProblem: (problem: unknown) => void;
};

const extension = ".rows";

/**
 * The segments of one model in a folder. They are written while messages are applied, which waits
 * for the page cache alone; `sync` before a snapshot that names them, and `keepOnly` after it.
 */
export class SegmentFiles implements SegmentStore {
  readonly #options: SegmentFilesOptions;
  #unsynced: string[] = [];

  private constructor(options: SegmentFilesOptions) {
    this.#options = options;
  }

  /** Undefined, and the problem told, where the folder cannot be made. */
  static async make(options: SegmentFilesOptions): Promise<SegmentFiles | undefined> {
    try {
      await makeFolder(options.folder);
      return new SegmentFiles(options);
    } catch (error) {
      options.onProblem(error);
      return undefined;
    }
  }

  write(rows: MemoryIndexState): { readonly name: string; readonly segment: Segment } | undefined {
    const name = this.#options.uniqueName();
    try {
      const bytes = encodeSegment(rows);
      const file = openSync(this.#pathOf(name), "wx");
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      } finally {
        closeSync(file);
      }
      this.#unsynced.push(name);
      const segment = RowSegment.open(bytes);
      return segment === undefined ? undefined : { name, segment: this.#onFile(name, segment) };
    } catch (error) {
      this.#options.onProblem(error);
      return undefined;
    }
  }

  open(name: string): Segment | undefined {
    try {
      const bytes = readFileSync(this.#pathOf(name));
      const segment = RowSegment.open(bytes);
      if (segment === undefined) throw new Error(`${this.#pathOf(name)} is not whole`);
      return this.#onFile(name, segment);
    } catch (error) {
      this.#options.onProblem(error);
      return undefined;
    }
  }

  /** Resolves when what was written before the call outlives the machine. */
  async sync(): Promise<void> {
    const names = this.#unsynced;
    this.#unsynced = [];
    try {
      for (const name of names) {
        await using file = await open(this.#pathOf(name));
        await file.datasync();
      }
    } catch (error) {
      this.#unsynced.unshift(...names);
      throw error;
    }
  }

  /** Deletes the other segments, but for those written since `sync` was called. Never rejects. */
  async keepOnly(names: readonly string[]): Promise<void> {
    const kept = new Set([...names, ...this.#unsynced].map((name) => `${name}${extension}`));
    try {
      for (const found of await readdir(this.#options.folder)) {
        if (found.endsWith(extension) && !kept.has(found)) {
          await rm(join(this.#options.folder, found), { force: true });
        }
      }
    } catch (error) {
      this.#options.onProblem(error);
    }
  }

  #pathOf(name: string): string {
    return join(this.#options.folder, `${name}${extension}`);
  }

  /** Opens the file for a lookup that has to. One that goes meanwhile has no row. */
  #onFile(name: string, segment: RowSegment): Segment {
    return {
      find: (key) => {
        let file: number | undefined;
        try {
          return segment.find(key, (offset, bytes) => {
            file ??= openSync(this.#pathOf(name), "r");
            const read = new Uint8Array(bytes);
            return read.subarray(0, readSync(file, read, 0, bytes, offset));
          });
        } catch (error) {
          this.#options.onProblem(error);
          return undefined;
        } finally {
          if (file !== undefined) closeSync(file);
        }
      },
    };
  }
}
