import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { Failure } from "#core/failure.ts";
import { HttpServer, jsonReply, type Route } from "./http.ts";

let open = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

const errors: unknown[] = [];
const bodiesBytesMax = 5_000;

async function serve(routes: readonly Route[]): Promise<string> {
  const listen = { host: "127.0.0.1", port: 0, setting: "SLUICE_X" };
  const onError = (error: unknown) => errors.push(error);
  const limits = { drainMsMax: 5_000, bodiesBytesMax };
  const server = open.use(await HttpServer.listen({ listen, routes, ...limits, onError }));
  return `http://${server.address}`;
}

const report: Route = {
  method: "GET",
  path: "/reports/:model",
  handle: ({ params, query }) => jsonReply({ model: params["model"], limit: query.get("limit") }),
};

function failing(error: unknown): Route {
  return { method: "GET", path: "/failing", handle: () => Promise.reject(error) };
}

const echo: Route = {
  method: "POST",
  path: "/echo",
  handle: async (request) => ({
    status: 200,
    type: "text/plain",
    body: await request.body(1_000),
  }),
};

describe("HttpServer", () => {
  it("gives a route its parameters and query", async () => {
    const url = await serve([report]);
    const reply = await fetch(`${url}/reports/w%C3%AFne?limit=3`);
    expect(await reply.json()).toEqual({ model: "wïne", limit: "3" });
    expect(reply.headers.get("content-type")).toBe("application/json");
  });

  it("answers HEAD like GET, without the body", async () => {
    const reply = await fetch(`${await serve([report])}/reports/wine`, { method: "HEAD" });
    expect([reply.status, await reply.text()]).toEqual([200, ""]);
  });

  it("answers 404 for an unknown path and 405 for an unknown method", async () => {
    const url = await serve([report]);
    expect((await fetch(`${url}/reports`)).status).toBe(404);
    expect((await fetch(`${url}/reports/wine`, { method: "POST" })).status).toBe(405);
    expect((await fetch(`${url}/reports/%FF`)).status).toBe(400);
  });

  it("turns a Failure into its status and a JSON error", async () => {
    const url = await serve([failing(new Failure("not-found", "no trace abc"))]);
    const reply = await fetch(`${url}/failing`);
    expect(reply.status).toBe(404);
    expect(await reply.json()).toEqual({ error: { code: "not-found", message: "no trace abc" } });
    expect(errors).toEqual([]);
  });

  it("answers 500 for anything else that is thrown, and tells", async () => {
    const bug = new Error("bug");
    const url = await serve([failing(bug)]);
    expect((await fetch(`${url}/failing`)).status).toBe(500);
    expect(errors.splice(0)).toEqual([bug]);
  });

  it("gives a route the body, plain or gzip", async () => {
    const url = await serve([echo]);
    const plain = await fetch(`${url}/echo`, { method: "POST", body: "hello" });
    expect(await plain.text()).toBe("hello");
    const headers = { "content-encoding": "gzip" };
    const packed = await fetch(`${url}/echo`, { method: "POST", body: gzipSync("hello"), headers });
    expect(await packed.text()).toBe("hello");
  });

  it.each([
    ["too large", "x".repeat(1_001), "", 400],
    ["too large when it is unpacked", gzipSync("x".repeat(1_001)), "gzip", 400],
    ["not gzip though it says so", "hello", "gzip", 400],
    ["packed in another way", "hello", "br", 400],
  ])("refuses a body that is %s", async (_what, body, encoding, status) => {
    const headers = { "content-encoding": encoding };
    const reply = await fetch(`${await serve([echo])}/echo`, { method: "POST", body, headers });
    expect(reply.status).toBe(status);
  });

  it("refuses a body when those under way take all the memory there is for them", async () => {
    const release = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const hold: Route = {
      method: "POST",
      path: "/hold",
      handle: async (request) => {
        await request.body(bodiesBytesMax);
        started.resolve();
        await release.promise;
        return jsonReply("done");
      },
    };
    const url = await serve([hold, echo]);
    const held = fetch(`${url}/hold`, { method: "POST", body: Buffer.alloc(bodiesBytesMax - 10) });
    await started.promise;
    expect((await fetch(`${url}/echo`, { method: "POST", body: "x".repeat(100) })).status).toBe(
      429,
    );
    expect((await fetch(`${url}/echo`, { method: "POST", body: "x" })).status).toBe(200);
    release.resolve();
    expect((await held).status).toBe(200);
    expect((await fetch(`${url}/echo`, { method: "POST", body: "x".repeat(100) })).status).toBe(
      200,
    );
  });

  it("tells nobody of a client that went away while it was sending", async () => {
    const ended = Promise.withResolvers<unknown>();
    const reading: Route = {
      method: "POST",
      path: "/read",
      handle: async (request) => {
        await request.body(1_000).catch((error: unknown) => {
          ended.resolve(error);
          throw error;
        });
        return jsonReply("read");
      },
    };
    const { hostname, port } = new URL(await serve([reading]));
    const socket = connect(Number(port), hostname);
    socket.write("POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc", () => {
      socket.destroy();
    });
    expect(await ended.promise).toMatchObject({ code: "cancelled" });
    await open.disposeAsync();
    expect(errors).toEqual([]);
  });

  it("lets a request under way finish when it is disposed of", async () => {
    const release = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const slow: Route = {
      method: "GET",
      path: "/slow",
      handle: async () => {
        started.resolve();
        await release.promise;
        return jsonReply("done");
      },
    };
    const reply = fetch(`${await serve([slow])}/slow`);
    await started.promise;
    const closing = open.disposeAsync();
    release.resolve();
    expect(await (await reply).json()).toBe("done");
    await closing;
  });

  it("takes a free port where that is allowed and the wanted one is taken", async () => {
    const port = Number(new URL(await serve([report])).port);
    const listen = { host: "127.0.0.1", port, setting: "SLUICE_X" };
    const options = { routes: [report], drainMsMax: 0, onError: () => {} };
    const other = open.use(
      await HttpServer.listen({ ...options, listen: { ...listen, orFree: true } }),
    );
    expect(other.port).not.toBe(port);
    await expect(HttpServer.listen({ ...options, listen })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port} (SLUICE_X): it is already in use`,
    );
  });
});
