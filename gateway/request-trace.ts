import { predictionIdBytes } from "#core/prediction-id.ts";

const traceIdBytes = 16;
const spanIdBytes = 8;

export const requestIdsBytes: number = predictionIdBytes + traceIdBytes + spanIdBytes;

/**
 * Ids of a request and its spans, drawn when it arrives, whether or not the spans are kept. Views
 * of them are made when they are asked for: kept, they would take several times the memory of the
 * ids for as long as the request waits.
 */
export class RequestTrace {
  /** Of the caller's span, in hexadecimal; empty where there is none. */
  parentSpanId = "";
  isSampled = false;
  readonly #buffer: ArrayBufferLike;
  readonly #at: number;

  /** `ids` is written to: its place is this request's from now on. */
  constructor(ids: Uint8Array) {
    this.#buffer = ids.buffer;
    this.#at = ids.byteOffset;
  }

  get predictionId(): Uint8Array {
    return new Uint8Array(this.#buffer, this.#at, predictionIdBytes);
  }

  get traceId(): Uint8Array {
    return new Uint8Array(this.#buffer, this.#at + predictionIdBytes, traceIdBytes);
  }

  get serverSpanId(): Uint8Array {
    const at = this.#at + predictionIdBytes + traceIdBytes;
    return new Uint8Array(this.#buffer, at, spanIdBytes);
  }
}
