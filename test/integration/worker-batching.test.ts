import { describe, expect, test } from "vitest";
import { answerOf, floats, outputFloats, turns } from "../support/infer.ts";
import { LinkClient } from "../support/link-client.ts";
import { identityModel, slowModel } from "../support/models.ts";
import { startTestWorker, type TestWorker } from "../support/worker.ts";

/** Long enough for everything that is sent meanwhile to arrive. */
const longRun = turns(20_000n);
const shortRun = turns(1n);

async function startBatching(batching: string, model = slowModel()): Promise<TestWorker> {
  const files = { "1/model.onnx": model, "model.yaml": `batching: { ${batching} }` };
  return await startTestWorker({ files });
}

async function openLink(worker: TestWorker): Promise<LinkClient> {
  const link = new LinkClient(worker.address);
  await link.settled();
  return link;
}

/** Begins a request that keeps the only thread first, and waits until it runs. */
async function occupy(link: LinkClient): Promise<number> {
  const id = link.begin(longRun);
  await link.until(({ started }) => started.includes(id));
  return id;
}

describe("a worker that batches", () => {
  test("lets more urgent requests overtake", async () => {
    await using worker = await startBatching("rowsMax: 1, priorityLevels: 3");
    using link = await openLink(worker);
    const first = await occupy(link);
    const later = [3, 0, 1].map((priority) => link.begin(shortRun, { priority }));
    await Promise.all(later.map((id) => link.reply(id)));
    const [low, middle, high] = later;
    expect(link.started).toEqual([first, high, middle, low]);
  });

  test("gives replies in the order of their requests where that is asked for", async () => {
    await using worker = await startBatching(
      "rowsMax: 1, priorityLevels: 2, orderingPreserved: true",
    );
    using link = await openLink(worker);
    const first = await occupy(link);
    const low = link.begin(shortRun, { priority: 2 });
    const cancelled = link.begin(shortRun, { priority: 2 });
    const high = link.begin(shortRun, { priority: 1 });
    link.control({ case: "cancel", value: { ids: [cancelled] } });
    await Promise.all([low, high].map((id) => link.reply(id)));
    expect(link.started).toEqual([first, high, low]);
    expect(link.answered).toEqual([first, low, high]);
  });

  test("closes a batch for the deadline of one in it, long before its delay is over", async () => {
    await using worker = await startBatching("queueDelayMs: 3600000", identityModel("FP32"));
    using link = await openLink(worker);
    for (const deadlineMs of [4000, 3000]) {
      const asked = [link.begin(floats(1, 2, 5)), link.begin(floats(2, 2, 6), { deadlineMs })];
      const replies = await Promise.all(asked.map((id) => link.reply(id)));
      for (const { header } of replies) {
        expect(header.batch).toMatchObject({ rows: 3, requests: 2, closedBy: "deadline" });
      }
      expect(replies.map((reply) => outputFloats(answerOf(reply))[0])).toEqual([5, 6]);
    }
  });

  test("frees rows and room in the queue when a request is cancelled", async () => {
    await using worker = await startBatching("rowsMax: 1, queueRowsMax: 1");
    using link = await openLink(worker);
    const first = await occupy(link);
    const second = link.begin(shortRun);
    expect((await link.ask(shortRun)).header.status).toBe(8);
    link.control({ case: "cancel", value: { ids: [second] } });
    const fourth = link.begin(shortRun);
    expect((await link.reply(fourth)).header.status).toBe(0);
    expect(link.started).toEqual([first, fourth]);
  });

  test("has room in the queue however much of bulk items waits", async () => {
    await using worker = await startBatching("rowsMax: 1, queueRowsMax: 1");
    using link = await openLink(worker);
    await occupy(link);
    const items = [1, 2].map(() => link.begin(shortRun, { bulk: true }));
    const online = link.begin(shortRun);
    expect((await link.reply(online)).header.status).toBe(0);
    const replies = await Promise.all(items.map((id) => link.reply(id)));
    expect(replies.map(({ header }) => header.status)).toEqual([0, 0]);
  });

  test("runs what gets its turn by a bulk item that is cancelled", async () => {
    const model = identityModel("FP32", ["N", "M"]);
    await using worker = await startBatching("rowsMax: 4, queueDelayMs: 3600000", model);
    using link = await openLink(worker);
    // Items of different widths wait apart, all of them for their delay.
    const [first] = [1, 2, 3].map((width) => link.begin(floats(3, width), { bulk: true }));
    const full = link.begin(floats(4, 4), { bulk: true });
    link.control({ case: "cancel", value: { ids: [first ?? 0] } });
    expect((await link.reply(full)).header.status).toBe(0);
  });

  test("tells every caller of the batch it was in", async () => {
    await using worker = await startBatching("rowsMax: 4", identityModel("FP32"));
    using link = await openLink(worker);
    const answers = [floats(4, 2), floats(3, 2), floats(3, 2)].map((asked) => link.begin(asked));
    const replies = await Promise.all(answers.map((id) => link.reply(id)));
    const told = replies.map((reply) => {
      const { parameters } = answerOf(reply);
      return parameters["sluice_batch_closed_by"]?.parameterChoice.value;
    });
    expect(told).toEqual(["full", "full", "idle"]);
    const inParts = await link.ask(floats(9, 2));
    expect(inParts.header.batch).toMatchObject({ rows: 1, requests: 1, closedBy: "idle" });
    const rows = answerOf(inParts).parameters["sluice_batch_rows"]?.parameterChoice.value;
    expect(Number(rows)).toBe(1);
  });

  test("divides its credit among gateways, and tells them how long a batch takes", async () => {
    await using worker = await startBatching("rowsMax: 16", identityModel("FP32"));
    using first = await openLink(worker);
    expect(first.credit.requests).toBe(32);
    using other = await openLink(worker);
    await other.until(({ credit }) => credit.requests > 0);
    expect(other.credit.requests).toBe(4);
    const ids = Array.from({ length: 4 }, () => other.begin(floats(1, 2)));
    await Promise.all(ids.map((id) => other.reply(id)));
    // It came to its end. What the other does not use is not taken back.
    await other.until(({ credit }) => credit.requests >= 4 + 28);
    await other.until(({ loads }) => (loads.at(-1)?.batchRunUs ?? 0) > 0);
    expect(first.credit.requests).toBe(32);
  });
});
