import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { ChangePointSchema } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { plain } from "../output.ts";
import { formatChanges } from "./change-view.ts";

const noon = new Date(2026, 10, 20, 12, 0, 0).getTime();
const options = { paint: plain, now: noon };

function change(signal: string, name: string, before: number, after: number) {
  const timeMs = BigInt(noon);
  return create(ChangePointSchema, {
    ...{ signal, name, detector: "page_hinkley", timeMs, before, after },
  });
}

it("lists the latest changes, each level in its unit", () => {
  const changes = [
    change("error", "", 0, 0.0312),
    change("latency", "total", 0.85, 1.2402),
    change("score", "chance.yes", 0.123456, 0.5),
    ...Array.from({ length: 5 }, () => change("error", "", 0, 1)),
  ];
  expect(formatChanges(changes, options)).toBe(
    [
      "  changes",
      "  12:00:00  error             0.0 % → 3.1 %     page-hinkley",
      "  12:00:00  latency total     850 µs → 1.24 ms  page-hinkley",
      "  12:00:00  score chance.yes  0.1235 → 0.5      page-hinkley",
      "  12:00:00  error             0.0 % → 100.0 %   page-hinkley",
      "  12:00:00  error             0.0 % → 100.0 %   page-hinkley",
      "  and 3 more (--json lists them)",
      "",
    ].join("\n"),
  );
});

it("says nothing where nothing has changed", () => {
  expect(formatChanges([], options)).toBe("");
});
