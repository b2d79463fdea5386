import { connect, type Socket } from "node:net";

/** What a client finds when it connects: a server that greets it back, or not. */
export type Greeting = "answered" | "closed" | "refused";

/** The preface of HTTP/2 and empty settings: what every client of gRPC begins with. */
const preface = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);

/** A connection to `host:port`, opened at once; its client has not said anything yet. */
export class TestConnection implements Disposable {
  /** Resolves when the server's system has accepted it; rejects where nobody listens. */
  readonly connected: Promise<void>;
  readonly #socket: Socket;
  readonly #greeting: Promise<Greeting>;

  constructor(address: string) {
    const colon = address.lastIndexOf(":");
    const socket = connect(Number(address.slice(colon + 1)), address.slice(0, colon));
    this.#socket = socket;
    this.connected = new Promise((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    this.connected.catch(() => {});
    this.#greeting = new Promise((resolve) => {
      socket.once("data", () => resolve("answered"));
      socket.once("close", () => resolve("closed"));
      socket.once("error", (error) => {
        const isRefused = "code" in error && error.code === "ECONNREFUSED";
        resolve(isRefused ? "refused" : "closed");
      });
    });
  }

  /** Says what a client says first, and resolves when the server has answered, or will not. */
  async greet(): Promise<Greeting> {
    this.#socket.write(preface);
    return await this.#greeting;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === "open";
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/** Connects and greets. */
export async function greet(address: string): Promise<Greeting> {
  using connection = new TestConnection(address);
  return await connection.greet();
}
