/** Calls of a gRPC server by the byte, as no client of gRPC makes them. */
import { once } from "node:events";
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import { setImmediate as nextTurn } from "node:timers/promises";
import { GRPCInferenceService } from "#gen/inference/grpc_service_pb.ts";

const path = `/${GRPCInferenceService.typeName}/ModelInfer`;

/** Begins a call that announces a message of so many bytes. */
export function begin(
  session: ClientHttp2Session,
  bytes: number,
  more: object = {},
): ClientHttp2Stream {
  const stream = session.request({
    ...{ ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" },
    ...more,
  });
  stream.on("error", () => {});
  stream.write(prefixOf(bytes));
  return stream;
}

/** What comes before a message of so many bytes. */
export function prefixOf(bytes: number): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes, 1);
  return prefix;
}

/** The status of a call; undefined where it ended without one. */
export async function statusOf(stream: ClientHttp2Stream): Promise<string | undefined> {
  let status: string | undefined;
  const hear = (headers: Readonly<Record<string, unknown>>) => {
    const told = headers["grpc-status"];
    if (told !== undefined) status = String(told);
  };
  stream.on("response", hear);
  stream.on("trailers", hear);
  stream.resume();
  if (!stream.closed) await once(stream, "close");
  return status;
}

export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await nextTurn();
}

/** What it wrote has been answered. */
export async function roundTrip(session: ClientHttp2Session): Promise<void> {
  await new Promise<void>((resolve) => session.ping(() => resolve()));
}
