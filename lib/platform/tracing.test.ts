import { createServer } from "node:net";
import { expect, it } from "vitest";
import { openTracing } from "./tracing.ts";

/** A port on which nobody listens any more. */
async function deadEndpoint(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

it("fails nothing when nobody takes the spans", async () => {
  const tracing = openTracing({ endpoint: await deadEndpoint(), service: "test" });
  tracing.tracer.startSpan("work").end();
  await expect(tracing[Symbol.asyncDispose]()).resolves.toBeUndefined();
});
