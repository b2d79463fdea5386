import fc from "fast-check";
import { expect, it } from "vitest";
import { SlabPool } from "#core/slab-pool.ts";
import { MessageAssembly } from "./message-assembly.ts";

/** A message behind its prefix, cut into pieces of these sizes, again and again. */
function* pieces(bytes: number, sizes: readonly number[]): Generator<Buffer> {
  const framed = Buffer.alloc(5 + bytes);
  framed.writeUInt32BE(bytes, 1);
  for (let index = 5; index < framed.length; index += 1) framed[index] = index % 251;
  for (let at = 0, turn = 0; at < framed.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield framed.subarray(at, at + size);
    at += size;
  }
}

it("gives what was sent, however it was cut", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 5 });
  const bytes = fc.oneof(fc.nat(100), fc.integer({ min: 60_000, max: 300_000 }));
  fc.assert(
    fc.property(bytes, sizes, (length, cut) => {
      const few = length > 1_000 ? cut.map((size) => Math.max(size, 500)) : cut;
      const assembly = new MessageAssembly();
      for (const piece of pieces(length, few)) {
        expect(assembly.isWhole && length > 0).toBe(false);
        assembly.push(piece);
      }
      expect(assembly.isWhole).toBe(true);
      const message = assembly.take();
      const expected = Buffer.concat([...pieces(length, [length + 5])]).subarray(5);
      expect(Buffer.compare(message, expected)).toBe(0);
      if (length > 1_024) expect(message.buffer.byteLength).toBe(length);
    }),
    { numRuns: 50 },
  );
});

it.each([10, 200_000])(
  "counts what is more than %i bytes announced, and keeps none of it",
  (bytes) => {
    const assembly = new MessageAssembly();
    for (const piece of pieces(bytes, [50_000])) assembly.push(piece);
    assembly.push(Buffer.alloc(3));
    expect(assembly.isWhole).toBe(false);
    expect(assembly.receivedBytes).toBe(bytes + 8);
    expect(assembly.take()).toHaveLength(bytes);
  },
);

it("puts messages into the same slab one after the other, while none of them is in use", () => {
  const slabs = new SlabPool(2 ** 20);
  const assemble = (bytes: number) => {
    const assembly = new MessageAssembly(slabs);
    for (const piece of pieces(bytes, [50_000])) assembly.push(piece);
    return assembly;
  };
  const first = assemble(200_000);
  const message = first.take();
  first.drop();
  expect(slabs.bytes).toBe(0);
  expect(message).toHaveLength(200_000);
  first.release();
  first.release();
  expect(slabs.bytes).toBe(2 ** 18);
  const second = assemble(150_000);
  expect(second.take().buffer).toBe(message.buffer);
  assemble(200_000).drop();
  expect(slabs.bytes).toBe(2 ** 18);
});
