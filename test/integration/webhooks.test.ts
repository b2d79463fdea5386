import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { openBus } from "#platform/bus/nats.ts";
import { alertStream, monitorBucket } from "#platform/bus/streams.ts";
import { type Log, silentLog } from "#platform/log.ts";
import { newsMessage } from "../../services/monitor/alerts/news-message.ts";
import { Webhook } from "../../services/monitor/alerts/webhook.ts";
import { readEnv, toConfig } from "../../services/monitor/config.ts";
import { startMonitor } from "../../services/monitor/monitor.ts";
import { sampleChange } from "../support/alerts.ts";
import { eventually } from "../support/monitor.ts";
import { startTestNats } from "../support/nats.ts";
import { monitorEnv, type SpawnedMonitor, spawnMonitor } from "../support/spawn-monitor.ts";
import { tempDir } from "../support/temp.ts";
import {
  isSigned,
  startWebhookReceiver,
  type WebhookReceiver,
} from "../support/webhook-receiver.ts";

const key = Buffer.alloc(32, 7);

describe("a webhook", () => {
  it("is told once of what begins and ends, signed, as it is stored", async () => {
    await using cluster = await start();
    const { receiver, open, tell } = cluster;
    const before = await tell("x");
    await using monitor = await open();
    const begun = await tell("x", { from: "pending", to: "firing" });
    await tell("x", { from: "firing", to: "clearing" });
    await tell("x", { from: "clearing", to: "firing" });
    await tell("x", { from: "firing", to: "clearing" });
    const ended = await tell("x", { from: "clearing", to: "ok" });
    await cluster.publish("sluice.retrain.wine", '{"specversion":"1.0","id":"r-1"}');
    const told = await bodiesWhen(receiver, 3);
    expect(told).toEqual([begun.body, ended.body, '{"specversion":"1.0","id":"r-1"}']);
    expect(told).not.toContain(before.body);
    for (const [index, id] of [begun.id, ended.id, "r-1"].entries()) {
      const one = received(receiver, index);
      expect(isSigned(one, key)).toBe(true);
      expect(one.path).toBe("/alerts?key=private");
      expect(one.headers).toMatchObject({
        "webhook-id": id,
        "content-type": "application/cloudevents+json",
      });
    }
    await deliveriesWhen(monitor, { delivered: 3 });
    expect(cluster.logged.join("\n")).toContain(new URL(receiver.url).host);
    expect(cluster.logged.join("\n")).not.toMatch(/private|\/alerts/);
  });

  it("is told again where it could not take an event, and then of the next", async () => {
    await using cluster = await start();
    const { receiver, open, tell } = cluster;
    await using monitor = await open();
    receiver.answerWith(503, 302);
    const first = await tell("x");
    const second = await tell("y");
    const told = await bodiesWhen(receiver, 4);
    expect(told).toEqual([first.body, first.body, first.body, second.body]);
    // The redirect was not followed, and what is sent again is signed again.
    expect(new Set(receiver.received.map(({ path }) => path)).size).toBe(1);
    expect(receiver.received.every((one) => isSigned(one, key))).toBe(true);
    await deliveriesWhen(monitor, { failed: 2, delivered: 2 });
  });

  it("is not told again of what it refuses, nor of what is no event", async () => {
    await using cluster = await start();
    const { receiver, open, tell } = cluster;
    await using monitor = await open();
    receiver.answerWith(400, 410);
    const first = await tell("x");
    const second = await tell("y");
    await cluster.publish("sluice.alert.wine.drift", "garbage");
    const third = await tell("z");
    const told = await bodiesWhen(receiver, 3);
    expect(told).toEqual([first.body, second.body, third.body]);
    await deliveriesWhen(monitor, { given_up: 2, unreadable: 1, delivered: 1 });
  });

  it("is told what came while no monitor was there, and while it was away itself", async () => {
    await using cluster = await start();
    const { receiver, open, tell } = cluster;
    const first = await open();
    const one = await tell("x");
    await bodiesWhen(receiver, 1);
    await deliveriesWhen(first, { delivered: 1 });
    await first[Symbol.asyncDispose]();
    const two = await tell("y");
    await using _second = await open();
    expect(await bodiesWhen(receiver, 2)).toEqual([one.body, two.body]);
    await cluster.nats.stop();
    await cluster.nats.start();
    const three = await tell("z");
    // What NATS did not get to save is told again.
    const told = () => [...new Set(receiver.received.map(({ body }) => body))];
    await eventually(async () => (told().includes(three.body) ? true : undefined));
    expect(told()).toEqual([one.body, two.body, three.body]);
  });

  it("is told by another monitor of what one could not deliver before it was killed", async () => {
    await using cluster = await start();
    const { receiver, spawn, tell } = cluster;
    await using first = await spawn();
    receiver.answerWith(503, 503);
    const one = await tell("x");
    await bodiesWhen(receiver, 1);
    await first.kill();
    await using _second = await spawn();
    const two = await tell("y");
    await eventually(async () => (receiver.received.length === 4 ? true : undefined));
    const taken = receiver.received.filter(({ status }) => status === 204);
    expect(taken.map(({ body }) => body)).toEqual([one.body, two.body]);
    expect(receiver.received.every((received) => isSigned(received, key))).toBe(true);
  });

  it("is told once by several monitors, and on by those that stay", async () => {
    await using cluster = await start();
    const { receiver, open, tell } = cluster;
    const monitors = [await open(), await open(), await open()];
    const told: string[] = [];
    for (const [index, monitor] of monitors.entries()) {
      told.push((await tell(`x${index}`)).body, (await tell(`y${index}`)).body);
      expect(await bodiesWhen(receiver, told.length)).toEqual(told);
      // What was taken when a monitor is told to stop may be told again.
      const taken = () => cluster.logged.filter((line) => line.includes("has taken")).length;
      await eventually(async () => (taken() === told.length ? true : undefined));
      await monitor[Symbol.asyncDispose]();
    }
  });

  it("that is down holds up no other", async () => {
    await using cluster = await start();
    const { receiver, open, tell } = cluster;
    await using monitor = await open("http://127.0.0.1:9/discard");
    const told = [await tell("x"), await tell("y")];
    expect(await bodiesWhen(receiver, 2)).toEqual(told.map(({ body }) => body));
    await deliveriesWhen(monitor, { delivered: 2, failed: expect.any(Number) });
  });
});

type Opened = Awaited<ReturnType<typeof startMonitor>>;

/** A receiver, and monitors that tell it of what is stored. */
async function start() {
  await using opened = new AsyncDisposableStack();
  const nats = opened.use(await startTestNats());
  const models = opened.use(await tempDir());
  const receiver = opened.use(await startWebhookReceiver());
  const bus = opened.use(await openBus({ url: nats.url, name: "test", log: silentLog }));
  await eventually(() => bus.ensureStream(alertStream));
  const logged: string[] = [];
  const all = opened.move();
  const open = async (...others: readonly string[]): Promise<Opened> => {
    const config = toConfig(readEnv(settingsOf(nats.url, models.path, [receiver.url, ...others])));
    const monitor = await startMonitor(config, { log: remember(logged) });
    const isTold = () => logged.filter((line) => line.includes("is told of alerts")).length;
    await eventually(async () => (isTold() > others.length ? true : undefined));
    return monitor;
  };
  const spawn = async (): Promise<SpawnedMonitor> => {
    const monitor = await spawnMonitor(settingsOf(nats.url, models.path, [receiver.url]));
    const { name } = new Webhook({ url: new URL(receiver.url), secret: key });
    const keys = await eventually(() => bus.store(monitorBucket));
    await eventually(() => keys.get(`webhook.${name}`));
    return monitor;
  };
  const publish = async (subject: string, body: string) => {
    const bytes = new TextEncoder().encode(body);
    const messageId = randomUUID();
    await eventually(() => bus.publish(subject, bytes, { messageId }).then(() => true));
  };
  let windows = 0;
  const tell = async (feature: string, of: Parameters<typeof sampleChange>[0] = {}) => {
    windows += 1;
    const change = sampleChange({ feature, ...of });
    const evidence = { ...change.evidence, endMs: windows * 60_000 };
    const news = { kind: "alert", change: { ...change, evidence } } as const;
    const message = newsMessage(news, { cluster: "local", model: "wine", created: "" });
    await publish(message.subject, message.body);
    return message;
  };
  const disposed = { [Symbol.asyncDispose]: () => all.disposeAsync() };
  return { nats, receiver, logged, open, spawn, publish, tell, ...disposed };
}

function settingsOf(natsUrl: string, models: string, webhooks: readonly string[]) {
  return {
    ...monitorEnv(natsUrl, models),
    // Half of it is longer than a busy machine keeps a process waiting.
    SLUICE_LEASE_MS: "3000",
    SLUICE_ALERT_WEBHOOKS: webhooks.join(),
    SLUICE_ALERT_WEBHOOK_SECRET: `whsec_${key.toString("base64")}`,
  };
}

function remember(lines: string[]): Log {
  const add = (message: string, fields?: object) => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  return { debug: add, info: add, warn: add, error: add };
}

/** Bodies of what came, when there are that many. */
async function bodiesWhen({ received }: WebhookReceiver, count: number): Promise<string[]> {
  return await eventually(async () =>
    received.length < count ? undefined : received.map(({ body }) => body),
  );
}

function received({ received }: WebhookReceiver, index: number) {
  const one = received[index];
  if (one === undefined) throw new Error(`only ${received.length} have come`);
  return one;
}

/** Waits until the monitor has counted these outcomes. */
async function deliveriesWhen(monitor: Opened, expected: Readonly<Record<string, number>>) {
  await eventually(async () => {
    const text = await (await fetch(`http://${monitor.ready.metrics}/metrics`)).text();
    const lines = text.matchAll(/^sluice_webhook_deliveries_total\{.*outcome="(\w+)".*\} (\d+)$/gm);
    const counts = [...lines].map(([, outcome, count]) => [outcome, Number(count)] as const);
    expect(counts.length).toBe(5);
    expect(Object.fromEntries(counts.filter(([, count]) => count > 0))).toEqual(expected);
    return true;
  });
}
