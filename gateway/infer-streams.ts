import { toStatusReply } from "#platform/rpc/failure-status.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { InferStream, type InferStreamCall } from "./infer-stream.ts";
import type { Predictions } from "./predictions.ts";
import { gatewayStopping } from "./stopping.ts";

/** All calls of ModelStreamInfer under way. */
export class InferStreams {
  readonly #modules: { readonly predictions: Predictions; readonly dispatcher: Dispatcher };
  readonly #open = new Set<InferStream>();
  #isStopping = false;

  constructor(modules: { readonly predictions: Predictions; readonly dispatcher: Dispatcher }) {
    this.#modules = modules;
  }

  /** The handler of ModelStreamInfer, whose messages stay bytes. */
  handle(call: InferStreamCall): void {
    if (this.#isStopping) {
      call.emit("error", toStatusReply(gatewayStopping()));
      return;
    }
    const { predictions, dispatcher } = this.#modules;
    const stream: InferStream = new InferStream(call, {
      ask: (payload, answer) => predictions.ask(call, payload, answer),
      cancel: ({ exchange }, failure) => {
        if (exchange !== undefined) dispatcher.cancel(exchange, failure);
      },
      onEnded: () => this.#open.delete(stream),
    });
    this.#open.add(stream);
  }

  /** Nothing more is read. A stream ends when what was read has been answered. */
  stop(): void {
    this.#isStopping = true;
    for (const stream of [...this.#open]) stream.stop();
  }
}
