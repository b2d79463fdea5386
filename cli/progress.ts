import { monotonicMs } from "#platform/clock.ts";
import { bar, clip } from "./output.ts";
import type { Screen } from "./shell.ts";

const barColumns = 30;
const drawEveryMs = 100;

/**
 * A bar that is redrawn in place, on terminals only. Disposing wipes it away. It may be updated as
 * often as one likes: it draws at most ten times a second, and not before `afterMs`, 0 by default.
 */
export class Progress implements Disposable {
  readonly #screen: Screen;
  #drawnMs: number;
  #isShown = false;

  constructor(screen: Screen, { afterMs = 0 }: { readonly afterMs?: number } = {}) {
    this.#screen = screen;
    this.#drawnMs = monotonicMs() + afterMs - drawEveryMs;
  }

  /**
   * Shows the share that is done, from 0 to 1 or undefined where nobody knows, and what is being
   * done.
   */
  update(share: number | undefined, text: string): void {
    const now = monotonicMs();
    if (!this.#screen.isTerminal || now - this.#drawnMs < drawEveryMs) return;
    this.#drawnMs = now;
    this.#isShown = true;
    const lead = share === undefined ? "" : this.#draw(share);
    const room = this.#screen.columns() - (share === undefined ? 1 : barColumns + 10);
    this.#screen.write(`\r\x1b[K${lead}${clip(text, room)}`);
  }

  [Symbol.dispose](): void {
    if (this.#isShown) this.#screen.write("\r\x1b[K");
    this.#isShown = false;
  }

  #draw(share: number): string {
    const filled = bar(share, barColumns).padEnd(barColumns, "·");
    const percent = `${Math.floor(Math.min(1, share) * 100)} %`.padStart(5);
    return `${this.#screen.paint("cyan", filled)} ${percent}  `;
  }
}
