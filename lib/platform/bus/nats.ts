/**
 * The bus over NATS JetStream. Uses nothing that came after nats-server 2.9: one filter subject for
 * a consumer (several are matched here), no metadata, no age of single messages. Watching a bucket
 * is reading the stream behind it, because the library's own watch takes the last of the initial
 * values for a change.
 *
 * The library's first connection cannot be called off while it waits, so it is told to try once,
 * and `Connection` tries again; later ones are the library's.
 *
 * The library is loaded when it is first dialled with: a process that has more urgent things to do
 * can do them before.
 */
import type {
  DeliverPolicy,
  JetStreamClient,
  JetStreamManager,
  JsMsg,
  OrderedConsumerOptions,
} from "@nats-io/jetstream";
import type { KV, Kvm } from "@nats-io/kv";
import type { ObjectStore } from "@nats-io/obj";
import { Failure, messageOf } from "#core/failure.ts";
import type { Log } from "../log.ts";
import { type NatsAddress, parseNatsUrl } from "./address.ts";
import { keyValueStore, objectStore, opened } from "./buckets.ts";
import type * as bus from "./bus.ts";
import { Connection, type Line } from "./connection.ts";
import { answerMsMax, connectionOptions } from "./connection-options.ts";
import { findStream, streamInfo } from "./find-stream.ts";
import { toFailure } from "./nats-failure.ts";
import { configOf, isSameConfig } from "./stream-config.ts";
import { requireSame, stateOf } from "./stream-state.ts";
import { matchesSubject } from "./subject.ts";

export type BusOptions = {
  /** See `parseNatsUrl`. */
  readonly url: string;
  /** How the server's own monitoring calls this client. */
  readonly name: string;
  readonly log: Log;
  /** What goes before the library is loaded and the server dialled. It must end, and not reject. */
  readonly startsAfter?: Promise<void>;
};

/** Of at most 512 KiB each, read ahead of whoever consumes them. */
const messagesAheadMax = 64;
/** A stream that says nothing for twice this long is looked after. */
const heartbeatMs = 2_000;
/** The library's own constant would have to be loaded. */
const lastPerSubject: DeliverPolicy = "last_per_subject";

/**
 * Returns at once and connects in the background, again and again until disposed. Throws a Failure
 * for an address that is none. Disposing does not wait for what was published.
 */
export async function openBus(options: BusOptions): Promise<bus.Bus> {
  const address = parseNatsUrl(options.url);
  const dial = async () => {
    await options.startsAfter;
    return await dialServer(address, options.name);
  };
  return new NatsBus(options.log, new Connection({ dial, log: options.log }));
}

/** Throws a Failure of one line unless the server lets us in and has JetStream. */
export async function checkNats(url: string): Promise<void> {
  const address = parseNatsUrl(url);
  try {
    const { connect, jetstreamManager } = await loadLibrary();
    const connection = await connect(connectionOptions(address, "sluice check"));
    await jetstreamManager(connection).finally(() => connection.close());
  } catch (error) {
    const server = `NATS_URL cannot be used: ${address.servers.join(",")}`;
    throw new Failure("unavailable", `${server}: ${messageOf(error)}`, { cause: error });
  }
}

type Session = {
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly kvm: Kvm;
  /** Opened when first used. */
  readonly buckets: Map<string, Promise<KV>>;
  readonly objects: Map<string, Promise<ObjectStore>>;
};

class NatsBus implements bus.Bus {
  readonly #log: Log;
  readonly #connection: Connection<Session>;

  constructor(log: Log, connection: Connection<Session>) {
    this.#log = log;
    this.#connection = connection;
  }

  get isConnected(): boolean {
    return this.#connection.isConnected;
  }

  onConnection(listener: () => void): () => void {
    return this.#connection.onConnection(listener);
  }

  async publish(
    subject: string,
    data: Uint8Array,
    options: bus.PublishOptions = {},
  ): Promise<void> {
    const { messageId } = options;
    const known = messageId === undefined ? {} : { msgID: messageId };
    await this.#use(`publish ${subject}`, ({ js }) => js.publish(subject, data, known));
  }

  async ensureStream(options: bus.StreamOptions): Promise<bus.StreamState> {
    const { name } = options;
    return await this.#use(`stream ${name}`, async ({ jsm }) => {
      const wanted = configOf(options);
      const found = await streamInfo(jsm.streams, name);
      if (found === undefined) return stateOf(await jsm.streams.add({ name, ...wanted }));
      const isAsWanted = isSameConfig(found.config, wanted);
      return stateOf(isAsWanted ? found : await jsm.streams.update(name, wanted));
    });
  }

  async findStream(name: string, subject: string): Promise<bus.FoundStream | undefined> {
    return await this.#use(`stream ${name}`, ({ jsm }) => findStream(jsm.streams, name, subject));
  }

  async *consume(options: bus.ConsumeOptions): AsyncIterable<bus.BusMessage> {
    const { stream, subjects, signal } = options;
    const [only = ">"] = subjects;
    let { created, fromSeq, fromTimeMs } = options;
    for await (const { session, until } of this.#connection.sessions(signal)) {
      const info = await streamInfo(session.jsm.streams, stream).catch(() => null);
      if (info === null) continue;
      created = requireSame(info, { stream, created, fromSeq });
      const messages = this.#read(session, until, stream, {
        ...(fromTimeMs === undefined
          ? { opt_start_seq: fromSeq }
          : { opt_start_time: new Date(fromTimeMs).toISOString() }),
        ...(subjects.length === 1 ? { filter_subjects: only } : {}),
      });
      for await (const { seq, subject, data, timestampNanos } of messages) {
        if (signal.aborted) return;
        fromSeq = seq + 1;
        fromTimeMs = undefined;
        if (subjects.length > 1 && !subjects.some((one) => matchesSubject(one, subject))) continue;
        yield { seq, subject, data, timeMs: Number(timestampNanos / 1_000_000n) };
      }
    }
  }

  async store(name: string, options: bus.StoreOptions = {}): Promise<bus.KeyValueStore> {
    const bucketOf = ({ kvm, buckets }: Session) =>
      opened(buckets, name, () => kvm.create(name, { history: 1, ttl: options.ageMsMax ?? 0 }));
    await this.#use(`bucket ${name}`, bucketOf);
    return keyValueStore(
      (key, act) => this.#use(`bucket ${name}, ${key}`, async (all) => act(await bucketOf(all))),
      ({ signal }) => this.#watch(name, bucketOf, signal),
    );
  }

  async objects(name: string): Promise<bus.ObjectStore> {
    const bucketOf = ({ js, objects }: Session) =>
      opened(objects, name, async () => {
        // Of all processes only the monitor has a use for it.
        const { Objm, setSha256Backend } = await import("@nats-io/obj");
        // Its default hashes in JavaScript: a large snapshot then stops the process for a second.
        setSha256Backend("native");
        return await new Objm(js).create(name);
      });
    await this.#use(`objects ${name}`, bucketOf);
    return objectStore((key, act) =>
      this.#use(`objects ${name}, ${key}`, async (all) => act(await bucketOf(all))),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }

  async *#watch(
    bucket: string,
    bucketOf: (session: Session) => Promise<KV>,
    signal: AbortSignal,
  ): AsyncIterable<bus.KeyValueChange> {
    const stream = `KV_${bucket}`;
    const prefix = `$KV.${bucket}.`;
    for await (const { session, until } of this.#connection.sessions(signal)) {
      const info = await bucketOf(session)
        .then(() => streamInfo(session.jsm.streams, stream))
        .catch(() => undefined);
      if (info === undefined) {
        session.buckets.delete(bucket);
        continue;
      }
      const messages = this.#read(session, until, stream, {
        deliver_policy: lastPerSubject,
        filter_subjects: `${prefix}>`,
      });
      for await (const { seq, subject, data, headers } of messages) {
        if (signal.aborted) return;
        yield {
          key: subject.slice(prefix.length),
          value: (headers?.get("KV-Operation") ?? "") === "" ? data : undefined,
          revision: seq,
          isInitial: seq <= info.state.last_seq,
        };
      }
    }
  }

  /** Messages of an ordered consumer until the signal aborts or anything fails. */
  async *#read(
    session: Session,
    until: AbortSignal,
    stream: string,
    options: Partial<OrderedConsumerOptions>,
  ): AsyncIterable<JsMsg> {
    const consumer = await session.js.consumers.get(stream, options).catch(() => undefined);
    const messages = await consumer?.consume({
      max_messages: messagesAheadMax,
      expires: 2 * heartbeatMs,
      idle_heartbeat: heartbeatMs,
      abort_on_missing_resource: true,
    });
    if (messages === undefined) return;
    const stop = () => messages.stop();
    until.addEventListener("abort", stop);
    if (until.aborted) stop();
    try {
      yield* messages;
    } catch (error) {
      this.#log.debug("reading a stream anew", { stream, reason: messageOf(error) });
    } finally {
      until.removeEventListener("abort", stop);
      stop();
      if (!until.aborted) await consumer?.delete().catch(() => false);
    }
  }

  async #use<T>(what: string, act: (session: Session) => Promise<T>): Promise<T> {
    return await this.#connection.use(what, async (session) => {
      try {
        return await act(session);
      } catch (error) {
        const failure = toFailure(error, what);
        // A bucket that has gone is made again by the next one to use it.
        if (failure.code === "not-found") {
          session.buckets.clear();
          session.objects.clear();
        }
        throw failure;
      }
    });
  }
}

async function loadLibrary() {
  const [{ connect }, { jetstreamManager }, { Kvm }] = await Promise.all([
    import("@nats-io/transport-node"),
    import("@nats-io/jetstream"),
    import("@nats-io/kv"),
  ]);
  return { connect, jetstreamManager, Kvm };
}

async function dialServer(address: NatsAddress, name: string): Promise<Line<Session>> {
  const { connect, jetstreamManager, Kvm } = await loadLibrary();
  const connection = await connect(connectionOptions(address, name));
  const jsm = await jetstreamManager(connection, { checkAPI: false, timeout: answerMsMax });
  return {
    openSession: () => {
      const js = jsm.jetstream();
      return { js, jsm, kvm: new Kvm(js), buckets: new Map(), objects: new Map() };
    },
    changes: changesOf(connection.status()),
    peer: () => `${connection.getServer()} (${connection.info?.version ?? "?"})`,
    close: () => connection.close(),
  };
}

async function* changesOf(
  statuses: AsyncIterable<{ readonly type: string }>,
): AsyncIterable<"lost" | "back" | "other"> {
  for await (const { type } of statuses) {
    yield type === "disconnect" ? "lost" : type === "reconnect" ? "back" : "other";
  }
}
