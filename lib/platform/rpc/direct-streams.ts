import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type * as grpc from "@grpc/grpc-js";
import { requireShape } from "./http2-server.ts";
import { type MessageStream, ServerMessages } from "./message-stream.ts";

/** Sets who listens before it returns. */
export type StreamTaker = (stream: MessageStream) => void;

/**
 * Serves streaming methods, by path, on the HTTP/2 streams of a grpc-js server without grpc-js.
 * They have no deadline: whoever takes one ends it. Call it before the server is bound.
 */
export function takeStreams(
  server: grpc.Server,
  options: {
    readonly methods: ReadonlyMap<string, StreamTaker>;
    readonly messageBytesMax: number;
  },
): void {
  requireShape(server);
  const handle = server["_streamHandler"];
  server["_streamHandler"] = (
    interceptors: grpc.ServerInterceptor[],
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
  ) => {
    const take = options.methods.get(headers[":path"] ?? "");
    if (take === undefined) handle.call(server, interceptors, stream, headers);
    else take(new ServerMessages(stream, options.messageBytesMax));
  };
}
