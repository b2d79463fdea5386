import { Failure, messageOf } from "#core/failure.ts";
import type { TraceStore } from "#core/trace/trace-store.ts";
import type { HttpReply, HttpRequest, Route } from "#platform/http.ts";
import { decodeTraces } from "#wire/otlp/decode.ts";
import type { ReceivedSpans } from "#wire/otlp/from-message.ts";
import { decodeTracesJson } from "#wire/otlp/json.ts";
import { encodeTracesResponse, type OtlpFormat } from "#wire/otlp/response.ts";
import type { TraceEvents } from "./events.ts";

const bodyBytesMax = 16 * 1024 * 1024;

const contentTypes: Readonly<Record<OtlpFormat, string>> = {
  protobuf: "application/x-protobuf",
  json: "application/json",
};

/**
 * OTLP/HTTP for traces: protobuf or JSON, plain or gzip. Spans go to the store; those without valid
 * ids are answered as a partial success.
 */
export function otlpRoute(store: TraceStore, events: TraceEvents): Route {
  return {
    method: "POST",
    path: "/v1/traces",
    handle: async (request) => {
      try {
        return await receive(request, store, events);
      } catch (error) {
        events.requestRefused(messageOf(error));
        throw error;
      }
    },
  };
}

async function receive(
  request: HttpRequest,
  store: TraceStore,
  events: TraceEvents,
): Promise<HttpReply> {
  const format = formatOf(request);
  const { spans, rejected } = decode(format, await request.body(bodyBytesMax));
  for (const span of spans) store.add(span);
  events.spansReceived(spans.length);
  if (rejected > 0) events.spansRejected(rejected);
  const body = encodeTracesResponse(rejected, format);
  return { status: 200, type: contentTypes[format], body };
}

function formatOf(request: HttpRequest): OtlpFormat {
  const type = request.header("content-type").split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === contentTypes.protobuf) return "protobuf";
  if (type === contentTypes.json) return "json";
  const known = Object.values(contentTypes).join(" or ");
  throw new Failure("invalid-argument", `content-type is "${type}", not ${known}`);
}

function decode(format: OtlpFormat, body: Uint8Array): ReceivedSpans {
  try {
    return format === "json" ? decodeTracesJson(textOf(body)) : decodeTraces(body);
  } catch (error) {
    const message = `the body is no OTLP traces request in ${format}: ${messageOf(error)}`;
    throw new Failure("invalid-argument", message, { cause: error });
  }
}

function textOf(body: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(body);
}
