/**
 * What the other side of a link lets this one begin: totals of requests and payload bytes since the
 * link opened, so that hearing the same twice changes nothing.
 */
export class RequestCredit {
  #requestsGranted = 0;
  #bytesGranted = 0;
  #requestsBegun = 0;
  #bytesBegun = 0;

  grant(requestsTotal: number, bytesTotal: number): void {
    this.#requestsGranted = Math.max(this.#requestsGranted, requestsTotal);
    this.#bytesGranted = Math.max(this.#bytesGranted, bytesTotal);
  }

  /**
   * Whether one more request of this size may begin. When the other side holds nothing it may be of
   * any size: it would otherwise never be run.
   */
  mayBegin(bytes: number, isOtherSideIdle: boolean): boolean {
    if (this.#requestsBegun >= this.#requestsGranted) return false;
    const bytesLeft = this.#bytesGranted - this.#bytesBegun;
    return bytes <= bytesLeft || (isOtherSideIdle && bytesLeft > 0);
  }

  begin(bytes: number): void {
    this.#requestsBegun += 1;
    this.#bytesBegun += bytes;
  }

  /** A request that was begun here, but of which nothing left. */
  takeBack(bytes: number): void {
    this.#requestsBegun -= 1;
    this.#bytesBegun -= bytes;
  }
}
