export type ReplyOrderOptions<Reply> = {
  /** Larger replies leave in pieces, between which others could slip. */
  readonly chunkBytes: number;
  readonly send: (reply: Reply) => void;
};

/**
 * Lets replies go in the order their requests came in. A request that is not told of by `arrived`
 * is in no order: its reply goes when it is there. Holds no more than what its owner has accepted.
 */
export class ReplyOrder<Reply extends { readonly id: number; readonly payload: Uint8Array }> {
  readonly #options: ReplyOrderOptions<Reply>;
  /** In order; undefined for requests that are not answered yet. */
  readonly #places = new Map<number, Reply | undefined>();
  /** A reply in pieces of which the last has not left. */
  #leaving: number | undefined;

  constructor(options: ReplyOrderOptions<Reply>) {
    this.#options = options;
  }

  arrived(id: number): void {
    this.#places.set(id, undefined);
  }

  reply(reply: Reply): void {
    if (!this.#places.has(reply.id)) {
      this.#options.send(reply);
      return;
    }
    this.#places.set(reply.id, reply);
    this.#release();
  }

  /** Nobody waits for it any more. True where its reply was held here, and now is nowhere. */
  drop(id: number): boolean {
    const wasHeld = this.#places.get(id) !== undefined;
    this.#places.delete(id);
    if (this.#leaving === id) this.#leaving = undefined;
    this.#release();
    return wasHeld;
  }

  /** The whole of a reply has left. */
  left(id: number): void {
    if (this.#leaving !== id) return;
    this.#leaving = undefined;
    this.#release();
  }

  #release(): void {
    if (this.#leaving !== undefined) return;
    for (const [id, reply] of this.#places) {
      if (reply === undefined) return;
      this.#places.delete(id);
      this.#options.send(reply);
      if (reply.payload.byteLength <= this.#options.chunkBytes) continue;
      this.#leaving = id;
      return;
    }
  }
}
