import { describe, expect, test } from "vitest";
import { ModelState } from "#gen/sluice/control/v1/model_pb.ts";
import { statusCode } from "#wire/status.ts";
import { answerOf, floats, inferBytes, integers, turns } from "../support/infer.ts";
import { LinkClient, requestHeader } from "../support/link-client.ts";
import {
  identityModel,
  keptOutModel,
  lookupModel,
  mlpModel,
  slowModel,
} from "../support/models.ts";
import { writeModel } from "../support/onnx-writer.ts";
import { receiveSpans } from "../support/spans.ts";
import { startTestWorker } from "../support/worker.ts";

describe("a worker", () => {
  test("refuses what its model does not take, naming input, expected and got", async () => {
    await using worker = await startTestWorker({ files: { "1/model.onnx": mlpModel([4, 8, 2]) } });
    using link = new LinkClient(worker.address);
    await link.settled();
    const input = { name: "x", datatype: "FP32", shape: [1n, 4n] };
    const raw = [new Uint8Array(16)];
    const cases: [Uint8Array, string][] = [
      [floats(1, 5), 'input "x": expected shape [-1,4], got [1,5]'],
      [
        inferBytes({ inputs: [{ ...input, name: "z" }], rawInputContents: raw }),
        'unexpected input "z"',
      ],
      [inferBytes({}), 'missing input "x"'],
      [
        inferBytes({ inputs: [input], rawInputContents: [new Uint8Array(15)] }),
        "expected 16 bytes",
      ],
      [
        inferBytes({ inputs: [{ ...input, datatype: "INT32" }], rawInputContents: raw }),
        "expected FP32, got INT32",
      ],
      [
        inferBytes({ inputs: [input], rawInputContents: raw, outputs: [{ name: "q" }] }),
        'unexpected output "q"',
      ],
      [Uint8Array.of(1, 2, 3), "not a ModelInferRequest"],
    ];
    for (const [payload, problem] of cases) {
      const { header } = await link.ask(payload);
      expect(header.status).toBe(statusCode.invalidArgument);
      expect(header.message).toContain(problem);
    }
    expect(answerOf(await link.ask(floats(1, 4))).outputs).toHaveLength(1);
  });

  test.each([
    ["in chunks", 100_000, 20_000],
    ["in one piece", 1024, 1000],
  ])("refuses a request beyond the limit that comes %s, once, and goes on", async (...given) => {
    const [, limit, rows] = given;
    await using worker = await startTestWorker({
      files: { "1/model.onnx": identityModel("FP32") },
      env: { SLUICE_MESSAGE_BYTES_MAX: String(limit) },
    });
    using link = new LinkClient(worker.address);
    await link.settled();
    const { header } = await link.ask(floats(rows, 2));
    expect(header.status).toBe(statusCode.resourceExhausted);
    expect(header.message).toContain(`limit ${limit}`);
    expect(answerOf(await link.ask(floats(1, 2))).outputs).toHaveLength(1);
  });

  test("gives the error of a failing batch only to the request that cannot run", async () => {
    const delay = "batching: { queueDelayMs: 5 }";
    await using worker = await startTestWorker({
      files: { "1/model.onnx": lookupModel(10), "model.yaml": delay },
    });
    using link = new LinkClient(worker.address);
    const { description } = await link.settled();
    expect(description?.batching?.enabled).toBe(true);
    const ids = [1n, 2n, 99n, 3n, 4n].map((index) => link.begin(integers([index])));
    const replies = await Promise.all(ids.map((id) => link.reply(id)));
    const { internal } = statusCode;
    expect(replies.map(({ header }) => header.status)).toEqual([0, 0, internal, 0, 0]);
  });

  test("answers a request whose deadline passes in the queue at that moment", async () => {
    await using worker = await startTestWorker({ files: { "1/model.onnx": slowModel() } });
    using link = new LinkClient(worker.address);
    await link.settled();
    const first = link.begin(turns(20_000n));
    await link.until(({ started }) => started.includes(first));
    const { header } = await link.ask(turns(1n), { deadlineMs: 20 });
    expect(header.status).toBe(statusCode.deadlineExceeded);
    expect(link.started).toEqual([first]);
    expect((await link.reply(first)).header.status).toBe(0);
  });

  test("forgets a queued request that is cancelled, and gives its credit back", async () => {
    await using worker = await startTestWorker({ files: { "1/model.onnx": slowModel() } });
    using link = new LinkClient(worker.address);
    await link.settled();
    const granted = link.credit.requests;
    const first = link.begin(turns(20_000n));
    await link.until(({ started }) => started.includes(first));
    const second = link.begin(turns(1n));
    link.control({ case: "cancel", value: { ids: [second] } });
    await link.until(({ credit }) => credit.requests > granted);
    expect((await link.reply(first)).header.status).toBe(0);
    expect((await link.ask(turns(1n))).header.status).toBe(0);
    expect(link.started).toEqual([first, second + 1]);
  });

  test("tells where a request was that was cancelled, when it is asked", async () => {
    await using receiver = await receiveSpans();
    const { spans, env } = receiver;
    await using worker = await startTestWorker({ files: { "1/model.onnx": slowModel() }, env });
    using link = new LinkClient(worker.address);
    await link.settled();
    const first = link.begin(turns(20_000n));
    await link.until(({ started }) => started.includes(first));
    const header = requestHeader();
    const second = link.begin(turns(1n), header);
    link.control({ case: "cancel", value: { ids: [second] } });
    const predictionId = header.predictionId ?? new Uint8Array();
    link.control({ case: "keep", value: { predictionId, reason: "error" } });
    await expect.poll(() => spans.has("run m@1"), { timeout: 20_000, interval: 5 }).toBe(true);
    expect(spans.get("run m@1")).toMatchObject({
      traceId: Buffer.from(header.trace?.traceId ?? []).toString("hex"),
      attributes: { "rpc.grpc.status_code": statusCode.cancelled },
      error: "nobody waited for the answer",
    });
    await link.reply(first);
  });

  test("keeps the process and says why when the model cannot be served", async () => {
    await using worker = await startTestWorker({ files: { "1/model.onnx": keptOutModel("BF16") } });
    using link = new LinkClient(worker.address);
    const hello = await link.settled();
    expect(hello.state).toBe(ModelState.FAILED);
    expect(hello.reason).toContain("BF16");
    expect(worker.told).toEqual([{ type: "model", state: "failed", reason: hello.reason }]);
  });

  test("ends a link that begins more than it was granted", async () => {
    await using worker = await startTestWorker({ files: { "1/model.onnx": keptOutModel("BF16") } });
    using link = new LinkClient(worker.address);
    await link.settled();
    link.begin(floats(1, 2));
    await link.until(({ ended }) => ended !== undefined);
    expect(link.ended?.code).toBe(statusCode.invalidArgument);
    expect(link.ended?.details).toContain("beyond the credit");
  });

  test("answers a request whose parts cannot be joined, and goes on", async () => {
    const insisted = "batching: { rowsMax: 2, tolerance: .inf }";
    await using worker = await startTestWorker({
      files: { "1/model.onnx": widestModel(), "model.yaml": insisted },
    });
    using link = new LinkClient(worker.address);
    const { description } = await link.settled();
    expect(description?.batching?.enabled).toBe(true);
    const { header } = await link.ask(integers([1n, 1n, 3n, 3n]));
    expect(header.status).toBe(statusCode.internal);
    expect(header.message).toContain('output "y": rows of [1] and rows of [3]');
    expect(answerOf(await link.ask(integers([2n, 2n]))).outputs[0]?.shape).toEqual([2n, 2n]);
  });

  test("waits in its queue for a request that has weeks to go", async () => {
    await using worker = await startTestWorker({ files: { "1/model.onnx": slowModel() } });
    using link = new LinkClient(worker.address);
    await link.settled();
    const warnings: string[] = [];
    const warned = ({ name }: Error) => void warnings.push(name);
    process.on("warning", warned);
    const ids = [turns(5000n), turns(1n)].map((payload) =>
      link.begin(payload, { deadlineMs: 2 ** 32 - 1 }),
    );
    for (const id of ids) expect((await link.reply(id)).header.status).toBe(0);
    process.off("warning", warned);
    // What Node says of a timer that goes off at once because it was set for too late.
    expect(warnings).not.toContain("TimeoutOverflowWarning");
  });

  test("finishes what it holds when it is told to stop, and takes nothing more", async () => {
    await using worker = await startTestWorker({ files: { "1/model.onnx": slowModel() } });
    using link = new LinkClient(worker.address);
    await link.settled();
    const held = link.begin(turns(20_000n));
    const queued = link.begin(turns(1n));
    await link.until(({ started }) => started.includes(held));
    const stopped = worker.stop();
    await link.until(({ goodbye }) => goodbye !== undefined);
    const late = await link.ask(turns(1n));
    expect(late.header.status).toBe(statusCode.unavailable);
    expect((await link.reply(held)).header.status).toBe(0);
    expect((await link.reply(queued)).header.status).toBe(0);
    await link.until(({ ended }) => ended !== undefined);
    expect(link.ended?.code).toBe(0);
    await stopped;
  });

  test("crashes when a run never ends", async () => {
    const crashed = Promise.withResolvers<string>();
    await using worker = await startTestWorker({
      files: { "1/model.onnx": slowModel() },
      env: { SLUICE_RUN_MAX_MS: "50" },
      onCrash: ({ message }) => crashed.resolve(message),
    });
    using link = new LinkClient(worker.address);
    await link.settled();
    link.begin(turns(30_000n));
    expect(await crashed.promise).toContain("longer than 50 ms");
  });
});

/** Repeats each number as often as the largest says: `x` INT64 [N] to `y` INT64 [N,largest]. */
function widestModel(): Uint8Array {
  const whole = { keepdims: { int: 1 } };
  return writeModel({
    inputs: [{ name: "x", type: "INT64", shape: ["N"] }],
    outputs: [{ name: "y", type: "INT64", shape: ["N", "M"] }],
    nodes: [
      { op: "Unsqueeze", inputs: ["x", "one"], outputs: ["column"] },
      { op: "ReduceMax", inputs: ["x"], outputs: ["largest"], attributes: whole },
      {
        op: "Concat",
        inputs: ["one", "largest"],
        outputs: ["shape"],
        attributes: { axis: { int: 0 } },
      },
      { op: "Expand", inputs: ["column", "shape"], outputs: ["y"] },
    ],
    initializers: [{ name: "one", dtype: "INT64", shape: [1], data: BigInt64Array.of(1n) }],
  });
}
