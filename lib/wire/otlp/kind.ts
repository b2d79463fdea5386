import type { SpanKind } from "#core/trace/span.ts";
import { SpanKind as KindNumber } from "#gen/opentelemetry/trace_pb.ts";

export const numberOfKind: Readonly<Record<SpanKind, KindNumber>> = {
  internal: KindNumber.INTERNAL,
  server: KindNumber.SERVER,
  client: KindNumber.CLIENT,
  producer: KindNumber.PRODUCER,
  consumer: KindNumber.CONSUMER,
};

export const kindOfNumber: ReadonlyMap<number, SpanKind> = new Map(
  Object.entries(numberOfKind).map(([kind, number]) => [number, kind as SpanKind]),
);
