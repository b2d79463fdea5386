import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import type { BulkItem, BulkStream } from "#client/index.ts";
import { FeatureSchema } from "#gen/sluice/control/v1/model_pb.ts";
import type { Chunk } from "./chunk.ts";
import type { Sink } from "./part-file.ts";
import { BulkRun } from "./run.ts";
import { csvText } from "./write-text.ts";

type Items = AsyncIterable<BulkItem<Chunk>> | Iterable<BulkItem<Chunk>>;

/** Answers the first item once the input gives nothing more. */
function slowStream(items: Items): BulkStream<Chunk> {
  const bytes = new Uint8Array();
  const position = { streamId: bytes, resumeToken: bytes, nextItem: 0, answered: [] };
  const answers = (async function* () {
    const input = (items as AsyncIterable<BulkItem<Chunk>>)[Symbol.asyncIterator]();
    const { value } = await input.next();
    const rest = input.next();
    await Promise.race([rest, new Promise((resolve) => setTimeout(resolve, 50))]);
    yield { item: 0, tag: value.tag, predictions: { columns: { y: [1] } }, failedRows: [] };
    await rest;
  })();
  return Object.assign(answers, { position }) as unknown as BulkStream<Chunk>;
}

it("waits for a good row before it says that none is", async () => {
  const rows = ["1", ...Array.from({ length: 300 }, () => "bad")].map((x) => ({ x }));
  let written = "";
  const write = async (text: string) => {
    written += text;
  };
  const sink = { bytes: 0, write, sync: async () => {} } as unknown as Sink;
  const features = [create(FeatureSchema, { name: "x", datatype: "FP32" })];
  const table = {
    columns: ["x"],
    isText: true,
    declared: new Map(),
    rows: async function* () {
      yield rows;
    },
    share: () => undefined,
  };
  const play = new BulkRun(
    { features, isTyped: false, run: {}, rowsPerItem: 1, isKept: true, state: undefined },
    { table, sink, text: csvText, open: slowStream, save: async () => {}, onProgress: () => {} },
  );
  await play.play();
  expect([play.rows, play.rowsFailed]).toEqual([301, 300]);
  expect(written.split("\n").slice(0, 2)).toEqual(["x,y,error", "1,1,"]);
});
