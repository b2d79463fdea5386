import type { TraceContext } from "./span.ts";

/** How requests are chosen whose trace is recorded whatever becomes of them. */
export type Sampler = {
  /** The share of requests without a sampled caller that are chosen, 0 to 1. */
  readonly ratio: number;
  /** True: a caller that sent a trace context has decided already. */
  readonly isParentBased: boolean;
};

/** One root in a hundred, and every request whose caller samples it. */
export const defaultSampler: Sampler = { ratio: 0.01, isParentBased: true };

const samplers: Readonly<Record<string, (ratio: number) => Sampler>> = {
  always_on: () => ({ ratio: 1, isParentBased: false }),
  always_off: () => ({ ratio: 0, isParentBased: false }),
  traceidratio: (ratio) => ({ ratio, isParentBased: false }),
  parentbased_always_on: () => ({ ratio: 1, isParentBased: true }),
  parentbased_always_off: () => ({ ratio: 0, isParentBased: true }),
  parentbased_traceidratio: (ratio) => ({ ratio, isParentBased: true }),
};

/**
 * The sampler that OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG name, or what is wrong with
 * them. A ratio that is asked for without saying which is 1, as OpenTelemetry defines it.
 */
export function parseSampler(
  name: string,
  argument: string | undefined,
): Sampler | { readonly problem: string } {
  const build = samplers[name];
  if (build === undefined) {
    const known = Object.keys(samplers).join(", ");
    return { problem: `OTEL_TRACES_SAMPLER must be one of ${known}, not "${name}"` };
  }
  const ratio = argument === undefined ? 1 : Number(argument);
  if (ratio >= 0 && ratio <= 1) return build(ratio);
  return { problem: `OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, not "${argument}"` };
}

/**
 * Decides for one request. By trace id, so that every process that is asked about a trace answers
 * alike; SDKs of OpenTelemetry for JavaScript do too.
 */
export function shouldSample(
  sampler: Sampler,
  context: TraceContext | undefined,
  traceId: Uint8Array,
): boolean {
  if (sampler.isParentBased && context !== undefined) return context.sampled;
  if (sampler.ratio === 0 || sampler.ratio === 1) return sampler.ratio === 1;
  return foldTraceId(traceId) < sampler.ratio * 2 ** 32;
}

/** The four 32-bit words of a trace id, exclusive-or: evenly spread however the id was drawn. */
function foldTraceId(traceId: Uint8Array): number {
  let folded = 0;
  for (let at = 0; at < 16; at += 1) folded ^= (traceId[at] ?? 0) << (24 - 8 * (at & 3));
  return folded >>> 0;
}
