import { assert } from "#core/assert.ts";
import { Failure } from "#core/failure.ts";

/** One holder's part of a budget; disposing of it gives the part back. */
export type BytesShare = Disposable & {
  /** Throws a Failure `resource-exhausted`, and takes nothing, where there is not enough left. */
  readonly take: (bytes: number) => void;
  /** Gives back so much of what was taken. */
  readonly give: (bytes: number) => void;
};

/** Memory that many holders take parts of, so that together they do not use it up. */
export class BytesBudget {
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** A part, empty at first. */
  share(): BytesShare {
    let taken = 0;
    return {
      take: (bytes) => {
        if (this.#bytes + bytes > this.#bytesMax) {
          const left = this.#bytesMax - this.#bytes;
          const message = `${bytes} bytes more wanted, ${left} of ${this.#bytesMax} are free`;
          throw new Failure("resource-exhausted", message);
        }
        taken += bytes;
        this.#bytes += bytes;
      },
      give: (bytes) => {
        assert(bytes <= taken, `gives back ${bytes} bytes of ${taken}`);
        taken -= bytes;
        this.#bytes -= bytes;
      },
      [Symbol.dispose]: () => {
        this.#bytes -= taken;
        taken = 0;
      },
    };
  }
}
