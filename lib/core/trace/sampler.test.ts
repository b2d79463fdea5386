import { ROOT_CONTEXT } from "@opentelemetry/api";
import { SamplingDecision, TraceIdRatioBasedSampler } from "@opentelemetry/sdk-trace";
import { describe, expect, it } from "vitest";
import { fromHex } from "../hex.ts";
import { seededDraw } from "../random.ts";
import { defaultSampler, parseSampler, type Sampler, shouldSample } from "./sampler.ts";

const context = { traceId: "1".repeat(32), spanId: "2".repeat(16) };
const sampled = { ...context, sampled: true };
const unsampled = { ...context, sampled: false };

const bytesOf = (id: string) => fromHex(id) ?? new Uint8Array();

function traceIds(count: number): string[] {
  const draw = seededDraw(1);
  const word = () => Math.floor(draw() * 2 ** 32).toString(16);
  return Array.from({ length: count }, () =>
    Array.from({ length: 4 }, () => word().padStart(8, "0")).join(""),
  );
}

describe("the sampler", () => {
  it.each([
    ["always_on", undefined, [true, true, true]],
    ["always_off", undefined, [false, false, false]],
    ["parentbased_always_on", undefined, [true, true, false]],
    ["parentbased_always_off", undefined, [false, true, false]],
    ["traceidratio", undefined, [true, true, true]],
    ["traceidratio", "0", [false, false, false]],
    ["parentbased_traceidratio", "0", [false, true, false]],
  ])("%s %s decides for a root, a sampled and an unsampled caller", (name, argument, wanted) => {
    const sampler = parseSampler(name, argument) as Sampler;
    const decisions = [undefined, sampled, unsampled].map((caller) =>
      shouldSample(sampler, caller, bytesOf(context.traceId)),
    );
    expect(decisions).toEqual(wanted);
  });

  it("says which names and which ratios there are", () => {
    expect(parseSampler("sometimes", undefined)).toEqual({
      problem:
        "OTEL_TRACES_SAMPLER must be one of always_on, always_off, traceidratio, " +
        'parentbased_always_on, parentbased_always_off, parentbased_traceidratio, not "sometimes"',
    });
    for (const argument of ["2", "-1", "many"]) {
      expect(parseSampler("traceidratio", argument)).toEqual({
        problem: `OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, not "${argument}"`,
      });
    }
  });

  it("chooses one root in a hundred by default", () => {
    const chosen = traceIds(20_000).filter((id) =>
      shouldSample(defaultSampler, undefined, bytesOf(id)),
    );
    expect(chosen.length).toBeGreaterThan(150);
    expect(chosen.length).toBeLessThan(250);
  });

  it("decides like the JavaScript SDK of OpenTelemetry", () => {
    const theirs = new TraceIdRatioBasedSampler(0.3);
    for (const id of traceIds(500)) {
      const { decision } = theirs.shouldSample(ROOT_CONTEXT, id);
      const ours = shouldSample({ ratio: 0.3, isParentBased: true }, undefined, bytesOf(id));
      expect(ours).toBe(decision === SamplingDecision.RECORD_AND_SAMPLED);
    }
  });
});
