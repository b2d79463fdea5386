import { create, toBinary } from "@bufbuild/protobuf";
import { afterEach, expect, it } from "vitest";
import { ModelInferRequestSchema } from "#gen/inference/grpc_service_pb.ts";
import { inferRequest } from "../support/gateway.ts";
import { startLinkedGateway } from "../support/gateway-probe.ts";
import { LinkWorker } from "../support/link-worker.ts";

let open = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

/** A request that waits at most so long for a worker. */
function hurried(timeoutUs: bigint): Uint8Array {
  const timeout = { parameterChoice: { case: "int64Param", value: timeoutUs } } as const;
  const message = { modelName: "m", rawInputContents: [new Uint8Array(8)] };
  const request = create(ModelInferRequestSchema, { ...message, parameters: { timeout } });
  return toBinary(ModelInferRequestSchema, request);
}

it("refuses at once what would wait longer than it may, and says when to try again", async () => {
  const worker = open.use(await LinkWorker.start({ credit: 4 }));
  const gateway = open.use(await startLinkedGateway([worker]));
  const answers = Array.from({ length: 150 }, () =>
    gateway.infer(inferRequest(), { deadlineMs: 50_000 }),
  );
  // How fast workers answer is known when they have answered some while others waited.
  const known = Promise.withResolvers<void>();
  let heard = 0;
  for (const answer of answers) {
    void answer.then(() => {
      heard += 1;
      if (heard === 30) known.resolve();
    });
  }
  for (let answered = 0; answered < 40; answered += 1) (await worker.next()).reply();
  await known.promise;
  const refused = await gateway.infer(hurried(100n));
  expect(refused.code).toBe(8);
  expect(refused.details).toMatch(/^would wait [0-9]+ ms for a worker of m@1, limit 0 ms$/);
  expect(Number(refused.metadata["grpc-retry-pushback-ms"])).toBeGreaterThanOrEqual(10);
  const patient = gateway.infer(inferRequest());
  for (let answered = 40; answered < 151; answered += 1) (await worker.next()).reply();
  expect((await patient).code).toBe(0);
  expect(new Set((await Promise.all(answers)).map(({ code }) => code))).toEqual(new Set([0]));
});
