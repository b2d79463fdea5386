import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export type ReceivedWebhook = {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** What was answered. */
  readonly status: number;
};

export type WebhookReceiver = AsyncDisposable & {
  readonly url: string;
  readonly received: readonly ReceivedWebhook[];
  /** What comes next is answered with these, and what comes then with 204. */
  answerWith(...statuses: readonly number[]): void;
};

/** A real HTTP server that is told of alerts. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = [];
  const statuses: number[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const status = statuses.shift() ?? 204;
    const { url: path = "", headers } = request;
    received.push({ path, headers, body, status });
    const location = `http://${headers.host}/elsewhere`;
    response.writeHead(status, status === 302 ? { location } : {}).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/alerts?key=private`,
    received,
    answerWith: (...next) => statuses.push(...next),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** Whether what came was signed with the key, as a receiver finds out. */
export function isSigned({ headers, body }: ReceivedWebhook, key: Uint8Array): boolean {
  const { "webhook-id": id, "webhook-timestamp": seconds } = headers;
  const mac = createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64");
  const isNow = Math.abs(Date.now() / 1000 - Number(seconds)) < 300;
  return isNow && headers["webhook-signature"] === `v1,${mac}`;
}
