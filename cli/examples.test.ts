import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ModelDescriptionSchema } from "#gen/sluice/control/v1/model_pb.ts";
import { tempDir } from "../test/support/temp.ts";
import { readExample, readExamples } from "./examples.ts";

const served = {
  model: "loans",
  version: 2,
  description: create(ModelDescriptionSchema, {
    features: [
      { name: "income", datatype: "FP32" },
      { name: "home", datatype: "BYTES" },
    ],
  }),
};

const text = `home,split,income,v1.label,v2.label,v2.probabilities.a
"own, outright",train,1.5,x,yes,0.25
rent,test,,x,no,0.75
`;

describe("examples.csv", () => {
  it("gives features in the model's order and what was recorded for the version", async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "examples.csv");
    await writeFile(path, text);
    const examples = await all(readExamples(path, served));
    expect(examples.map(({ number, row, recorded }) => [number, row, [...recorded]])).toEqual([
      [
        1,
        [1.5, "own, outright"],
        [
          ["label", "yes"],
          ["probabilities.a", "0.25"],
        ],
      ],
      [
        2,
        [null, "rent"],
        [
          ["label", "no"],
          ["probabilities.a", "0.75"],
        ],
      ],
    ]);
    expect((await readExample(path, served, 2)).row).toEqual([null, "rent"]);
    await expect(readExample(path, served, 3)).rejects.toThrow(/has 2 rows, no row 3/);
  });

  it("names the file where it is missing or malformed", async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "examples.csv");
    const read = () => all(readExamples(path, served));
    await expect(read()).rejects.toThrow(/there is no .*examples\.csv/);
    await writeFile(path, "income,home\n1,2,3\n");
    await expect(read()).rejects.toThrow(/examples\.csv: .*line 2/);
    await writeFile(path, "a,b\n1,2\n");
    await expect(read()).rejects.toThrow(/no column is one of the features "income", "home"/);
    await writeFile(path, "income,home\nmuch,own\n");
    await expect(read()).rejects.toThrow(/examples\.csv: .*"income" takes a number/);
  });
});

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}
