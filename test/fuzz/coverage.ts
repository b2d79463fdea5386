/** What of the code has run, by block, as V8 counts it. */
import { Session } from "node:inspector/promises";

export class Coverage implements AsyncDisposable {
  readonly #session = new Session();
  readonly #isOurs: (url: string) => boolean;
  readonly #seen = new Set<string>();

  private constructor(isOurs: (url: string) => boolean) {
    this.#isOurs = isOurs;
    this.#session.connect();
  }

  /** Of the scripts that `isOurs` names. */
  static async start(isOurs: (url: string) => boolean): Promise<Coverage> {
    const coverage = new Coverage(isOurs);
    await coverage.#session.post("Profiler.enable");
    await coverage.#session.post("Profiler.startPreciseCoverage", {
      callCount: true,
      detailed: true,
    });
    return coverage;
  }

  /** Blocks that have ever run. */
  get blocks(): number {
    return this.#seen.size;
  }

  /**
   * Which candidates reached blocks that nothing had before. They have all been run since it was
   * last asked; where that brought something new, they are run once more, one by one.
   */
  async novel<T>(candidates: readonly T[], run: (candidate: T) => void): Promise<readonly T[]> {
    const fresh = new Set((await this.#take()).filter((block) => !this.#seen.has(block)));
    const kept: T[] = [];
    for (const candidate of candidates) {
      if (fresh.size === 0) break;
      run(candidate);
      const reached = (await this.#take()).filter((block) => fresh.delete(block));
      for (const block of reached) this.#seen.add(block);
      if (reached.length > 0) kept.push(candidate);
    }
    // What only a first run reaches, such as what is done once, is nothing to look for again.
    for (const block of fresh) this.#seen.add(block);
    return kept;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.post("Profiler.stopPreciseCoverage");
    this.#session.disconnect();
  }

  /** The blocks that ran since it was last asked. */
  async #take(): Promise<string[]> {
    const { result } = await this.#session.post("Profiler.takePreciseCoverage");
    return result
      .filter(({ url }) => this.#isOurs(url))
      .flatMap(({ scriptId, functions }) =>
        functions.flatMap(({ ranges }) =>
          ranges
            .filter(({ count }) => count > 0)
            .map(({ startOffset, endOffset }) => `${scriptId}:${startOffset}:${endOffset}`),
        ),
      );
  }
}
