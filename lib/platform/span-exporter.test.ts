import { afterEach, describe, expect, it } from "vitest";
import type { SpanRecord } from "#core/trace/span.ts";
import { decodeTraces } from "#wire/otlp/decode.ts";
import { HttpServer } from "./http.ts";
import { silentLog } from "./log.ts";
import { SpanExporter } from "./span-exporter.ts";

let open = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

/**
 * A receiver that remembers span ids and answers each post with the next of `statuses`, then 200.
 */
async function receive(options: { statuses?: number[] } = {}) {
  const spanIds: string[] = [];
  const batches: number[] = [];
  const statuses = options.statuses ?? [];
  const server = open.use(
    await HttpServer.listen({
      listen: { host: "127.0.0.1", port: 0, setting: "" },
      drainMsMax: 0,
      onError: () => {},
      routes: [
        {
          method: "POST",
          path: "/v1/traces",
          handle: async (request) => {
            const { spans } = decodeTraces(await request.body(10_000_000));
            const status = statuses.shift() ?? 200;
            if (status === 200) spanIds.push(...spans.map(({ span }) => span.spanId));
            batches.push(spans.length);
            return { status, type: "application/x-protobuf", body: "" };
          },
        },
      ],
    }),
  );
  return { endpoint: `http://${server.address}`, spanIds, batches };
}

function exporterTo(endpoint: string | undefined): SpanExporter {
  return new SpanExporter({ endpoint, service: "test", attributes: {} }, { log: silentLog });
}

function span(number: number): SpanRecord {
  return {
    traceId: "1".repeat(32),
    spanId: (number + 1).toString(16).padStart(16, "0"),
    parentSpanId: "",
    name: "a",
    kind: "internal",
    startUs: 1,
    endUs: 2,
    attributes: {},
    events: [],
    links: [],
    error: undefined,
  };
}

describe("SpanExporter", () => {
  it("sends every span once, in batches, and the rest when it is disposed of", async () => {
    const { endpoint, spanIds, batches } = await receive();
    const exporter = exporterTo(endpoint);
    const spans = Array.from({ length: 1300 }, (_, number) => span(number));
    for (const each of spans) exporter.export(each);
    await exporter[Symbol.asyncDispose]();
    expect(spanIds).toEqual(spans.map(({ spanId }) => spanId));
    expect(batches).toEqual([512, 512, 276]);
    expect([exporter.sent, exporter.dropped]).toEqual([1300, 0]);
  });

  it("tries again when the receiver is busy or does not answer yet", async () => {
    const { endpoint, spanIds } = await receive({ statuses: [503, 429] });
    const exporter = exporterTo(endpoint);
    exporter.export(span(1));
    await exporter[Symbol.asyncDispose]();
    expect(spanIds).toHaveLength(1);
    expect([exporter.sent, exporter.dropped]).toEqual([1, 0]);
  });

  it("drops and counts what the receiver calls wrong", async () => {
    const { endpoint, batches } = await receive({ statuses: [400] });
    const exporter = exporterTo(endpoint);
    exporter.export(span(1));
    await exporter[Symbol.asyncDispose]();
    expect(batches).toEqual([1]);
    expect([exporter.sent, exporter.dropped]).toEqual([0, 1]);
  });

  it("drops and counts what does not fit its queue", async () => {
    const { endpoint, spanIds } = await receive();
    const exporter = exporterTo(endpoint);
    for (let number = 0; number < 20_000; number += 1) exporter.export(span(number));
    expect(exporter.dropped).toBe(20_000 - 16_384);
    await exporter[Symbol.asyncDispose]();
    // Of what is under way when it gives up nobody knows whether it arrived.
    expect(spanIds.length).toBeGreaterThanOrEqual(exporter.sent);
    expect(exporter.sent + exporter.dropped).toBe(20_000);
  });

  it("gives up in bounded time when it is disposed of and nobody takes spans", async () => {
    const exporter = exporterTo("http://127.0.0.1:1");
    exporter.export(span(1));
    await exporter[Symbol.asyncDispose]();
    exporter.export(span(2));
    expect([exporter.sent, exporter.dropped]).toEqual([0, 2]);
  });

  it("does nothing at all without an endpoint", async () => {
    const exporter = exporterTo(undefined);
    exporter.export(span(1));
    await exporter[Symbol.asyncDispose]();
    expect([exporter.sent, exporter.dropped]).toEqual([0, 0]);
  });
});
