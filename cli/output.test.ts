import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alignRows, bar, clip, colourful, formatTable, plain, widthOf } from "./output.ts";

describe("tables", () => {
  it("align their columns whatever the colours", () => {
    const columns = [{ title: "NAME" }, { title: "ROWS", align: "right" as const }, { title: "X" }];
    const rows = [
      [colourful("red", "a"), "7", "y"],
      ["longer", "1234", ""],
    ];
    const text = formatTable(columns, rows, plain)
      .replaceAll("\x1b[31m", "")
      .replaceAll("\x1b[39m", "");
    expect(text).toBe("NAME    ROWS  X\na          7  y\nlonger  1234\n");
  });

  it("are nothing without rows", () => {
    expect(alignRows([])).toBe("");
  });
});

describe("bars", () => {
  it("grow by eighths of a column", () => {
    expect(bar(0, 4)).toBe("");
    expect(bar(0.5, 4)).toBe("██");
    expect(bar(0.53125, 4)).toBe("██▏");
    expect(bar(1, 4)).toBe("████");
  });

  it("never leave their width, whatever the fraction", () => {
    fc.assert(
      fc.property(fc.double(), fc.integer({ min: 0, max: 50 }), (fraction, width) => {
        expect(widthOf(bar(fraction, width))).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe("clipping", () => {
  it("says where something is left out", () => {
    expect(clip("prediction", 10)).toBe("prediction");
    expect(clip("prediction", 5)).toBe("pred…");
  });
});
