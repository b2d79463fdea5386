import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Health } from "#platform/rpc/health.ts";
import { RpcServer } from "#platform/rpc/server.ts";

const script = fileURLToPath(new URL("../deploy/docker/health/main.ts", import.meta.url));

async function serve(health: Health): Promise<RpcServer> {
  const options = { address: "127.0.0.1:0", setting: "", messageBytesMax: 1024, drainMsMax: 1000 };
  return await RpcServer.listen(options, [], (server) => health.addTo(server));
}

async function exitCode(...addresses: string[]): Promise<number> {
  return await new Promise((resolve) => {
    const child = execFile(process.execPath, [script, ...addresses]);
    child.once("exit", (code) => resolve(code ?? -1));
  });
}

/** An address at which nobody listens: that of a server that has just closed. */
async function deadAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

describe("the container's health check", () => {
  it("succeeds when one of the addresses serves, and fails when none does", async () => {
    const health = new Health();
    await using server = await serve(health);
    const dead = await deadAddress();
    health.set("", true);
    expect(await exitCode(dead, server.address)).toBe(0);
    health.set("", false);
    expect(await exitCode(dead, server.address)).toBe(1);
    expect(await exitCode(dead)).toBe(1);
  });
});
