import type { ServerHttp2Session } from "node:http2";
import type * as grpc from "@grpc/grpc-js";
import { onHttp2Server } from "./http2-server.ts";

/** Of a gateway and of a link. Larger ones bring nothing more (docs/adr/0024-upload-window.md). */
export const uploadWindowBytesDefault: number = 1024 * 1024;

/**
 * Lets clients have so many bytes of an upload on their way, of each call and on each connection as
 * a whole. grpc-js (1.14) leaves a server at the 64 KiB of HTTP/2, which makes an upload of
 * megabytes wait for its own acknowledgements, and takes `grpc-node.flow_control_window` for
 * clients alone. Call it before the server is bound.
 *
 * A window is what a client may send before anybody reads, so it is memory that a call can take
 * without being asked.
 */
export function widenUploads(server: grpc.Server, windowBytes: number): void {
  const options: { settings?: object } = server["commonServerOptions"];
  options.settings = { ...options.settings, initialWindowSize: windowBytes };
  onHttp2Server(server, (http2Server) => {
    http2Server.on("session", (session: ServerHttp2Session) => {
      session.setLocalWindowSize(windowBytes);
    });
  });
}
