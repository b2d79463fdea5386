import fc from "fast-check";
import { expect, it } from "vitest";
import { Cursor } from "../cursor.ts";
import { BackwardWriter } from "./backward-writer.ts";

it("writes what is read again, however much it has to grow", () => {
  const long = fc.string({ unit: "grapheme", maxLength: 300 });
  const number = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
  const property = fc.property(long, number, fc.array(long), (name, count, list) => {
    const writer = new BackwardWriter(0);
    for (const text of list.toReversed()) writer.text(3, text);
    writer.integer(2, count);
    writer.text(1, name);
    writer.message(4, 0);
    const cursor = new Cursor(writer.finish());
    cursor.next();
    const outer = cursor.open("message");
    const read: (string | number)[] = [];
    while (cursor.next()) {
      read.push(cursor.number === 2 ? cursor.integer("count") : cursor.text("text"));
    }
    cursor.leave(outer);
    expect(read).toEqual([name, count, ...list]);
    expect(cursor.next()).toBe(false);
  });
  fc.assert(property);
});

it("writes microseconds as nanoseconds to the last digit", () => {
  const time = fc.integer({ min: 1, max: 2 ** 53 - 1 });
  const property = fc.property(time, (us) => {
    const writer = new BackwardWriter(0);
    writer.nanos(1, us);
    expect(writer.finish().readBigUInt64LE(1)).toBe(BigInt(us) * 1000n);
  });
  fc.assert(property);
});

it("writes no time before 1970", () => {
  const writer = new BackwardWriter(0);
  writer.nanos(1, -5);
  expect(writer.written).toBe(0);
});
