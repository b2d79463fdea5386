import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import fc from "fast-check";
import { expect, it } from "vitest";
import {
  encodeFrame,
  encodeSettings,
  FrameReader,
  frameFlag,
  frameType,
  preface,
  setting,
} from "./frames.ts";
import { decodeHeaders, encodeHeaders, requestBlocks } from "./hpack.ts";

const printable = fc
  .array(fc.integer({ min: 0x21, max: 0x7e }), { minLength: 1, maxLength: 200 })
  .map((codes) => String.fromCharCode(...codes));

it("reads what it has written", () => {
  fc.assert(
    fc.property(printable, (value) => {
      expect(decodeHeaders(encodeHeaders([["x-text", value]]))).toEqual([["x-text", value]]);
    }),
  );
});

it("is understood by Node's HTTP/2, also when headers are named by number", async () => {
  const value = fc.sample(printable, { numRuns: 1, seed: 1 })[0] ?? "";
  const seen = await exchange([
    [":path", "/some/where"],
    [":authority", "here"],
    ["x-text", value],
    ["te", "trailers"],
  ]);
  expect(seen.requests).toHaveLength(2);
  for (const request of seen.requests) {
    expect(request).toMatchObject({ ":path": "/some/where", "x-text": value, te: "trailers" });
  }
});

it("reads the blocks that Node's HTTP/2 writes, whatever the text", async () => {
  const every = String.fromCharCode(...Array.from({ length: 0x5e }, (_, index) => 0x21 + index));
  const { replies } = await exchange([
    [":path", "/"],
    [":authority", "here"],
    ["x-text", `${every} 0123 status ok, 32 ms`],
  ]);
  expect(replies).toHaveLength(2);
  for (const reply of replies) {
    expect(decodeHeaders(reply)).toContainEqual(["x-echo", `${every} 0123 status ok, 32 ms`]);
  }
});

type Seen = { readonly requests: IncomingHttpHeaders[]; readonly replies: Buffer[] };

/** Two requests to a Node server, which gives `x-text` back as `x-echo`. */
async function exchange(headers: [string, string][]): Promise<Seen> {
  const seen: Seen = { requests: [], replies: [] };
  const server = createServer();
  server.on("stream", (stream: ServerHttp2Stream, request) => {
    seen.requests.push(request);
    stream.respond({ ":status": 200, "x-echo": String(request["x-text"]) }, { endStream: true });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  try {
    const done = Promise.withResolvers<void>();
    const reader = new FrameReader((type, _, __, payload) => {
      if (type === frameType.headers) seen.replies.push(Buffer.from(payload));
      if (seen.replies.length === 2) done.resolve();
    });
    socket.on("data", (chunk: Buffer) => reader.push(chunk));
    const { first, later } = requestBlocks(headers);
    const flags = frameFlag.endHeaders | frameFlag.endStream;
    socket.write(Buffer.concat([preface, encodeSettings({ [setting.headerTableSize]: 0 })]));
    for (const [index, payload] of [first, later].entries()) {
      const stream = 2 * index + 1;
      socket.write(encodeFrame({ type: frameType.headers, flags, stream, payload }));
    }
    await done.promise;
    return seen;
  } finally {
    socket.destroy();
    server.close();
  }
}
