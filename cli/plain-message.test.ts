import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { SpanSchema, Verdict, WindowSchema } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { toPlain } from "./plain-message.ts";

describe("a message as plain JSON", () => {
  it("has numbers for 64-bit fields, words for enums and no absent fields", () => {
    const window = create(WindowSchema, {
      startMs: 1_763_000_000_000n,
      verdict: Verdict.ALARM,
      features: [{ name: "bmi", meanCurrent: 0, statistics: [{ id: "psi.q10.half", value: 0.5 }] }],
    });
    const plain = toPlain(WindowSchema, window);
    expect(plain).toMatchObject({
      ...{ startMs: 1_763_000_000_000, endMs: 0, rows: 0, verdict: "alarm", provisional: false },
      features: [
        {
          ...{ name: "bmi", type: "", rowsCurrent: 0, verdict: "unspecified", meanCurrent: 0 },
          findings: [],
          statistics: [
            { id: "psi.q10.half", value: 0.5, threshold: 0, floor: 0, verdict: "unspecified" },
          ],
        },
      ],
      outputs: [],
    });
    expect(plain).not.toHaveProperty("rowsUsual");
    expect(plain).not.toHaveProperty(["features", 0, "meanBaseline"]);
  });

  it("keeps maps as objects", () => {
    const span = create(SpanSchema, { name: "run", attributes: { rows: "3" } });
    expect(toPlain(SpanSchema, span)).toMatchObject({ attributes: { rows: "3" }, events: [] });
  });
});
