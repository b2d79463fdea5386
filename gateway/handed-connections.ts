/**
 * Connections that the supervisor has accepted for this gateway. Each comes over the IPC channel
 * with a number, unread; that it was taken is told in the same turn, before a byte of it can have
 * been read, so that the supervisor may give to another gateway what this one never took.
 */
import { Socket } from "node:net";

export type HandedConnectionsModules = {
  /** Serves a connection. */
  readonly serve: (connection: Socket) => void;
  /** Tells the supervisor. */
  readonly tell: (message: Readonly<Record<string, unknown>>) => void;
};

export class HandedConnections {
  readonly #modules: HandedConnectionsModules;
  #taken = 0;
  #open = 0;
  #isStopping = false;
  #isTold = true;

  constructor(modules: HandedConnectionsModules) {
    this.#modules = modules;
  }

  /** Takes a connection; false for any other message. */
  take(message: unknown, connection: unknown): boolean {
    if (!isHandedConnection(message)) return false;
    // It may have been closed on its way.
    const socket = connection instanceof Socket ? connection : undefined;
    if (this.#isStopping) {
      socket?.destroy();
      return true;
    }
    if (socket !== undefined) this.#serve(socket);
    this.#taken = message.number;
    this.#tell();
    return true;
  }

  /** From now on the supervisor gives to others what has not been taken. */
  stop(): void {
    this.#isStopping = true;
  }

  #serve(connection: Socket): void {
    this.#open += 1;
    connection.once("close", () => {
      this.#open -= 1;
      this.#tellSoon();
    });
    this.#modules.serve(connection);
  }

  #tellSoon(): void {
    if (!this.#isTold) return;
    this.#isTold = false;
    setImmediate(() => this.#tell());
  }

  #tell(): void {
    this.#isTold = true;
    this.#modules.tell({ type: "connections", taken: this.#taken, open: this.#open });
  }
}

function isHandedConnection(message: unknown): message is { readonly number: number } {
  if (typeof message !== "object" || message === null) return false;
  const { type, number }: { readonly type?: unknown; readonly number?: unknown } = message;
  return type === "connection" && typeof number === "number";
}
