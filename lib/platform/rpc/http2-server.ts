/**
 * Reaches what grpc-js (1.14) has no public way to: the HTTP/2 servers it makes. Its version is
 * pinned; one of another shape is refused at start, in words.
 */
import type { Http2Server } from "node:http2";
import type * as grpc from "@grpc/grpc-js";
import { Failure } from "#core/failure.ts";

/**
 * Has `configure` see each HTTP/2 server before it takes a connection, whether it listens itself or
 * is handed its connections. Call it before the server is bound.
 */
export function onHttp2Server(
  server: grpc.Server,
  configure: (http2Server: Http2Server) => void,
): void {
  requireShape(server);
  const create = server["createHttp2Server"];
  server["createHttp2Server"] = (credentials: grpc.ServerCredentials) => {
    const http2Server = create.call(server, credentials);
    configure(http2Server as Http2Server);
    return http2Server;
  };
}

/** Throws a Failure unless a server has the private members that are used here and around. */
export function requireShape(server: grpc.Server): void {
  const isKnown =
    typeof server["createHttp2Server"] === "function" &&
    typeof server["_streamHandler"] === "function" &&
    typeof server["commonServerOptions"] === "object";
  if (isKnown) return;
  const message = "this version of @grpc/grpc-js is not the one Sluice is made for: reinstall it";
  throw new Failure("internal", message);
}
