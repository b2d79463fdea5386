import { rm } from "node:fs/promises";
import type { Socket } from "node:net";
import type { DescService } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { Failure, messageOf } from "#core/failure.ts";
import { type ArrivalGate, guardArrivals } from "./arrivals.ts";
import type { CallBudget } from "./call-budget.ts";
import { serviceDefinition } from "./definition.ts";
import { takeDirectly } from "./direct-calls.ts";
import { type StreamTaker, takeStreams } from "./direct-streams.ts";
import { limitConnections } from "./limit-connections.ts";
import { cutLongTimeouts } from "./long-timeouts.ts";
import { grpcHandler, type UnaryTaker } from "./unary-call.ts";
import { widenUploads } from "./upload-window.ts";

export type ServedService = {
  readonly service: DescService;
  readonly handlers: grpc.UntypedServiceImplementation;
  /** Methods whose messages stay undecoded bytes. */
  readonly raw?: readonly string[];
  /** Unary methods of undecoded bytes that are asked so often that they go round grpc-js. */
  readonly unary?: Readonly<Record<string, UnaryTaker>>;
  /** Streaming methods that go round grpc-js for the same reason. */
  readonly streams?: Readonly<Record<string, StreamTaker>>;
};

export type RpcServerOptions = {
  /** `host:port`, port 0 for a free one, or `unix:/path`. */
  readonly address: string;
  /** The setting a person changes when the address is taken. */
  readonly setting: string;
  readonly messageBytesMax: number;
  /** How long disposing waits for calls under way. */
  readonly drainMsMax: number;
  /** What clients may send ahead, a call and a connection; default the 64 KiB of HTTP/2. */
  readonly uploadWindowBytes?: number;
  /** Calls of one connection at a time: clients keep to it. Default any number. */
  readonly streamsMax?: number;
  /** Connections at a time; further ones are told to go away. Default any number. */
  readonly connectionsMax?: number;
  /** Asked about calls before anything is done for them. */
  readonly gate?: ArrivalGate;
  /** Bounds the memory of its calls; whoever made it disposes of it. */
  readonly budget?: CallBudget;
};

const unix = "unix:";
const insecure = grpc.ServerCredentials.createInsecure();

/** A bound grpc-js server. `drain` lets calls under way finish; disposing drains. */
export class RpcServer implements AsyncDisposable {
  readonly server: grpc.Server;
  /** Where it listens, with the port that was chosen. */
  readonly address: string;
  readonly port: number;
  readonly #injector: grpc.ConnectionInjector;
  readonly #drainMsMax: number;
  #closed: Promise<void> | undefined;

  private constructor(server: grpc.Server, options: RpcServerOptions, port: number) {
    this.server = server;
    this.#injector = server.createConnectionInjector(insecure);
    this.port = port;
    this.address = options.address.replace(/:0$/, `:${port}`);
    this.#drainMsMax = options.drainMsMax;
  }

  /**
   * Binds and serves. A taken address is a Failure of one line naming it and the setting. `extend`
   * may add services that come with their own definitions, such as health and reflection.
   */
  static async listen(
    options: RpcServerOptions,
    services: readonly ServedService[],
    extend: (server: grpc.Server) => void = () => {},
  ): Promise<RpcServer> {
    // What it would write to standard error comes as a Failure as well, to somebody who can act on
    // it.
    grpc.setLogVerbosity(grpc.logVerbosity.NONE);
    const server = newServer(options, services);
    for (const { service, handlers, raw = [], unary = {} } of services) {
      const taken = Object.entries(unary).map(([name, take]) => [name, grpcHandler(take)] as const);
      const definition = serviceDefinition(service, [...raw, ...Object.keys(unary)]);
      server.addService(definition, { ...handlers, ...Object.fromEntries(taken) });
    }
    extend(server);
    const port = await bind(server, options);
    return new RpcServer(server, options, port);
  }

  /** Serves a connection that somebody else has accepted, unless it has begun to drain. */
  serve(connection: Socket): void {
    if (this.#closed === undefined) this.#injector.injectConnection(connection);
    else connection.destroy();
  }

  /** Stops taking calls, waits for those under way, at most so long, then ends the rest. */
  async drain(msMax: number = this.#drainMsMax): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      const giveUp = setTimeout(() => endSessions(this.server), msMax);
      this.server.tryShutdown(() => {
        clearTimeout(giveUp);
        resolve();
      });
    });
    await this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }
}

function newServer(options: RpcServerOptions, services: readonly ServedService[]): grpc.Server {
  const { messageBytesMax, uploadWindowBytes, streamsMax, connectionsMax, gate } = options;
  const server = new grpc.Server({
    "grpc.max_receive_message_length": messageBytesMax,
    "grpc.max_send_message_length": -1,
    "grpc.enable_channelz": 0,
    ...(streamsMax === undefined ? {} : { "grpc.max_concurrent_streams": streamsMax }),
  });
  cutLongTimeouts(server);
  if (uploadWindowBytes !== undefined) widenUploads(server, uploadWindowBytes);
  if (connectionsMax !== undefined) limitConnections(server, connectionsMax);
  const methods = byPath(services, ({ unary }) => unary);
  if (methods.size > 0) takeDirectly(server, { methods, messageBytesMax });
  const streams = byPath(services, (served) => served.streams);
  if (streams.size > 0) takeStreams(server, { methods: streams, messageBytesMax });
  // What is put in place last sees a call first.
  if (gate !== undefined) guardArrivals(server, gate);
  options.budget?.watch(server);
  return server;
}

function byPath<Taker>(
  services: readonly ServedService[],
  takersOf: (served: ServedService) => Readonly<Record<string, Taker>> | undefined,
): ReadonlyMap<string, Taker> {
  const methods = services.flatMap((served) =>
    Object.entries(takersOf(served) ?? {}).map(
      ([name, take]) => [`/${served.service.typeName}/${name}`, take] as const,
    ),
  );
  return new Map(methods);
}

/**
 * Ends all connections. `forceShutdown` alone ends none without channelz: grpc-js (1.14) then does
 * not enter them where it looks for them.
 */
function endSessions(server: grpc.Server): void {
  for (const { sessions } of server["http2Servers"].values()) {
    for (const session of sessions) session.destroy();
  }
  server.forceShutdown();
}

async function bind(server: grpc.Server, options: RpcServerOptions): Promise<number> {
  const { address, setting } = options;
  // A process that was killed leaves its socket behind.
  if (address.startsWith(unix)) await rm(address.slice(unix.length), { force: true });
  return await new Promise((resolve, reject) => {
    server.bindAsync(address, insecure, (error, port) => {
      if (error === null) return resolve(port);
      const reason = /EADDRINUSE/.test(messageOf(error))
        ? "it is already in use"
        : messageOf(error);
      reject(new Failure("unavailable", `cannot listen on ${address} (${setting}): ${reason}`));
    });
  });
}
