import * as fc from "fast-check";
import { expect, it } from "vitest";
import { binOf } from "./bins.ts";
import { binsInto, edgeTree } from "./edge-tree.ts";

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const small = fc.integer({ min: -40, max: 40 });
const columns = fc.tuple(
  fc.oneof(
    fc.uniqueArray(small),
    fc.uniqueArray(finite),
    fc.uniqueArray(finite, { minLength: 60 }),
  ),
  fc.array(fc.oneof(small, finite), { maxLength: 40 }),
);

it("finds the bins of a column as one search for each value does", () => {
  void fc.assert(
    fc.property(columns, ([list, given]) => {
      const edges = Float64Array.from(list).sort();
      // Values at the very edges, too.
      const values = [...given, ...edges];
      expect(search(edges, values)).toEqual(values.map((value) => binOf(edges, value)));
    }),
  );
});

it("knows every bin of any number of edges", () => {
  for (let count = 0; count <= 130; count += 1) {
    const edges = Float64Array.from({ length: count }, (_, index) => index);
    const values = [-0.5, ...Array.from(edges, (edge) => edge + 0.5)];
    expect(search(edges, values)).toEqual([...values.keys()]);
  }
});

it("tells the largest doubles from the infinity it is filled up with", () => {
  const edges = Float64Array.of(-Number.MAX_VALUE, Number.MAX_VALUE);
  expect(search(edges, [-Number.MAX_VALUE, 0, Number.MAX_VALUE])).toEqual([1, 1, 2]);
});

function search(edges: Float64Array, given: readonly number[]): number[] {
  const count = given.length;
  const values = new Float64Array(Math.ceil(count / 4) * 4);
  values.set(given);
  const bins = new Uint16Array(values.length);
  binsInto(bins, { nodes: edgeTree(edges), values, count });
  return [...bins.subarray(0, count)];
}
