import * as grpc from "@grpc/grpc-js";

/**
 * Metadata of one header that is known to be well-formed, to be sent and not to be asked for:
 * checking and copying it costs more than all else that is done for it.
 */
export class OneHeader extends grpc.Metadata {
  readonly #key: string;
  readonly #value: string;

  /** A key in lower case, and a value of printable ASCII. */
  constructor(key: string, value: string) {
    super();
    this.#key = key;
    this.#value = value;
  }

  override toHttp2Headers(): ReturnType<grpc.Metadata["toHttp2Headers"]> {
    return { [this.#key]: this.#value };
  }
}
