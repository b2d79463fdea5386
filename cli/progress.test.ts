import { describe, expect, it } from "vitest";
import { plain } from "./output.ts";
import { Progress } from "./progress.ts";

function screen(isTerminal: boolean) {
  const written: string[] = [];
  const write = (text: string) => void written.push(text);
  return { written, write, isTerminal, columns: () => 60, rows: () => 24, paint: plain };
}

describe("progress", () => {
  it("is drawn in place on a terminal and wiped away at the end", () => {
    const terminal = screen(true);
    {
      using progress = new Progress(terminal);
      progress.update(0.5, "wine@1  12 rows sent");
    }
    expect(terminal.written).toEqual([
      `\r\x1b[K${"█".repeat(15)}${"·".repeat(15)}  50 %  wine@1  12 rows sent`,
      "\r\x1b[K",
    ]);
  });

  it("is nothing where all is done before it is due", () => {
    const terminal = screen(true);
    {
      using progress = new Progress(terminal, { afterMs: 600_000 });
      progress.update(0.5, "wine@1");
    }
    expect(terminal.written).toEqual([]);
  });

  it("is nothing elsewhere", () => {
    const file = screen(false);
    {
      using progress = new Progress(file);
      progress.update(0.5, "wine@1");
    }
    expect(file.written).toEqual([]);
  });
});
