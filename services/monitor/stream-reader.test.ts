import { expect, it } from "vitest";
import type { Bus, KeyValueStore, ObjectStore } from "#platform/bus/bus.ts";
import { openBus } from "#platform/bus/nats.ts";
import { predictionStream } from "#platform/bus/streams.ts";
import { silentLog } from "#platform/log.ts";
import { openMetrics } from "#platform/metrics.ts";
import { encodePredictionEvent } from "#wire/event/encode.ts";
import { predictionSubject } from "#wire/event/subject.ts";
import { eventually } from "../../test/support/monitor.ts";
import { startTestNats } from "../../test/support/nats.ts";
import { makeEvent } from "../../test/support/prediction-events.ts";
import { ConsumerSpans } from "./consumer-spans.ts";
import { Definitions } from "./definitions.ts";
import { MonitorEvents } from "./events.ts";
import { Lease } from "./lease.ts";
import { type Position, Snapshots } from "./snapshots.ts";
import { StreamReader } from "./stream-reader.ts";
import { WatchedModel } from "./watched-model.ts";
import { WatchedModels } from "./watched-models.ts";

it("reads a model that is taken meanwhile from its own position on", async () => {
  await using cluster = await start();
  const { bus, models, watched } = cluster;
  const { created } = await bus.ensureStream(predictionStream);
  await publish(bus, "wine", 1);
  await publish(bus, "beer", 1);
  await publish(bus, "wine", 2);
  const wine = await watched("wine", undefined);
  models.take(wine);
  await using reading = cluster.read();
  await eventually(async () => (wine.seq === 3 ? true : undefined));

  const beer = await watched("beer", { created, seq: 1 });
  models.take(beer);
  await publish(bus, "wine", 3);
  await eventually(async () => (wine.seq === 4 ? true : undefined));
  expect(beer.seq).toBe(1);
  reading.reader.restart();
  await eventually(async () => (beer.seq === 4 ? true : undefined));
  expect(beer.watch.report(1)?.counters).toMatchObject({ messages: 1, messagesPurged: 0 });
  expect(wine.watch.report(1)?.counters).toMatchObject({ messages: 3, messagesDuplicate: 0 });
});

async function publish(bus: Bus, model: string, seq: number): Promise<void> {
  const event = makeEvent({ model, seq, rowsTotal: seq, of: [{ id: seq }] });
  await bus.publish(predictionSubject(event), encodePredictionEvent(event));
}

async function start() {
  await using opened = new AsyncDisposableStack();
  const nats = opened.use(await startTestNats());
  const bus = opened.use(await openBus({ url: nats.url, name: "test", log: silentLog }));
  const keys = await eventually(() => bus.store("test"));
  const objects = await bus.objects("test");
  const listen = { host: "127.0.0.1", port: 0, setting: "" };
  const { meter } = opened.use(await openMetrics({ service: "monitor", labels: {}, listen }));
  const definitions = await Definitions.open("/nowhere", () => {});
  const models = new WatchedModels();
  const events = new MonitorEvents({ log: silentLog, meter });
  const spans = new ConsumerSpans({ export: () => {} });
  const all = opened.move();
  return {
    bus,
    models,
    watched: (model: string, position: Position | undefined) =>
      watch(model, position, { keys, objects, definitions }),
    read: () => {
      const stop = new AbortController();
      const reader = new StreamReader({ bus, models, events, spans, onStranger: () => {} });
      const running = reader.run(stop.signal);
      const end = async () => {
        stop.abort();
        await running;
      };
      return { reader, [Symbol.asyncDispose]: end };
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** A model with a claim, as if it had been saved at `position`. */
async function watch(
  model: string,
  position: Position | undefined,
  modules: {
    readonly keys: KeyValueStore;
    readonly objects: ObjectStore;
    readonly definitions: Definitions;
  },
): Promise<WatchedModel> {
  const { keys, objects, definitions } = modules;
  const lease = new Lease({ key: `lease.${model}`, holder: "test", leaseMs: 600_000 }, keys);
  await lease.claim();
  const uniqueName = () => "unused";
  const options = { model, epoch: 1, stream: predictionStream.name, uniqueName };
  const snapshots = new Snapshots(options, { keys, objects });
  const loaded = { saved: undefined, position, feedback: undefined, problem: undefined };
  return await WatchedModel.restore({ model, graceMs: 0 }, loaded, {
    definitions,
    lease,
    snapshots,
  });
}
