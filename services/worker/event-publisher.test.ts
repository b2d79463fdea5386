import { join } from "node:path";
import { expect, test } from "vitest";
import { openBus } from "#platform/bus/nats.ts";
import { silentLog } from "#platform/log.ts";
import { openMetrics } from "#platform/metrics.ts";
import { predictionSubject } from "#wire/event/subject.ts";
import { startTestNats } from "../../test/support/nats.ts";
import { tempDir } from "../../test/support/temp.ts";
import { EventPublisher } from "./event-publisher.ts";
import { WorkerEvents } from "./events.ts";

test("drops the oldest messages and counts their rows while the bus is away", async () => {
  await using dir = await tempDir();
  const listen = { socket: join(dir.path, "metrics.sock") };
  await using metrics = await openMetrics({ service: "worker", labels: {}, listen });
  const events = new WorkerEvents({ log: silentLog, meter: metrics.meter });
  // Nothing listens on the discard port.
  await using bus = await openBus({ url: "nats://t@127.0.0.1:9", name: "test", log: silentLog });
  const publisher = new EventPublisher({ subject: "s", bufferBytesMax: 100 }, { bus, events });
  for (let seq = 1; seq <= 10; seq += 1) {
    publisher.enqueue({ id: `p:${seq}`, data: new Uint8Array(40), rows: seq });
  }
  expect(publisher.bytes).toBeLessThanOrEqual(100);
  // One is being tried and two wait: the others, 2 to 8, have gone.
  expect(await metrics.expose()).toMatch(/event_rows_total\{[^}]*dropped[^}]*\} 35\b/);
  await publisher[Symbol.asyncDispose]();
  expect(publisher.bytes).toBe(0);
  expect(await metrics.expose()).toMatch(/event_rows_total\{[^}]*dropped[^}]*\} 55\b/);
});

test("drops a message the server does not take, and goes on with the next", async () => {
  await using dir = await tempDir();
  const listen = { socket: join(dir.path, "metrics.sock") };
  await using metrics = await openMetrics({ service: "worker", labels: {}, listen });
  const events = new WorkerEvents({ log: silentLog, meter: metrics.meter });
  await using nats = await startTestNats();
  await using bus = await openBus({ url: nats.url, name: "test", log: silentLog });
  const subject = predictionSubject({ model: "m", version: 1 });
  await using publisher = new EventPublisher({ subject, bufferBytesMax: 2 ** 23 }, { bus, events });
  // A nats-server takes a mebibyte unless it is told otherwise.
  publisher.enqueue({ id: "p:1", data: new Uint8Array(2 ** 21), rows: 7 });
  publisher.enqueue({ id: "p:2", data: new Uint8Array(40), rows: 1 });
  await publisher.drain(20_000);
  const text = await metrics.expose();
  expect(text).toMatch(/event_messages_total\{[^}]*published[^}]*\} 1\b/);
  expect(text).toMatch(/event_rows_total\{[^}]*dropped[^}]*\} 7\b/);
}, 60_000);
