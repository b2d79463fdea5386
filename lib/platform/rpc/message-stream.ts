/**
 * One gRPC stream of messages in both directions on an HTTP/2 stream of our own, of a client or of
 * a server. What grpc-js does for a message takes several times as long as this and leaves copies
 * of it to be collected (docs/adr/0031-links-without-grpc-js.md).
 */
import type { ClientHttp2Stream, IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { Failure, messageOf } from "#core/failure.ts";
import { fromStatus, statusCode, toStatusCode } from "#wire/status.ts";
import { withPrefix } from "./message-prefix.ts";
import { MessageReader } from "./message-reader.ts";

export type MessageListener = {
  /** The message lies in memory that is used again as soon as this returns. */
  onMessage(message: Uint8Array): void;
  /** Called once, unless it was `close` that ended it: nothing comes or leaves any more. */
  onEnd(failure: Failure | undefined): void;
};

export type MessageStream = {
  /** Sets who is told; called once, before anything can have come. */
  listen(listener: MessageListener): void;
  /**
   * `message` lies in room from `roomForMessage`. `done` is called when it has been passed to the
   * socket, or never will be; the memory must stay as it is until then.
   */
  write(message: Uint8Array, done: () => void): void;
  /** Ends it when all that was written has left; with a status other than OK where it failed. */
  end(failure?: Failure): void;
};

abstract class Http2Messages<Stream extends ClientHttp2Stream | ServerHttp2Stream>
  implements MessageStream
{
  protected readonly stream: Stream;
  readonly #reader: MessageReader;
  #listener: MessageListener | undefined;
  #isOver = false;

  constructor(stream: Stream, messageBytesMax: number) {
    this.stream = stream;
    const onMessage = (message: Buffer) => {
      if (!this.#isOver) this.#listener?.onMessage(message);
    };
    this.#reader = new MessageReader({ messageBytesMax, onMessage });
    stream.on("data", (piece: Buffer) => this.#receive(piece));
    stream.on("error", (error) => this.over(toFailure(error)));
    stream.on("close", () => this.over(lost()));
  }

  listen(listener: MessageListener): void {
    this.#listener = listener;
  }

  write(message: Uint8Array, done: () => void): void {
    this.stream.write(withPrefix(message), done);
  }

  abstract end(failure?: Failure): void;

  /** Says that it is over, once. */
  protected over(failure: Failure | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#listener?.onEnd(failure);
  }

  /** Nobody is told of anything any more. */
  protected silence(): void {
    this.#isOver = true;
  }

  #receive(piece: Buffer): void {
    // What still comes of one that is over is passed over.
    if (this.#isOver) return;
    try {
      this.#reader.push(piece);
    } catch (error) {
      const failure = Failure.from(error);
      this.over(failure);
      this.end(failure);
    }
  }
}

/** A client's end; whoever opened the connection closes it. */
export class ClientMessages extends Http2Messages<ClientHttp2Stream> {
  #isOk = false;

  constructor(stream: ClientHttp2Stream, messageBytesMax: number) {
    super(stream, messageBytesMax);
    stream.on("response", (headers) => this.#take(headers));
    stream.on("trailers", (headers) => this.#take(headers));
    // It ends as well when the connection does.
    stream.on("end", () => this.over(this.#isOk ? undefined : lost()));
  }

  end(): void {
    this.silence();
    this.stream.end();
  }

  #take(headers: IncomingHttpHeaders & { readonly ":status"?: number | undefined }): void {
    const { ":status": http = 200, "grpc-status": status, "grpc-message": message = "" } = headers;
    if (http !== 200) this.over(new Failure("unavailable", `the answer is HTTP ${http}`));
    if (status === undefined) return;
    this.#isOk = Number(status) === statusCode.ok;
    if (!this.#isOk) this.over(fromStatus(Number(status), decoded(String(message))));
  }
}

/** A server's end. */
export class ServerMessages extends Http2Messages<ServerHttp2Stream> {
  #trailers: Record<string, string> = { "grpc-status": String(statusCode.ok) };

  constructor(stream: ServerHttp2Stream, messageBytesMax: number) {
    super(stream, messageBytesMax);
    stream.on("end", () => this.over(undefined));
    stream.on("wantTrailers", () => stream.sendTrailers(this.#trailers));
    stream.respond(replyHeaders, { waitForTrailers: true });
  }

  end(failure?: Failure): void {
    this.silence();
    if (this.stream.destroyed || this.stream.writableEnded) return;
    if (failure !== undefined) {
      const status = String(toStatusCode(failure.code));
      this.#trailers = { "grpc-status": status, "grpc-message": encodeURI(failure.message) };
    }
    this.stream.end();
  }
}

const replyHeaders = { ":status": 200, "content-type": "application/grpc+proto" };

function lost(): Failure {
  return new Failure("unavailable", "the connection was lost");
}

function toFailure(error: Error): Failure {
  // A stream that ends with its connection says only that.
  return new Failure("unavailable", messageOf(error.cause ?? error));
}

function decoded(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
