import { it } from "vitest";
import { setTimeout as delay } from "node:timers/promises";
import { startTestGateway, inferRequest } from "./test/support/gateway.ts";
import { LinkWorker } from "./test/support/link-worker.ts";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");
const log = (...a: unknown[]) => process.stderr.write(performance.now().toFixed(0) + " " + a.join(" ") + "\n");
const mem = () => { gc(); const m = process.memoryUsage(); return `heap ${(m.heapUsed/1e6).toFixed(1)} rss ${(m.rss/1e6).toFixed(0)} ext ${(m.external/1e6).toFixed(1)}`; };
it("requests", async () => {
  const w = await LinkWorker.start({ credit: 128 });
  let stop = false;
  const serve = (async () => { while (!stop) (await w.next()).reply({ timings: { runUs: 10 } as never }); })();
  void serve;
  const g = await startTestGateway({ workers: [{ instance: w.instance, address: w.address }] });
  await g.serving;
  const payload = inferRequest("m", { bytes: 300 });
  for (let round = 0; round < 5; round += 1) {
    const s = performance.now(); let n = 0;
    await Promise.all(Array.from({ length: 64 }, async () => { for (let i = 0; i < 150; i += 1) { const r = await g.infer(payload); if (r.code !== 0) throw new Error(r.details); n += 1; } }));
    log("round", round, n, (n / (performance.now() - s) * 1000).toFixed(0) + "/s", mem());
  }
  const big = inferRequest("m", { bytes: 20_000_000 });
  for (let i = 0; i < 3; i += 1) { const s = performance.now(); await g.infer(big); log("20MB both ways", (performance.now() - s).toFixed(0), mem()); }
  stop = true;
  await g.stop();
}, 100_000);
it("dials", async () => {
  const { Link } = await import("./gateway/link.ts");
  for (let i = 0; i < 6; i += 1) {
    for (let k = 0; k < 200; k += 1) {
      const done = Promise.withResolvers<void>();
      const link = new Link({ gateway: "g", cluster: "local", ref: { model: "m", version: 1 }, worker: { instance: "i", address: "unix:/nowhere/x.sock", metrics: "" } }, { draw: Math.random, listener: { onState: () => done.resolve(), onReply() {}, onCapacity() {}, onUp() {}, onLost() {} } });
      await done.promise;
      link[Symbol.dispose]();
    }
    await delay(50);
    log("dials", (i + 1) * 200, mem());
  }
}, 100_000);
