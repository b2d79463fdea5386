import { Histogram } from "../histogram.ts";
import type { LoadResult, LoadTarget } from "./plan.ts";

type Window = { readonly fromMs: number; readonly toMs: number };

export type Reply = {
  readonly startMs: number;
  readonly nowMs: number;
  readonly status: number;
  readonly message: Buffer | undefined;
};

const deadlineExceeded = 4;
const floatBytes = 4;
const tolerance = 1e-4;

/** Counts replies, and looks at every one. */
export class Tally {
  readonly #byArrival: boolean;
  #window: Window;
  readonly #latencies = new Histogram();
  readonly #failed: Record<number, number> = {};
  #ok = 0;
  #wrong = 0;
  #answered = 0;

  /** `byArrival`: calls count that were due within the window, else those answered within it. */
  constructor(byArrival: boolean, window: Window) {
    this.#byArrival = byArrival;
    this.#window = window;
  }

  /** Calls within the window so far. */
  get counted(): number {
    const failed = Object.values(this.#failed).reduce((sum, count) => sum + count, 0);
    return this.#ok + this.#wrong + failed;
  }

  /** Has the window end now. */
  end(nowMs: number): void {
    this.#window = { ...this.#window, toMs: nowMs };
  }

  count(target: LoadTarget, { startMs, nowMs, status, message }: Reply): void {
    this.#answered += 1;
    const atMs = this.#byArrival ? startMs : nowMs;
    if (atMs < this.#window.fromMs || atMs >= this.#window.toMs) return;
    const { deadlineMs } = target;
    if (status !== 0) this.#failed[status] = (this.#failed[status] ?? 0) + 1;
    else if (message === undefined || !isRight(target, message)) this.#wrong += 1;
    else if (deadlineMs > 0 && nowMs - startMs > deadlineMs) {
      this.#failed[deadlineExceeded] = (this.#failed[deadlineExceeded] ?? 0) + 1;
    } else {
      this.#ok += 1;
      this.#latencies.record((nowMs - startMs) * 1000);
    }
  }

  result(unanswered: number): Omit<LoadResult, "cpuSeconds" | "ranSeconds"> {
    return {
      seconds: (this.#window.toMs - this.#window.fromMs) / 1000,
      ok: this.#ok,
      wrong: this.#wrong,
      failed: this.#failed,
      unanswered,
      latencies: this.#latencies.state(),
      answered: this.#answered,
    };
  }
}

function isRight({ expected, floats, isHeadFree = false }: LoadTarget, message: Buffer): boolean {
  if (message.equals(expected)) return true;
  const tail = floats * floatBytes;
  const head = message.length - tail;
  if (tail === 0 || head < 0) return false;
  const expectedHead = expected.length - tail;
  if (!isHeadFree) {
    // What is told of the batch comes first, and varies.
    const from = head - expectedHead;
    if (from < 0 || message.compare(expected, 0, expectedHead, from, head) !== 0) return false;
  }
  const wantedBytes = Buffer.from(expected.buffer, expected.byteOffset, expected.byteLength);
  for (let at = 0; at < tail; at += floatBytes) {
    const [got, wanted] = [
      message.readFloatLE(head + at),
      wantedBytes.readFloatLE(expectedHead + at),
    ];
    if (!(Math.abs(got - wanted) <= tolerance * Math.max(1, Math.abs(wanted)))) return false;
  }
  return true;
}
