import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hash32 } from "../hash.ts";
import { DistinctSketch, sketchError } from "./distinct-sketch.ts";

function sketchOf(texts: readonly string[]): DistinctSketch {
  const sketch = new DistinctSketch();
  for (const text of texts) sketch.add(hash32(text));
  return sketch;
}

describe("DistinctSketch", () => {
  it.each([0, 1, 2, 5, 20, 100, 500, 1000, 5000, 100_000])("estimates %i well", (size) => {
    const errors = Array.from({ length: size > 5000 ? 5 : 40 }, (_, seed) => {
      const texts = Array.from({ length: size }, (_each, index) => `${seed}-value-${index}`);
      return sketchOf(texts).estimate() - size;
    });
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    const squares = errors.reduce((sum, error) => sum + error * error, 0) / errors.length;
    expect(Math.abs(mean)).toBeLessThanOrEqual(0.04 * size);
    expect(Math.sqrt(squares)).toBeLessThanOrEqual(1.5 * sketchError * size);
  });

  it("does not mind order, repeats or in how many parts it was counted", () => {
    const texts = fc.array(fc.string({ maxLength: 4 }), { maxLength: 60 });
    fc.assert(
      fc.property(texts, texts, (some, others) => {
        const whole = sketchOf([...some, ...others]).state();
        expect(sketchOf([...others, ...some, ...others]).state()).toEqual(whole);
        const merged = new DistinctSketch(sketchOf(some).state());
        merged.merge(sketchOf(others).state());
        expect(merged.state()).toEqual(whole);
      }),
    );
  });
});
