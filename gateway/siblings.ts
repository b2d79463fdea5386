/**
 * The other gateways behind the same port. Which of them answers a question depends on the
 * connection it came by; what each counts for itself is therefore asked of all and joined.
 */
import type { DescMethodUnary, MessageShape } from "@bufbuild/protobuf";
import type { Metadata } from "@grpc/grpc-js";
import { RpcClient } from "#platform/rpc/client.ts";
import { metadataKey } from "#wire/metadata.ts";

/** One that does not answer by then is left out. */
const askMsMax = 500;

export class Siblings implements Disposable {
  readonly #clients: readonly RpcClient[];

  constructor(addresses: readonly string[]) {
    this.#clients = addresses.map((address) => new RpcClient(address));
  }

  /**
   * What the others answer to the same question; nothing where there are none, where none answers,
   * or where it was another gateway that asked.
   */
  async ask<Method extends DescMethodUnary>(
    method: Method,
    request: MessageShape<Method["input"]>,
    asked: Metadata,
  ): Promise<readonly MessageShape<Method["output"]>[]> {
    if (this.#clients.length === 0 || asked.get(metadataKey.alone).includes("1")) return [];
    const metadata = { [metadataKey.alone]: "1" };
    const replies = await Promise.allSettled(
      this.#clients.map((client) =>
        client.unary(method, request, { deadlineMs: askMsMax, metadata }),
      ),
    );
    return replies.flatMap((one) => (one.status === "fulfilled" ? one.value.message : []));
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients) client[Symbol.dispose]();
  }
}
