import type { Screen } from "../shell.ts";

// A line that is too wide must not take two.
const noWrap = "\x1b[?7l";
const wrap = "\x1b[?7h";

/**
 * Draws a text over the one before, from the top of the screen, so that it does not flicker. What
 * does not fit below is left out and counted.
 */
export class Redraw {
  readonly #screen: Screen;
  #isFirst = true;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  show(text: string): void {
    const lines = text.trimEnd().split("\n");
    const rows = this.#screen.rows();
    const isTall = lines.length >= rows;
    const shown = isTall ? lines.slice(0, Math.max(1, rows - 2)) : lines;
    if (isTall) shown.push(`… ${lines.length - shown.length} more lines`);
    // What was on the screen before scrolls away instead of being lost.
    const start = this.#isFirst ? `${"\n".repeat(rows - 1)}\x1b[H` : "\x1b[H";
    this.#isFirst = false;
    const body = shown.map((line) => `${line}\x1b[K\n`).join("");
    this.#screen.write(`${start}${noWrap}${body}${wrap}\x1b[J`);
  }
}
