import { expect, test } from "vitest";
import { SlabPool, slabBytesMin } from "./slab-pool.ts";

test("gives a slab of the next size, and the same one again once it is back", () => {
  const pool = new SlabPool(1 << 20);
  const slab = pool.take(20_000);
  expect(slab.byteLength).toBe(32_768);
  pool.give(slab);
  expect(pool.bytes).toBe(32_768);
  expect(pool.take(16_385)).toBe(slab);
  expect(pool.take(32_768)).not.toBe(slab);
  expect(pool.bytes).toBe(0);
});

test("keeps no more at rest than its bound, and nothing it did not make", () => {
  const bytesMax = 4 * slabBytesMin;
  const pool = new SlabPool(bytesMax);
  for (let count = 0; count < 100; count += 1) {
    pool.give(new ArrayBuffer(slabBytesMin * (1 + (count % 2))));
    expect(pool.bytes).toBeLessThanOrEqual(bytesMax);
  }
  const { bytes } = pool;
  for (const size of [0, 100, 20_000, 2 * bytesMax]) pool.give(new ArrayBuffer(size));
  expect(pool.bytes).toBe(bytes);
});
