import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { OutputSchema } from "#gen/sluice/control/v1/model_pb.ts";
import { plain } from "./output.ts";
import { formatComparison, formatPredictions } from "./prediction-view.ts";

const outputs = [
  create(OutputSchema, { name: "label", role: "label" }),
  create(OutputSchema, { name: "probabilities", role: "probabilities" }),
];

function row(label: string, ...shares: number[]) {
  return [
    { name: "label", value: label },
    ...shares.map((value, index) => ({ name: `probabilities.class_${index}`, value })),
  ];
}

describe("one prediction", () => {
  it("shows the label and the probabilities, the largest first, with bars", () => {
    const rows = [row("class_1", 0.25, 0.75)];
    expect(formatPredictions({ outputs, rows, paint: plain })).toBe(
      [
        "label  class_1",
        "probabilities",
        "  class_1  75.0 %  ██████████████████",
        "  class_0  25.0 %  ██████",
        "",
      ].join("\n"),
    );
  });

  it("shows a value as a number", () => {
    const value = create(OutputSchema, { name: "progression", role: "value" });
    const rows = [[{ name: "progression", value: 192.26552318171528 }]];
    expect(formatPredictions({ outputs: [value], rows, paint: plain })).toBe(
      "progression  192.266\n",
    );
  });
});

describe("many predictions", () => {
  it("are a table with every column while they are few", () => {
    const rows = [row("class_0", 0.9, 0.1), row("class_1", 0.2, 0.8)];
    expect(formatPredictions({ outputs, rows, paint: plain }).split("\n").slice(0, 2)).toEqual([
      "ROW  LABEL    PROBABILITIES.CLASS_0  PROBABILITIES.CLASS_1",
      "  1  class_0  0.9                    0.1",
    ]);
  });

  it("show the best class where the columns are many", () => {
    const shares = [0.1, 0.1, 0.6, 0.05, 0.05, 0.05, 0.05];
    const rows = [row("class_2", ...shares), row("class_2", ...shares)];
    expect(formatPredictions({ outputs, rows, paint: plain }).split("\n")[1]).toBe(
      "  1  class_2  class_2 60.0 %",
    );
  });
});

describe("a comparison with examples.csv", () => {
  it("says ok, differs, or that there is nothing to compare with", () => {
    const differences = [{ name: "label", predicted: "b", recorded: "a" }];
    expect(formatComparison(3, [], plain)).toMatch(/^recorded {2}ok, 3 values as/);
    expect(formatComparison(3, differences, plain)).toMatch(
      /differs\n {2}label {2}expected a {2}got b/,
    );
    expect(formatComparison(0, [], plain)).toMatch(/nothing for this version/);
  });
});
