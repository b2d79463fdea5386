import { type ClientHttp2Session, connect } from "node:http2";
import { connect as connectSocket, type NetConnectOpts } from "node:net";
import { Failure, messageOf } from "#core/failure.ts";
import { ClientMessages, type MessageListener, type MessageStream } from "./message-stream.ts";

export type DialOptions = {
  /** `host:port` or `unix:/path`. */
  readonly address: string;
  /** Of the method, such as `/package.Service/Method`. */
  readonly path: string;
  readonly messageBytesMax: number;
  /** What the server may send ahead. */
  readonly windowBytes: number;
  /** The connection is given up when the other side has said nothing for so long after a ping. */
  readonly pingMs: number;
  readonly pingMsMax: number;
};

const unix = "unix:";

/** A connection with one stream on it. Whoever dials closes it; a lost one is not dialled again. */
export class DialledStream implements MessageStream {
  readonly #session: ClientHttp2Session;
  readonly #messages: ClientMessages;
  readonly #pings: NodeJS.Timeout;
  #silence: NodeJS.Timeout | undefined;
  /** Why the connection went, which its stream does not know. */
  #problem: Failure | undefined;

  constructor(options: DialOptions) {
    const { address, path, messageBytesMax, windowBytes, pingMs, pingMsMax } = options;
    const settings = { enablePush: false, initialWindowSize: windowBytes };
    const createConnection = () => connectSocket(socketOptions(address));
    const session = connect(authorityOf(address), { settings, createConnection });
    this.#session = session;
    session.once("connect", () => session.setLocalWindowSize(windowBytes));
    session.on("error", (error) => {
      this.#problem ??= new Failure("unavailable", messageOf(error));
    });
    const headers = { ...{ ":method": "POST", ":path": path, te: "trailers" }, ...contentType };
    this.#messages = new ClientMessages(session.request(headers), messageBytesMax);
    this.#pings = setInterval(() => this.#ping(pingMsMax), pingMs);
  }

  listen(listener: MessageListener): void {
    const onMessage = (message: Uint8Array) => listener.onMessage(message);
    this.#messages.listen({
      onMessage,
      onEnd: (failure) => {
        this.#stopPings();
        listener.onEnd(this.#problem ?? failure);
      },
    });
  }

  write(message: Uint8Array, done: () => void): void {
    this.#messages.write(message, done);
  }

  /** Drops the connection and what has not left. */
  end(): void {
    this.#messages.end();
    this.#stopPings();
    this.#session.destroy();
  }

  #stopPings(): void {
    clearInterval(this.#pings);
    clearTimeout(this.#silence);
  }

  #ping(msMax: number): void {
    const { connecting, destroyed } = this.#session;
    if (connecting || destroyed || this.#silence !== undefined) return;
    this.#silence = setTimeout(() => this.#giveUp(msMax), msMax);
    this.#session.ping(() => {
      clearTimeout(this.#silence);
      this.#silence = undefined;
    });
  }

  #giveUp(msMax: number): void {
    this.#problem = new Failure("unavailable", `no answer to a ping within ${msMax} ms`);
    this.#session.destroy();
  }
}

const contentType = { "content-type": "application/grpc+proto" };

function socketOptions(address: string): NetConnectOpts {
  if (address.startsWith(unix)) return { path: address.slice(unix.length) };
  const { hostname, port } = new URL(`http://${address}`);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port), noDelay: true };
}

function authorityOf(address: string): string {
  return address.startsWith(unix) ? "http://localhost" : `http://${address}`;
}
