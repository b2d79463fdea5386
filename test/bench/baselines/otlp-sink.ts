/**
 * Takes traces over OTLP/HTTP and keeps them as they came; asked, it says how many spans there were
 * of each name and starts anew. Nothing is decoded before, which would slow down what is measured.
 */
import { createServer } from "node:http";
import { decodeTraces } from "#wire/otlp/decode.ts";

let bodies: Buffer[] = [];

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    bodies.push(Buffer.concat(parts));
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  process.send?.({ kind: "ready", address: `127.0.0.1:${port}` });
});
process.on("message", () => {
  const counts: Record<string, number> = {};
  for (const { span } of bodies.flatMap((body) => decodeTraces(body).spans)) {
    counts[span.name] = (counts[span.name] ?? 0) + 1;
  }
  bodies = [];
  process.send?.({ kind: "counted", counts });
});
process.on("disconnect", () => process.exit());
