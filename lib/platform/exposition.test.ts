import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, it } from "vitest";
import { fetchExposition } from "./exposition.ts";

it("names the address that does not answer", async () => {
  await expect(fetchExposition("unix:/nowhere/metrics.sock", 1_000)).rejects.toThrow(
    /no metrics from unix:\/nowhere\/metrics.sock: /,
  );
});

it("gives up on an address that stays silent", async () => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  await expect(fetchExposition(`127.0.0.1:${port}`, 50)).rejects.toThrow("no answer in 50 ms");
  silent.close();
});
