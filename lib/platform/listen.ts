import { rm } from "node:fs/promises";
import type { AddressInfo, Server } from "node:net";
import { Failure, messageOf } from "#core/failure.ts";

export type ListenOn =
  | {
      readonly host: string;
      /** 0 for a free one. */
      readonly port: number;
      /** The setting a person changes when the port is taken. */
      readonly setting: string;
      /** Take a free port instead of failing when this one is taken; default false. */
      readonly orFree?: boolean;
    }
  /** A Unix socket; what a dead process left there is removed first. */
  | { readonly socket: string };

export type Bound = {
  /** `host:port` or `unix:/path`. */
  readonly address: string;
  /** The port that was chosen; 0 on a socket. */
  readonly port: number;
};

/**
 * Binds `server`. A taken address is a Failure `unavailable` of one line naming it and its setting.
 */
export async function bindTo(server: Server, on: ListenOn): Promise<Bound> {
  if ("socket" in on) return await bindToSocket(server, on.socket);
  try {
    await bind(server, { host: on.host, port: on.port });
  } catch (error) {
    const isTaken = codeOf(error) === "EADDRINUSE";
    if (isTaken && on.orFree === true)
      return await bindTo(server, { ...on, port: 0, orFree: false });
    const reason = isTaken ? "it is already in use" : messageOf(error);
    const where = `${on.host}:${on.port} (${on.setting})`;
    throw new Failure("unavailable", `cannot listen on ${where}: ${reason}`, { cause: error });
  }
  const { port } = server.address() as AddressInfo;
  return { address: `${on.host.includes(":") ? `[${on.host}]` : on.host}:${port}`, port };
}

async function bindToSocket(server: Server, path: string): Promise<Bound> {
  try {
    await rm(path, { force: true });
    await bind(server, { path });
  } catch (error) {
    const message = `cannot listen on unix:${path}: ${messageOf(error)}`;
    throw new Failure("unavailable", message, { cause: error });
  }
  return { address: `unix:${path}`, port: 0 };
}

async function bind(server: Server, where: { host: string; port: number } | { path: string }) {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
