import { BytesBudget } from "#platform/bytes-budget.ts";
import { toStatusReply } from "#platform/rpc/failure-status.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { InferStream, type InferStreamCall } from "./infer-stream.ts";
import type { Predictions } from "./predictions.ts";
import { gatewayStopping } from "./stopping.ts";

export type InferStreamsOptions = {
  /** Of replies of all streams together that wait for others or for their callers. */
  readonly waitingBytesMax: number;
};

type Modules = { readonly predictions: Predictions; readonly dispatcher: Dispatcher };

/** All calls of ModelStreamInfer under way. */
export class InferStreams {
  readonly #modules: Modules;
  readonly #budget: BytesBudget;
  readonly #open = new Set<InferStream>();
  #isStopping = false;

  constructor({ waitingBytesMax }: InferStreamsOptions, modules: Modules) {
    this.#modules = modules;
    this.#budget = new BytesBudget(waitingBytesMax);
  }

  /** The handler of ModelStreamInfer, whose messages stay bytes. */
  handle(call: InferStreamCall): void {
    if (this.#isStopping) {
      call.emit("error", toStatusReply(gatewayStopping()));
      return;
    }
    const { predictions, dispatcher } = this.#modules;
    const stream: InferStream = new InferStream(call, {
      waiting: this.#budget.share(),
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
