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
    expect(toPlain(WindowSchema, window)).toEqual({
      rowsUnusual: false,
      startMs: 1_763_000_000_000,
      endMs: 0,
      rows: 0,
      verdict: "alarm",
      provisional: false,
      revised: false,
      features: [
        {
          findings: [],
          name: "bmi",
          type: "",
          rowsBaseline: 0,
          rowsCurrent: 0,
          verdict: "unspecified",
          statistics: [
            { id: "psi.q10.half", value: 0.5, threshold: 0, floor: 0, verdict: "unspecified" },
          ],
          meanCurrent: 0,
        },
      ],
      outputs: [],
    });
  });

  it("keeps maps as objects", () => {
    const span = create(SpanSchema, { name: "run", attributes: { rows: "3" } });
    expect(toPlain(SpanSchema, span)).toMatchObject({ attributes: { rows: "3" }, events: [] });
  });
});
