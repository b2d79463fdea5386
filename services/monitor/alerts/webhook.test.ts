import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { Webhook } from "./webhook.ts";

let open = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

const secret = new Uint8Array(32);
const message = { id: "a", body: new TextEncoder().encode("{}") };
const never = new AbortController().signal;

async function webhookTo(listener: RequestListener): Promise<Webhook> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.defer(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  });
  const { port } = server.address() as AddressInfo;
  return webhookAt(`http://user:word@127.0.0.1:${port}/private`);
}

function webhookAt(url: string): Webhook {
  return new Webhook({ url: new URL(url), secret });
}

it("posts to an address with what is in it, and tells what it is asked to wait", async () => {
  let authorization: string | undefined;
  const webhook = await webhookTo((request, response) => {
    ({ authorization } = request.headers);
    response.writeHead(429, { "retry-after": "7" }).end();
  });
  const answer = await webhook.post(message, never);
  expect(answer).toEqual({ status: 429, retryAfterMs: 7000, reason: "HTTP 429" });
  expect(authorization).toBe(`Basic ${btoa("user:word")}`);
  expect(webhook.host).toMatch(/^127\.0\.0\.1:\d+$/);
});

it("takes a date to wait for as none", async () => {
  const webhook = await webhookTo((_, response) => {
    response.writeHead(503, { "retry-after": "Fri, 27 Nov 2026 00:00:00 GMT" }).end();
  });
  expect(await webhook.post(message, never)).toMatchObject({ status: 503, retryAfterMs: 0 });
});

it("reads no more of an answer than it must", async () => {
  const closed = Promise.withResolvers<void>();
  const webhook = await webhookTo((_, response) => {
    const write = () => {
      while (!response.destroyed && response.write(Buffer.alloc(10_000)));
    };
    response.writeHead(200);
    response.on("drain", write).on("close", () => closed.resolve());
    write();
  });
  expect(await webhook.post(message, never)).toMatchObject({ status: 200 });
  await closed.promise;
});

it("does not wait any longer than it may for an answer", async () => {
  const stop = new AbortController();
  const webhook = await webhookTo(() => stop.abort());
  const { status, reason } = await webhook.post(message, stop.signal);
  expect(status).toBeUndefined();
  expect(reason).not.toContain("private");
});

it("says why there is no answer, without the address", async () => {
  const { status, reason } = await webhookAt("http://127.0.0.1:9/private").post(message, never);
  expect(status).toBeUndefined();
  expect(reason).toMatch(/ECONNREFUSED/);
  expect(reason).not.toContain("private");
});

it("has a name that is an address's own and does not tell it", () => {
  const { name } = webhookAt("http://a/private");
  expect(name).toMatch(/^[0-9a-f]{32}$/);
  expect(webhookAt("http://a/private").name).toBe(name);
  expect(webhookAt("http://a/private2").name).not.toBe(name);
});
