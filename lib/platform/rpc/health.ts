import * as grpc from "@grpc/grpc-js";
import {
  type HealthList,
  type HealthReply,
  type HealthRequest,
  type HealthStatus,
  readHealthRequest,
  writeHealthList,
  writeHealthReply,
} from "#wire/health.ts";

type Watch = grpc.ServerWritableStream<HealthRequest, HealthReply>;

/** Others are asked about one by one, as the specification allows. */
const listedMax = 100;

/**
 * `grpc.health.v1`: Check, Watch and List. A name never set is NOT_FOUND to Check and
 * SERVICE_UNKNOWN to Watch, which goes on to tell when it appears. Watchers are told of changes
 * alone, and stay until they go or this is disposed of: a server with a watcher never drains.
 */
export class Health implements Disposable {
  readonly #statuses = new Map<string, HealthStatus>();
  readonly #watches = new Map<string, Set<Watch>>();
  #isDisposed = false;

  set(name: string, isServing: boolean): void {
    const status = isServing ? "SERVING" : "NOT_SERVING";
    if (this.#statuses.get(name) === status) return;
    this.#statuses.set(name, status);
    for (const watch of this.#watches.get(name) ?? []) watch.write({ status });
  }

  /** Turns every name NOT_SERVING: what a process says when it has been told to stop. */
  stop(): void {
    for (const name of this.#statuses.keys()) this.set(name, false);
  }

  /** Ends every Watch, those to come as soon as they have been answered. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    for (const watches of this.#watches.values()) watches.forEach(end);
    this.#watches.clear();
  }

  addTo(server: grpc.Server): void {
    server.addService(definition, {
      check: (
        call: { readonly request: HealthRequest },
        callback: grpc.sendUnaryData<HealthReply>,
      ) => {
        const name = call.request.service;
        const status = this.#statuses.get(name);
        if (status !== undefined) return callback(null, { status });
        const details = `nothing is known of the health of ${name.slice(0, 80)}`;
        callback({ code: grpc.status.NOT_FOUND, details });
      },
      watch: (call: Watch) => this.#watch(call),
      list: (_: unknown, callback: grpc.sendUnaryData<HealthList>) => {
        const { size } = this.#statuses;
        if (size <= listedMax) return callback(null, { statuses: this.#statuses });
        const details = `${size} names, of which at most ${listedMax} are listed`;
        callback({ code: grpc.status.RESOURCE_EXHAUSTED, details });
      },
    });
  }

  #watch(call: Watch): void {
    const name = call.request.service;
    call.write({ status: this.#statuses.get(name) ?? "SERVICE_UNKNOWN" });
    if (this.#isDisposed) {
      end(call);
      return;
    }
    const watches = this.#watches.get(name) ?? new Set();
    this.#watches.set(name, watches.add(call));
    call.on("cancelled", () => {
      watches.delete(call);
      if (watches.size === 0) this.#watches.delete(name);
    });
  }
}

/** Whoever watches tries again, and finds another server or none. */
function end(watch: Watch): void {
  watch.emit("error", { code: grpc.status.UNAVAILABLE, details: "the server is stopping" });
}

export const healthServiceName = "grpc.health.v1.Health";

/** Only a server's half of it is ever used. */
const serverOnly = {
  requestSerialize: unused,
  requestDeserialize: readHealthRequest,
  responseSerialize: writeHealthReply,
  responseDeserialize: unused,
  requestStream: false,
  responseStream: false,
};

const definition: grpc.ServiceDefinition = {
  Check: { ...serverOnly, path: `/${healthServiceName}/Check`, originalName: "check" },
  Watch: {
    ...serverOnly,
    path: `/${healthServiceName}/Watch`,
    originalName: "watch",
    responseStream: true,
  },
  List: {
    ...serverOnly,
    path: `/${healthServiceName}/List`,
    originalName: "list",
    requestDeserialize: () => ({}),
    responseSerialize: writeHealthList,
  },
};

function unused(): never {
  throw new TypeError("only a client does this");
}
