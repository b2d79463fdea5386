export type SpanKind = "internal" | "server" | "client" | "producer" | "consumer";

export type AttributeValue = string | number | boolean;

export type Attributes = Readonly<Record<string, AttributeValue>>;

export type SpanEvent = {
  readonly name: string;
  readonly timeUs: number;
  readonly attributes: Attributes;
};

export type SpanLink = { readonly traceId: string; readonly spanId: string };

/**
 * A span that has ended. Ids are lower-case hexadecimal, 32 digits for a trace and 16 for a span;
 * times are microseconds since 1970.
 */
export type SpanRecord = {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly startUs: number;
  readonly endUs: number;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
  /** What went wrong; undefined for a span that did not fail. */
  readonly error: string | undefined;
};

/** W3C trace context as a request carries it. */
export type TraceContext = {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
};
