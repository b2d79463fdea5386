import { constants, type ServerHttp2Session } from "node:http2";
import type * as grpc from "@grpc/grpc-js";
import { onHttp2Server } from "./http2-server.ts";

/**
 * Tells connections beyond so many to go away, which has their clients try again later, or
 * elsewhere. Call it before the server is bound.
 */
export function limitConnections(server: grpc.Server, connectionsMax: number): void {
  let connections = 0;
  onHttp2Server(server, (http2Server) => {
    http2Server.on("session", (session: ServerHttp2Session) => {
      connections += 1;
      session.once("close", () => {
        connections -= 1;
      });
      if (connections <= connectionsMax) return;
      session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      session.close();
    });
  });
}
