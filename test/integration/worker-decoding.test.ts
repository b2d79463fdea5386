import { describe, expect, test } from "vitest";
import { healthOf } from "../support/health.ts";
import { answerOf, inferBytes } from "../support/infer.ts";
import { LinkClient } from "../support/link-client.ts";
import { identityModel } from "../support/models.ts";
import { startTestWorker } from "../support/worker.ts";

/** A little less than what a request may list one by one. */
const integersMax = 2 ** 20 - 100;
const smallCalls = 20;

describe("a worker that decodes a large request", () => {
  test("goes on answering small ones and health, and answers it as any other", async () => {
    await using worker = await startInteger();
    using link = new LinkClient(worker.address);
    await link.settled();
    const values = Array.from({ length: integersMax }, (_, index) => BigInt(index % 100));
    const payload = row(values);
    const large = link.begin(payload);
    await link.until(({ chunkBytesRead }) => chunkBytesRead >= payload.byteLength);
    for (let call = 0; call < smallCalls; call += 1) await link.ask(row([1n, 2n]));
    expect(await healthOf(worker.address)).toBe("SERVING");
    expect(link.answered).not.toContain(large);
    const reply = await link.reply(large);
    expect(reply.header).toMatchObject({ status: 0, rows: 1, message: "" });
    expect(reply.header.timings?.decodeUs).toBeGreaterThan(0);
    const answered = answerOf(reply).rawOutputContents[0] ?? new Uint8Array(0);
    expect(new BigInt64Array(answered.slice().buffer)).toEqual(BigInt64Array.from(values));
  });

  test("answers texts as they came", async () => {
    const model = identityModel("BYTES", ["N", "W"]);
    await using worker = await startTestWorker({ files: { "1/model.onnx": model } });
    using link = new LinkClient(worker.address);
    await link.settled();
    const texts = Array.from({ length: 50_000 }, (_, index) => `tëxt ${index}`);
    const bytesContents = texts.map((text) => new TextEncoder().encode(text));
    const inputs = [{ name: "x", datatype: "BYTES", shape: [1n, BigInt(texts.length)] }];
    const raw = lengthPrefixed(bytesContents);
    const typed = [{ ...inputs[0], contents: { bytesContents } }];
    for (const init of [{ inputs, rawInputContents: [raw] }, { inputs: typed }]) {
      expect(answerOf(await link.ask(inferBytes(init))).rawOutputContents).toEqual([raw]);
    }
  });

  test("tells only its caller what is wrong with it", async () => {
    await using worker = await startInteger();
    using link = new LinkClient(worker.address);
    await link.settled();
    const wrong = link.begin(row(new Array(50_000).fill(1n), 49_999));
    const right = link.begin(row(new Array(50_000).fill(1n)));
    const { header } = await link.reply(wrong);
    expect(header.status).toBe(3);
    expect(header.message).toContain('input "x"');
    answerOf(await link.reply(right));
  });

  test("frees what is cancelled meanwhile, and answers the next", async () => {
    await using worker = await startInteger();
    using link = new LinkClient(worker.address);
    await link.settled();
    const { requests } = link.credit;
    const payload = row(new Array(integersMax).fill(1n));
    const ids = [link.begin(payload), link.begin(payload)];
    await link.until(({ chunkBytesRead }) => chunkBytesRead >= 2 * payload.byteLength);
    link.control({ case: "cancel", value: { ids } });
    await link.until(({ credit }) => credit.requests === requests + ids.length);
    expect(link.answered).toEqual([]);
    answerOf(await link.ask(row(new Array(50_000).fill(1n))));
    expect(link.answered).toHaveLength(1);
  });
});

async function startInteger() {
  return await startTestWorker({
    files: { "1/model.onnx": identityModel("INT64", ["N", "W"]) },
  });
}

/** One row of integers, one by one. */
function row(values: readonly bigint[], width: number = values.length): Uint8Array {
  const contents = { int64Contents: [...values] };
  const shape = [1n, BigInt(width)];
  return inferBytes({ inputs: [{ name: "x", datatype: "INT64", shape, contents }] });
}

function lengthPrefixed(texts: readonly Uint8Array[]): Uint8Array {
  const bytes = Buffer.concat(
    texts.flatMap((text) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(text.byteLength);
      return [length, text];
    }),
  );
  return new Uint8Array(bytes);
}
