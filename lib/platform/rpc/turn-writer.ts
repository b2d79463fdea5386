/**
 * Writes one side of a link: everything that was queued during a turn of the event loop travels in
 * one message, which is the largest saving there is (a message costs about as much as forty
 * frames). The next message is taken only when gRPC has passed the last one on, so that what waits
 * does so in the outbox, where it can still be removed.
 */
import type { Outbox, OutboxFrame } from "#core/link/outbox.ts";

export type TurnWriterModules<Control, Header> = {
  readonly outbox: Outbox<Control, Header>;
  /** Writes one message of these frames; calls back when gRPC has passed it on or given it up. */
  readonly write: (frames: readonly OutboxFrame<Control, Header>[], done: () => void) => void;
};

export class TurnWriter<Control, Header> {
  readonly #modules: TurnWriterModules<Control, Header>;
  #scheduled: NodeJS.Immediate | undefined;
  #isWriting = false;
  #isClosed = false;

  constructor(modules: TurnWriterModules<Control, Header>) {
    this.#modules = modules;
  }

  /** Call after queueing anything: a message leaves at the end of this turn of the event loop. */
  schedule(): void {
    if (this.#isClosed || this.#isWriting || this.#modules.outbox.isEmpty) return;
    this.#scheduled ??= setImmediate(() => this.flush());
  }

  /** Writes now what `schedule` would write at the end of the turn. */
  flush(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    if (this.#isClosed || this.#isWriting) return;
    const frames = this.#modules.outbox.take();
    if (frames.length === 0) return;
    this.#isWriting = true;
    this.#modules.write(frames, () => {
      this.#isWriting = false;
      this.schedule();
    });
  }

  /** Writes nothing any more. */
  close(): void {
    this.#isClosed = true;
    clearImmediate(this.#scheduled);
  }
}
