/**
 * Feeds a target with changed bytes, and keeps those that reach code no others did, as material
 * for further changes.
 */
import { messageOf } from "#core/failure.ts";
import type { Draw } from "#core/random.ts";
import type { Coverage } from "./coverage.ts";
import { mutate } from "./mutate.ts";
import { type FuzzTarget, verdictOf } from "./target.ts";

export type FuzzOptions = {
  readonly ms: number;
  readonly draw: Draw;
  readonly signal: AbortSignal;
};

export type Finding = { readonly bytes: Uint8Array; readonly problem: string };

export type FuzzResult = {
  readonly runs: number;
  readonly kept: number;
  readonly finding: Finding | undefined;
};

const batchSize = 512;
const bytesMax = 4096;
const keptMax = 4096;
/** Code that reads 4 KiB this long reads a message of the usual limit for hours. */
const slowMs = 1000;

export async function fuzz(
  target: FuzzTarget,
  coverage: Coverage,
  options: FuzzOptions,
): Promise<FuzzResult> {
  const corpus = [...target.seeds, new Uint8Array()];
  const endMs = performance.now() + options.ms;
  let runs = 0;
  for (const seed of corpus) attempt(target, seed);
  await coverage.novel([], () => {});
  while (performance.now() < endMs && !options.signal.aborted) {
    const batch = Array.from({ length: batchSize }, () => mutate(corpus, options.draw, bytesMax));
    for (const bytes of batch) {
      const problem = attempt(target, bytes);
      runs += 1;
      if (problem !== undefined) {
        const finding = shortest(target, { bytes, problem });
        return { runs, kept: corpus.length, finding };
      }
    }
    const novel = await coverage.novel(batch, (bytes) => void attempt(target, bytes));
    corpus.push(...novel.slice(0, keptMax - corpus.length));
  }
  return { runs, kept: corpus.length, finding: undefined };
}

/** What is wrong with how a target reads these bytes. */
export function attempt(target: FuzzTarget, bytes: Uint8Array): string | undefined {
  const startMs = performance.now();
  try {
    verdictOf(() => target.read(bytes));
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${messageOf(error)}` : messageOf(error);
  }
  const tookMs = performance.now() - startMs;
  return tookMs > slowMs ? `${bytes.byteLength} bytes took ${Math.round(tookMs)} ms` : undefined;
}

/** The same finding in fewer bytes, as far as leaving some out goes. */
function shortest(target: FuzzTarget, finding: Finding): Finding {
  let best = finding;
  for (let size = best.bytes.byteLength >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= best.bytes.byteLength; ) {
      const bytes = Uint8Array.from(
        Buffer.concat([best.bytes.subarray(0, at), best.bytes.subarray(at + size)]),
      );
      const problem = attempt(target, bytes);
      if (problem === undefined) at += size;
      else best = { bytes, problem };
    }
  }
  return best;
}
