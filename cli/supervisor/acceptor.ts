/**
 * The one listening socket of several gateway processes. It accepts, reads nothing, and hands each
 * connection to a gateway over the IPC channel. A gateway has at most one connection on its way and
 * says when it has taken it; until then this process keeps its own copy, so that
 *
 * - a gateway that is busy takes connections as slowly as it can, and the others get more;
 * - one that ends, or is told to stop, before it took a connection has read nothing of it: it goes
 *   to another;
 * - connections for which there is no gateway wait here, so many and so long, and are then closed.
 *
 * Node closes no handle that is on its way to a process that dies, and tells nobody: hence the
 * copy.
 */
import { createServer, type Server, type Socket } from "node:net";
import { monotonicMs } from "#platform/clock.ts";
import { bindTo, type ListenOn } from "#platform/listen.ts";
import { chooseGateway, type GatewayLoad } from "./choose-gateway.ts";

export type AcceptorOptions = {
  readonly listen: ListenOn;
  /** How many gateway processes there are; they are called by their number from 0. */
  readonly gateways: number;
  /** Sends a connection to a gateway, and keeps it open here; false where that one has gone. */
  readonly hand: (
    gateway: number,
    message: Readonly<Record<string, unknown>>,
    connection: Socket,
  ) => boolean;
  /** Connections that may wait for a gateway; more are closed. Default 1024. */
  readonly waitingMax?: number;
  /** How long one may wait, and how long a gateway may leave one untaken. Default 10 s, 5 s. */
  readonly waitMsMax?: number;
  readonly takeMsMax?: number;
};

/** Since its arrival. */
type Waiting = { readonly connection: Socket; readonly sinceMs: number };

type Taking = { readonly waiting: Waiting; readonly sinceMs: number };

type Gateway = {
  isUp: boolean;
  isServing: boolean;
  /** It left the last connection untaken for too long, and has said nothing since. */
  isLate: boolean;
  open: number;
  /** Of the last connection that was sent. */
  number: number;
  taking: Taking | undefined;
};

const sweepMs = 250;

export class Acceptor {
  /** `host:port`. */
  readonly address: string;
  readonly #server: Server;
  readonly #options: Required<AcceptorOptions>;
  readonly #gateways: readonly Gateway[];
  /** In the order of their arrival. */
  readonly #waiting: Waiting[] = [];
  readonly #sweep: NodeJS.Timeout;
  #last = -1;
  #closed = 0;

  private constructor(server: Server, address: string, options: Required<AcceptorOptions>) {
    this.#server = server;
    this.address = address;
    this.#options = options;
    this.#gateways = Array.from({ length: options.gateways }, () => ({
      isUp: false,
      isServing: false,
      isLate: false,
      open: 0,
      number: 0,
      taking: undefined,
    }));
    server.on("connection", (connection) => this.#accept(connection));
    // Nothing to accept with, such as no file descriptor left: the next one may fare better.
    server.on("error", () => {});
    this.#sweep = setInterval(() => this.#closeLate(), sweepMs);
  }

  /** Binds. A taken address is a Failure of one line naming it and its setting. */
  static async listen(options: AcceptorOptions): Promise<Acceptor> {
    const server = createServer({ pauseOnConnect: true });
    const { address } = await bindTo(server, options.listen);
    const limits = { waitingMax: 1_024, waitMsMax: 10_000, takeMsMax: 5_000 };
    return new Acceptor(server, address, { ...limits, ...options });
  }

  /** Open connections of each gateway, as it told. */
  get open(): readonly number[] {
    return this.#gateways.map(({ open }) => open);
  }

  /** Connections that wait for a gateway. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Connections that were closed because no gateway took them. */
  get closed(): number {
    return this.#closed;
  }

  /** A gateway has come up. */
  ready(index: number): void {
    const gateway = this.#gateway(index);
    gateway.isUp = true;
    this.#handAll();
  }

  /** A gateway serves, or no longer does. It may say so before it is up. */
  serving(index: number, isServing: boolean): void {
    this.#gateway(index).isServing = isServing;
    this.#handAll();
  }

  /** A gateway takes no more connections; what it has not taken goes to another. */
  stopping(index: number): void {
    const gateway = this.#gateway(index);
    gateway.isUp = false;
    this.#takeBack(gateway);
    this.#handAll();
  }

  /** A gateway tells the number of the last connection it took, and how many it has open. */
  took(index: number, told: { readonly taken: number; readonly open: number }): void {
    const gateway = this.#gateway(index);
    gateway.open = told.open;
    gateway.isLate = false;
    if (told.taken === gateway.number) {
      gateway.taking?.waiting.connection.destroy();
      gateway.taking = undefined;
    }
    this.#handAll();
  }

  /** A gateway has ended; it may be started again. */
  ended(index: number): void {
    const gateway = this.#gateway(index);
    gateway.open = 0;
    gateway.isServing = false;
    gateway.isLate = false;
    this.stopping(index);
  }

  /** Stops listening and closes what no gateway has taken. May be called twice. */
  close(): void {
    clearInterval(this.#sweep);
    this.#server.close();
    for (const { connection } of this.#waiting.splice(0)) connection.destroy();
    for (const gateway of this.#gateways) {
      gateway.isUp = false;
      gateway.taking?.waiting.connection.destroy();
      gateway.taking = undefined;
    }
  }

  #gateway(index: number): Gateway {
    const gateway = this.#gateways[index];
    if (gateway === undefined) throw new RangeError(`there is no gateway ${index}`);
    return gateway;
  }

  #accept(connection: Socket): void {
    // It is read elsewhere; what goes wrong with it is noticed there.
    connection.on("error", () => {});
    this.#waiting.push({ connection, sinceMs: monotonicMs() });
    this.#handAll();
    if (this.#waiting.length > this.#options.waitingMax) this.#drop(this.#waiting.pop());
  }

  #handAll(): void {
    while (this.#waiting.length > 0) {
      const index = chooseGateway(this.#gateways.map(loadOf), this.#last);
      if (index === undefined) return;
      const gateway = this.#gateway(index);
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#last = index;
      gateway.number += 1;
      gateway.taking = { waiting: next, sinceMs: monotonicMs() };
      const message = { type: "connection", number: gateway.number };
      if (this.#options.hand(index, message, next.connection)) continue;
      gateway.isUp = false;
      this.#takeBack(gateway);
    }
  }

  /** What a gateway has not taken waits where it would if it had not been sent. */
  #takeBack(gateway: Gateway): void {
    const waiting = gateway.taking?.waiting;
    gateway.taking = undefined;
    if (waiting === undefined) return;
    const younger = this.#waiting.findIndex(({ sinceMs }) => sinceMs > waiting.sinceMs);
    this.#waiting.splice(younger < 0 ? this.#waiting.length : younger, 0, waiting);
  }

  #closeLate(): void {
    const nowMs = monotonicMs();
    const { waitMsMax, takeMsMax } = this.#options;
    while (nowMs - (this.#waiting[0]?.sinceMs ?? nowMs) > waitMsMax)
      this.#drop(this.#waiting.shift());
    for (const gateway of this.#gateways) {
      if (nowMs - (gateway.taking?.sinceMs ?? nowMs) <= takeMsMax) continue;
      // It may still come to take it, so nobody else can. What comes next goes to others, if any.
      this.#drop(gateway.taking?.waiting);
      gateway.taking = undefined;
      gateway.isLate = true;
    }
    this.#handAll();
  }

  #drop(waiting: Waiting | undefined): void {
    if (waiting === undefined) return;
    this.#closed += 1;
    waiting.connection.destroy();
  }
}

function loadOf({ isUp, isServing, isLate, open, taking }: Gateway): GatewayLoad {
  const state = !isUp ? "down" : isServing && !isLate ? "serving" : "up";
  return { state, open, isTaking: taking !== undefined };
}
