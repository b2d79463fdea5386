import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { Failure, type FailureCode, messageOf } from "#core/failure.ts";
import { BytesBudget, type BytesShare } from "./bytes-budget.ts";
import { writeParts } from "./http-parts.ts";
import { bindTo, type ListenOn } from "./listen.ts";
import { http } from "./node-http.ts";

export type HttpRequest = {
  /** What the `:names` of the route's path stand for, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Header values by lower-case name; several of one name are joined by commas. */
  readonly header: (name: string) => string;
  /**
   * The whole body, unpacked when it is gzip. Rejects with a Failure: invalid-argument for more
   * than `bytesMax`, before or after; resource-exhausted while other bodies take all the memory
   * there is for them; cancelled when the client goes.
   */
  readonly body: (bytesMax: number) => Promise<Uint8Array>;
  /** Aborts when the client has gone, or everything was said. */
  readonly gone: AbortSignal;
};

export type HttpReply = {
  readonly status: number;
  readonly type: string;
  /** Parts go out as they come, until there are no more or the client reads none for a minute. */
  readonly body: string | Uint8Array | AsyncIterable<string>;
};

export type Route = {
  readonly method: "GET" | "POST";
  /** Such as `/reports/:model`; a segment that begins with a colon matches one segment. */
  readonly path: string;
  readonly handle: (request: HttpRequest) => Promise<HttpReply> | HttpReply;
};

export type HttpServerOptions = {
  readonly listen: ListenOn;
  readonly routes: readonly Route[];
  /** How long disposing waits for requests under way. */
  readonly drainMsMax: number;
  /** All bodies that are being handled, packed and unpacked; default 64 MiB. */
  readonly bodiesBytesMax?: number;
  /** Told of errors that are not Failures, which the client sees only as 500. */
  readonly onError: (error: unknown) => void;
};

/** Far above what a scraper, an exporter or a browser opens. */
const connectionsMax = 512;
const headersMsMax = 10_000;
const requestMsMax = 60_000;
const bodiesBytesMaxDefault = 64 * 1024 * 1024;

const statusOfFailure: Record<FailureCode, number> = {
  "invalid-argument": 400,
  "not-found": 404,
  "already-exists": 409,
  "failed-precondition": 409,
  "resource-exhausted": 429,
  cancelled: 499,
  internal: 500,
  unimplemented: 501,
  unavailable: 503,
  "deadline-exceeded": 504,
};

/**
 * A small HTTP server: a table of routes, failures as JSON. Disposing lets requests under way
 * finish.
 */
export class HttpServer implements AsyncDisposable {
  /** `host:port` with the port that was chosen, or `unix:/path`. */
  readonly address: string;
  /** 0 on a socket. */
  readonly port: number;
  readonly #server: Server;
  readonly #drainMsMax: number;
  #closed: Promise<void> | undefined;

  private constructor(server: Server, address: string, port: number, drainMsMax: number) {
    this.#server = server;
    this.address = address;
    this.port = port;
    this.#drainMsMax = drainMsMax;
  }

  /** Binds and serves. A taken address is a Failure `unavailable` naming it and its setting. */
  static async listen(options: HttpServerOptions): Promise<HttpServer> {
    const bodies = new BytesBudget(options.bodiesBytesMax ?? bodiesBytesMaxDefault);
    const server = http.createServer(
      { headersTimeout: headersMsMax, requestTimeout: requestMsMax },
      (incoming, outgoing) => void answer({ ...options, server, bodies }, incoming, outgoing),
    );
    server.maxConnections = connectionsMax;
    server.on("clientError", (_error, socket: Socket) => socket.destroy());
    const { address, port } = await bindTo(server, options.listen);
    return new HttpServer(server, address, port, options.drainMsMax);
  }

  /** May be called twice. What has not ended within the limit is cut off. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      const giveUp = setTimeout(() => this.#server.closeAllConnections(), this.#drainMsMax);
      this.#server.close(() => {
        clearTimeout(giveUp);
        resolve();
      });
      this.#server.closeIdleConnections();
    });
    await this.#closed;
  }
}

export function jsonReply(value: unknown, status: number = 200): HttpReply {
  return { status, type: "application/json", body: `${JSON.stringify(value)}\n` };
}

type Serving = Pick<HttpServerOptions, "routes" | "onError"> & {
  readonly server: Server;
  readonly bodies: BytesBudget;
};

async function answer(
  { routes, onError, server, bodies }: Serving,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  using share = bodies.share();
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  let reply: HttpReply;
  try {
    reply = await dispatch(routes, incoming, { share, gone: gone.signal });
  } catch (error) {
    if (!(error instanceof Failure)) onError(error);
    reply = failureReply(Failure.from(error));
  }
  // A body that nobody read would be taken for the next request; ending the connection is cheaper.
  // And a server that is closing would wait for a connection that was left open.
  if (!incoming.complete || !server.listening) outgoing.setHeader("connection", "close");
  const { status, type, body } = reply;
  const headers = { "content-type": type, "x-content-type-options": "nosniff" };
  if (typeof body === "string" || body instanceof Uint8Array) {
    outgoing.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
    outgoing.end(incoming.method === "HEAD" ? undefined : body);
    return;
  }
  outgoing.writeHead(status, headers);
  if (incoming.method === "HEAD") outgoing.end();
  else await writeParts(outgoing, body).catch(onError);
}

async function dispatch(
  routes: readonly Route[],
  incoming: IncomingMessage,
  { share, gone }: { readonly share: BytesShare; readonly gone: AbortSignal },
): Promise<HttpReply> {
  const { pathname, searchParams } = urlOf(incoming);
  const method = incoming.method === "HEAD" ? "GET" : incoming.method;
  let isKnown = false;
  for (const route of routes) {
    const params = matchPath(route.path, pathname);
    if (params === undefined) continue;
    isKnown = true;
    if (route.method !== method) continue;
    return await route.handle({
      params,
      query: searchParams,
      header: (name) => headerOf(incoming, name),
      body: (bytesMax) => readBody(incoming, bytesMax, share),
      gone,
    });
  }
  if (!isKnown) throw new Failure("not-found", `nothing is served at ${pathname}`);
  const message = `${incoming.method} is not served at ${pathname}`;
  return jsonReply({ error: { code: "unimplemented", message } }, 405);
}

function urlOf(incoming: IncomingMessage): URL {
  // Two leading slashes would make the first segment a host.
  const url = URL.parse(`http://localhost${incoming.url ?? "/"}`);
  if (url === null) throw new Failure("invalid-argument", "the request target is not a path");
  return url;
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split("/");
  const got = path.split("/");
  if (wanted.length !== got.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const text = got[index] ?? "";
    if (segment.startsWith(":") && text !== "") params[segment.slice(1)] = decodeSegment(text);
    else if (segment !== text) return undefined;
  }
  return params;
}

function decodeSegment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Failure("invalid-argument", `"${text}" is not percent-encoded UTF-8`);
  }
}

function headerOf(incoming: IncomingMessage, name: string): string {
  const value = incoming.headers[name];
  return Array.isArray(value) ? value.join(", ") : (value ?? "");
}

const unzip = promisify(gunzip);

async function readBody(
  incoming: IncomingMessage,
  bytesMax: number,
  share: BytesShare,
): Promise<Uint8Array> {
  const body = await readPacked(incoming, bytesMax, share);
  const encoding = headerOf(incoming, "content-encoding");
  if (encoding === "" || encoding === "identity") return body;
  if (encoding !== "gzip") {
    throw new Failure("invalid-argument", `content-encoding is "${encoding}", not gzip or none`);
  }
  const unpacked = await unzip(body, { maxOutputLength: bytesMax }).catch((error: unknown) => {
    if (messageOf(error).includes("larger than")) throw tooLarge(bytesMax);
    throw new Failure("invalid-argument", `the body is not gzip: ${messageOf(error)}`);
  });
  share.take(unpacked.length);
  return unpacked;
}

async function readPacked(
  incoming: IncomingMessage,
  bytesMax: number,
  share: BytesShare,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      share.take(chunk.length);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("cancelled", `the client went away: ${messageOf(error)}`, { cause: error });
  }
  return Buffer.concat(chunks);
}

function tooLarge(bytesMax: number): Failure {
  return new Failure("invalid-argument", `the body is larger than ${bytesMax} bytes`);
}

function failureReply(failure: Failure): HttpReply {
  const { code, message } = failure;
  return jsonReply({ error: { code, message } }, statusOfFailure[code]);
}
