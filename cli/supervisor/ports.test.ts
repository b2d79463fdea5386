import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, it } from "vitest";
import { portOrFree, requirePorts } from "./ports.ts";

const free = {
  grpc: 0,
  metrics: 0,
  monitorGrpc: 0,
  monitorHttp: 0,
  monitorMetrics: 0,
  otlp: 0,
};

async function takenPort(): Promise<AsyncDisposable & { port: number }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: async () => void server.close() };
}

it("names a taken port, its process and its setting", async () => {
  await using taken = await takenPort();
  const required = requirePorts("127.0.0.1", { ...free, metrics: taken.port }, true);
  await expect(required).rejects.toThrow(
    `port ${taken.port} of the gateway's metrics cannot be had on 127.0.0.1: ` +
      "it is already in use (SLUICE_METRICS_PORT)",
  );
});

it("asks for the monitor's ports only where there is one", async () => {
  await using taken = await takenPort();
  const ports = { ...free, monitorHttp: taken.port };
  await expect(requirePorts("127.0.0.1", ports, true)).rejects.toThrow(/SLUICE_MONITOR_HTTP_PORT/);
  await expect(requirePorts("127.0.0.1", ports, false)).resolves.toBeUndefined();
});

it("refuses one port for two processes, and an address that is not this machine's", async () => {
  const port = await portOrFree("127.0.0.1", 0);
  const twice = requirePorts("127.0.0.1", { ...free, grpc: port, monitorGrpc: port }, true);
  await expect(twice).rejects.toThrow(/the gateway asks for it too/);
  const elsewhere = requirePorts("192.0.2.1", { ...free, grpc: port }, true);
  await expect(elsewhere).rejects.toThrow(/SLUICE_HOST/);
});

it("takes a free port for 0 and for one that is taken", async () => {
  await using taken = await takenPort();
  expect(await portOrFree("127.0.0.1", 0)).toBeGreaterThan(0);
  const other = await portOrFree("127.0.0.1", taken.port);
  expect(other).not.toBe(taken.port);
  expect(await portOrFree("127.0.0.1", other)).toBe(other);
});
