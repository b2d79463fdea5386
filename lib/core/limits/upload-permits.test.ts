import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UploadPermits } from "./upload-permits.ts";

const kibibyte = 1024;
const limits = { bytesMax: 1_000 * kibibyte, waitingMax: 3 };

describe("upload permits", () => {
  it("have large messages wait in their order and small ones pass", () => {
    const permits = new UploadPermits<{ name: string }>(limits);
    const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => ({ name }));
    if (a === undefined || b === undefined || c === undefined || d === undefined) return;
    expect(permits.begin(a, 800 * kibibyte, 0)).toBe("go");
    expect(permits.begin(b, 200 * kibibyte, 0)).toBe("wait");
    expect(permits.begin(c, 70 * kibibyte, 0)).toBe("wait");
    expect(permits.begin(d, 60 * kibibyte, 0)).toBe("go");
    expect(permits.next(0)).toBeUndefined();
    permits.end(a);
    expect([permits.next(0), permits.next(0), permits.next(0)]).toEqual([b, c, undefined]);
    for (const call of [b, c, d]) permits.end(call);
    expect(permits.bytes).toBe(0);
  });

  it("refuse when enough wait, and count what is held elsewhere", () => {
    const permits = new UploadPermits<object>(limits);
    for (let waiting = 0; waiting < 3; waiting += 1) {
      expect(permits.begin({}, 100 * kibibyte, 900 * kibibyte)).toBe("wait");
    }
    expect(permits.begin({}, 100 * kibibyte, 900 * kibibyte)).toBe("refuse");
    expect(permits.next(900 * kibibyte)).toBeUndefined();
    expect(permits.next(0)).toBeDefined();
  });

  it("let a message that is larger than all the room through when it is alone", () => {
    const permits = new UploadPermits<object>(limits);
    const large = {};
    expect(permits.begin(large, 5_000 * kibibyte, 0)).toBe("go");
    expect(permits.begin({}, 1, 0)).toBe("wait");
    permits.end(large);
    expect(permits.next(0)).toBeDefined();
  });

  it("never set aside more than there is, and lose nothing, whatever is asked", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("begin" as const), bytes: fc.nat(1_000 * kibibyte) }),
      fc.record({ kind: fc.constant("end" as const), which: fc.nat(20) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const permits = new UploadPermits<{ bytes: number }>(limits);
        const open: { bytes: number }[] = [];
        for (const one of steps) {
          if (one.kind === "begin") {
            const call = { bytes: one.bytes };
            if (permits.begin(call, one.bytes, 0) !== "refuse") open.push(call);
          } else {
            const [call] = open.splice(one.which % Math.max(1, open.length), 1);
            if (call !== undefined) permits.end(call);
            while (permits.next(0) !== undefined);
          }
          expect(permits.waiting).toBeLessThanOrEqual(limits.waitingMax);
          const isOne = permits.calls().length - permits.waiting <= 1;
          if (!isOne) expect(permits.bytes).toBeLessThanOrEqual(limits.bytesMax);
          expect(permits.calls()).toHaveLength(open.length);
        }
        for (const call of open) permits.end(call);
        expect([permits.bytes, permits.waiting]).toEqual([0, 0]);
      }),
    );
  });
});
