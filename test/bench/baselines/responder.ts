/**
 * The cheapest server there can be: answers every call on a plain socket with the same reply, of as
 * many bytes as its argument says. How fast it is asked is how fast the load generator can ask.
 */
import { createServer, type Socket } from "node:net";
import {
  encodeFrame,
  encodeGrpcMessage,
  encodeSettings,
  encodeWindowUpdate,
  FrameReader,
  frameBytesMax,
  frameFlag,
  frameType,
  preface,
  setting,
  windowDefault,
  windowMax,
} from "../http2/frames.ts";
import { encodeHeaders } from "../http2/hpack.ts";
import { TurnBuffer } from "../load/turn-buffer.ts";

const [replyBytes = "0"] = process.argv.slice(2);
const reply = encodeReply(encodeGrpcMessage(new Uint8Array(Number(replyBytes))));
const grantBytes = 2 ** 29;

const server = createServer((socket) => respond(socket));
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  process.send?.({ kind: "ready", address: `127.0.0.1:${port}` });
});
process.on("disconnect", () => process.exit());

function respond(socket: Socket): void {
  socket.setNoDelay(true);
  const out = new TurnBuffer(socket);
  out.append(encodeSettings({ [setting.initialWindowSize]: windowMax }));
  out.append(encodeWindowUpdate(0, windowMax - windowDefault));
  let ungranted = 0;
  const reader = new FrameReader((type, flags, stream, payload) => {
    if (type !== frameType.data) return;
    ungranted += payload.length;
    if (ungranted > grantBytes) {
      out.append(encodeWindowUpdate(0, ungranted));
      ungranted = 0;
    }
    if ((flags & frameFlag.endStream) === 0) return;
    const at = out.append(reply.bytes);
    for (const offset of reply.streamsAt) out.writeUInt32(stream, at + offset);
  });
  let greeting = preface.length;
  socket.on("data", (chunk: Buffer) => {
    const skipped = Math.min(greeting, chunk.length);
    greeting -= skipped;
    reader.push(chunk.subarray(skipped));
    out.flush();
  });
  socket.on("error", () => {});
}

/** A whole reply, and where in it the number of its stream goes. */
function encodeReply(message: Buffer): { bytes: Buffer; streamsAt: number[] } {
  const head = encodeHeaders([
    [":status", "200"],
    ["content-type", "application/grpc"],
  ]);
  const data = Array.from({ length: Math.ceil(message.length / frameBytesMax) }, (_, index) =>
    message.subarray(index * frameBytesMax, (index + 1) * frameBytesMax),
  );
  const ended = frameFlag.endHeaders | frameFlag.endStream;
  const frames = [
    { type: frameType.headers, flags: frameFlag.endHeaders, payload: head },
    ...data.map((payload) => ({ type: frameType.data, flags: 0, payload })),
    { type: frameType.headers, flags: ended, payload: encodeHeaders([["grpc-status", "0"]]) },
  ].map((frame) => encodeFrame({ ...frame, stream: 0 }));
  const streamsAt: number[] = [];
  let at = 0;
  for (const frame of frames) {
    streamsAt.push(at + 5);
    at += frame.length;
  }
  return { bytes: Buffer.concat(frames), streamsAt };
}
