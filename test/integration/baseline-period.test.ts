import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { expect, it } from "vitest";
import { openBus } from "#platform/bus/nats.ts";
import { predictionStream } from "#platform/bus/streams.ts";
import { silentLog } from "#platform/log.ts";
import { encodePredictionEvent } from "#wire/event/encode.ts";
import { predictionSubject } from "#wire/event/subject.ts";
import { samplesDir } from "../support/cluster.ts";
import { eventually } from "../support/monitor.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { evenly, makeEvent, type SampleEvent } from "../support/prediction-events.ts";
import { sluice } from "../support/sluice.ts";

it("says why there is no baseline of a period", { timeout: 60_000 }, async () => {
  await using nats = await startTestNats();
  const baseline = (...args: string[]) =>
    sluice(["baseline", "wine@1", "--models", samplesDir, "-o", "-", ...args], {
      env: { NATS_URL: nats.url, SLUICE_DATA: "/nowhere" },
    });
  expect(await baseline()).toMatchObject({
    code: 2,
    errors: expect.stringContaining("--constraints and --since is needed"),
  });
  expect(await baseline("--since", "soon")).toMatchObject({
    code: 2,
    errors: expect.stringContaining("--since must be a time like"),
  });
  expect(await baseline("--since", "1h")).toMatchObject({
    code: 1,
    errors: "sluice: NATS holds no prediction of wine@1 in the period\n",
  });

  await using publisher = await openPublisher(nats);
  const { publish } = publisher;
  const timeMs = Date.now();
  await publish({ of: [{ id: 1, timeMs, x: evenly(7) }] });
  expect(await baseline("--since", "1h")).toMatchObject({
    code: 1,
    errors: expect.stringMatching(
      /all rows of wine@1 in the period are of another model file: d{12}, while model\.onnx/,
    ),
  });
  const digest = await digestOfWine();
  await publish({ digest, of: [{ id: 2, timeMs, role: "shadow" }], seq: 2, rowsTotal: 8 });
  await publish({ digest, of: [{ id: 3, timeMs, x: evenly(3) }], seq: 3, rowsTotal: 11 });
  await publish({ digest, of: [{ id: 3, timeMs, x: evenly(3) }], seq: 3, rowsTotal: 11 });
  const made = await baseline("--since", "1h");
  expect(made).toMatchObject({ code: 0, errors: expect.stringContaining("wine@1  3 rows") });
  expect(made.errors).toMatch(/left out: 7 rows of another model file \(d{12}, not [0-9a-f]{12}\)/);
  expect(made.errors).toContain("not in the period: the features");

  await letGo(nats, 3);
  const gone = await baseline("--since", "1h");
  expect(gone).toMatchObject({
    code: 1,
    errors: expect.stringMatching(
      /no longer holds the beginning of the period .*: it begins at (\S+); say --since \1\n$/,
    ),
  });
  const since = /--since (\S+)/.exec(gone.errors)?.[1] ?? "";
  expect(await baseline("--since", since, "--json")).toMatchObject({
    code: 1,
    errors: expect.stringContaining("no row of wine@1 was answered in the period"),
  });

  await nats.stop();
  expect(await baseline("--since", "1h")).toMatchObject({
    code: 3,
    errors: expect.stringContaining("NATS_URL cannot be used"),
  });
});

it("says so where no cluster is known", async () => {
  const args = ["baseline", "wine", "--models", samplesDir, "--since", "1h"];
  const env = { NATS_URL: "", SLUICE_DATA: "/nowhere" };
  expect(await sluice(args, { env })).toMatchObject({
    code: 3,
    errors: expect.stringContaining("no running cluster's NATS is known"),
  });
});

async function openPublisher(nats: TestNats) {
  const bus = await openBus({ url: nats.url, name: "test", log: silentLog });
  await eventually(() => bus.ensureStream(predictionStream));
  const publish = async (given: SampleEvent) => {
    const event = makeEvent(given);
    await bus.publish(predictionSubject(event), encodePredictionEvent(event));
  };
  return { publish, [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose]() };
}

/** Lets the stream forget what comes before a sequence. */
async function letGo(nats: TestNats, seq: number): Promise<void> {
  const connection = await connect({ servers: new URL(nats.url).host, token: tokenOf(nats) });
  const jsm = await jetstreamManager(connection);
  await jsm.streams.purge(predictionStream.name, { seq });
  await connection.close();
}

function tokenOf({ url }: TestNats): string {
  return decodeURIComponent(new URL(url).username);
}

async function digestOfWine(): Promise<string> {
  const bytes = await readFile(join(samplesDir, "wine", "1", "model.onnx"));
  return createHash("sha256").update(bytes).digest("hex");
}
