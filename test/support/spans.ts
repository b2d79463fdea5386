import type { SpanRecord } from "#core/trace/span.ts";
import { HttpServer } from "#platform/http.ts";
import { decodeTraces } from "#wire/otlp/decode.ts";

export type SpanReceiver = AsyncDisposable & {
  /** The last one of each name. */
  readonly spans: ReadonlyMap<string, SpanRecord>;
  /** Has a process send its spans here. */
  readonly env: Readonly<Record<string, string>>;
};

/** Remembers the spans that are sent to it, by name. */
export async function receiveSpans(): Promise<SpanReceiver> {
  const spans = new Map<string, SpanRecord>();
  const server = await HttpServer.listen({
    listen: { host: "127.0.0.1", port: 0, setting: "TEST" },
    drainMsMax: 0,
    onError: () => {},
    routes: [
      {
        method: "POST",
        path: "/v1/traces",
        handle: async (request) => {
          const { spans: decoded } = decodeTraces(await request.body(10_000_000));
          for (const { span } of decoded) spans.set(span.name, span);
          return { status: 200, type: "application/x-protobuf", body: "" };
        },
      },
    ],
  });
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${server.address}` };
  return { spans, env, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
