import { Failure } from "#core/failure.ts";
import { SlabPool } from "#core/slab-pool.ts";
import { assembleInputs, placesOf, rebuildInputs, sliceOutputs } from "./batch-tensors.ts";
import type { WorkerEvents } from "./events.ts";
import type { InferenceHost } from "./inference-host.ts";
import type { Part, PartResult } from "./job.ts";

export type PartEnd = {
  readonly part: Part;
  /** Whether it ran in a half. */
  readonly isSplit: boolean;
  readonly result: PartResult | Failure;
};

/** A run that takes no longer than it takes to send a message. */
const shortRunUs = 200;
/** Of memory for batches that rests between two of them. */
const slabBytesMax = 64 * 1024 * 1024;

/** Runs the parts of a batch on a thread. */
export class PartRunner {
  readonly #host: InferenceHost;
  readonly #events: WorkerEvents;
  readonly #slabs = new SlabPool(slabBytesMax);

  constructor({ host, events }: { readonly host: InferenceHost; readonly events: WorkerEvents }) {
    this.#host = host;
    this.#events = events;
  }

  /** Runs parts together, or in halves where that fails. Never rejects. */
  async run(parts: readonly Part[], isSplit: boolean = false): Promise<PartEnd[]> {
    const result = await this.#runTogether(parts).catch(Failure.from);
    if (!(result instanceof Failure)) {
      return parts.map((part, at) => ({ part, isSplit, result: result(at) }));
    }
    // Without its thread there is nothing to run halves on.
    if (parts.length === 1 || result.code === "unavailable") {
      return parts.map((part) => ({ part, isSplit, result }));
    }
    this.#events.batchSplit(parts.length, result.message);
    const middle = Math.ceil(parts.length / 2);
    const first = await this.run(parts.slice(0, middle), true);
    return [...first, ...(await this.run(parts.slice(middle), true))];
  }

  /** What each part comes to, by its place. */
  async #runTogether(parts: readonly Part[]): Promise<(at: number) => PartResult> {
    const [first] = parts;
    const names = first?.progress.job.outputs ?? [];
    // What fails of a bulk job is run again, which needs its inputs.
    const mayMove = first?.progress.isBulk === false;
    const { isMoved, ...batch } = assembleInputs(parts, this.#slabs, mayMove);
    const places = isMoved ? placesOf(batch.inputs) : [];
    const result = await this.#host.run({ ...batch, outputs: names });
    if (!isMoved) for (const slab of result.buffers) this.#slabs.give(slab);
    const runUs = Math.round(result.runUs);
    const inputs = isMoved ? rebuildInputs(places, result.buffers) : undefined;
    // A request that ran whole gets what the model gave, however many rows that has.
    const isWhole = parts.length === 1 && first?.progress.isWhole === true;
    const outputs = isWhole ? [result.outputs] : sliceOutputs(result.outputs, parts);
    return (at) => ({ outputs: outputs[at] ?? [], runUs, inputs });
  }
}

export function isClean({ isSplit, result }: PartEnd): boolean {
  return !isSplit && !(result instanceof Failure);
}

/** Whether its thread may as well wait while replies are written. */
export function isShortRun({ result }: PartEnd): boolean {
  return result instanceof Failure || result.runUs < shortRunUs;
}
