import { closeSync, openSync, renameSync, writeSync } from "node:fs";

/** With the one before it: what a process may fill. */
const logBytesMax = 8 * 1024 * 1024;

/**
 * The log of one process: a new file at every start, with the last one kept beside it as `.1`; so
 * again whenever it is full. A log that cannot be written stops nothing.
 */
export class LogFile implements Disposable {
  readonly #path: string;
  #file: number | undefined;
  #bytes = 0;

  constructor(path: string) {
    this.#path = path;
    this.#begin();
  }

  write(bytes: Uint8Array): void {
    if (this.#bytes + bytes.length > logBytesMax) this.#begin();
    if (this.#file === undefined) return;
    try {
      writeSync(this.#file, bytes);
      this.#bytes += bytes.length;
    } catch {
      // A full disk costs log lines, not predictions.
    }
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #begin(): void {
    this[Symbol.dispose]();
    try {
      renameSync(this.#path, `${this.#path}.1`);
    } catch {
      // There was none.
    }
    try {
      this.#file = openSync(this.#path, "w", 0o640);
      this.#bytes = 0;
    } catch {
      this.#file = undefined;
    }
  }
}
