import type { BusMessage, StreamState } from "#platform/bus/bus.ts";
import type { Position } from "./snapshots.ts";

/** How far a stream has been read for one model. */
export class StreamPlace {
  #position: Position | undefined;

  constructor(position: Position | undefined) {
    this.#position = position;
  }

  get position(): Position | undefined {
    return this.#position;
  }

  /** The last message of the stream that is taken into account; 0 where none is. */
  get seq(): number {
    return this.#position?.seq ?? 0;
  }

  /**
   * Agrees with a stream on the position: at its beginning where nothing was read of it. Says
   * whether it is another stream than the one that was read before, and how many messages it no
   * longer holds.
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

  /** Takes messages up to `seq` for read; how many were not read before. */
  passOver(seq: number): number {
    const position = this.#position;
    if (position === undefined || seq <= position.seq) return 0;
    this.#position = { created: position.created, seq };
    return seq - position.seq;
  }

  /** Takes a message for read; how many before it were not. */
  pass({ seq }: Pick<BusMessage, "seq">): number {
    const purged = this.passOver(seq - 1);
    if (this.#position?.seq === seq - 1) this.#position = { ...this.#position, seq };
    return purged;
  }
}
