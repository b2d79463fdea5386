import { afterEach, expect, it } from "vitest";
import { ModelState } from "#gen/sluice/control/v1/model_pb.ts";
import { statusCode } from "#wire/status.ts";
import { inferRequest, type TestGateway, type TestGatewayOptions } from "../support/gateway.ts";
import { nextOf, startLinkedGateway, states, within } from "../support/gateway-probe.ts";
import { healthOf } from "../support/health.ts";
import { LinkWorker, type LinkWorkerOptions } from "../support/link-worker.ts";

let open = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

async function startWorker(options: LinkWorkerOptions = {}): Promise<LinkWorker> {
  return open.use(await LinkWorker.start(options));
}

async function startGateway(
  workers: readonly LinkWorker[],
  options: Omit<TestGatewayOptions, "workers"> = {},
): Promise<TestGateway> {
  return open.use(await startLinkedGateway(workers, options));
}

it("gives what a lost worker had not started to another, and the caller sees nothing", async () => {
  const [one, two] = [await startWorker(), await startWorker({ instance: "m-1-1" })];
  const gateway = await startGateway([one, two]);
  const answers = Array.from({ length: 8 }, () => gateway.infer(inferRequest()));
  await expect.poll(() => one.waiting + two.waiting, within).toBe(8);
  const [loser, other] = one.waiting > 0 ? [one, two] : [two, one];
  await loser.kill();
  for (let count = 0; count < 8; count += 1) (await other.next()).reply();
  for (const answer of await Promise.all(answers)) expect(answer.code).toBe(0);
});

it("tries what a lost worker was running once more, alone", async () => {
  const [one, two] = [await startWorker(), await startWorker({ instance: "m-1-1" })];
  const gateway = await startGateway([one, two]);
  const answer = gateway.infer(inferRequest());
  const [loser, request] = await nextOf([one, two]);
  await request.start();
  await loser.kill();
  await loser.listen();
  const [, again] = await nextOf([one, two]);
  expect(again.begin).toMatchObject({ attempt: 2, alone: true });
  expect(again.begin.predictionId).toEqual(request.begin.predictionId);
  again.reply();
  expect((await answer).code).toBe(0);
});

it("answers INTERNAL when a second worker is lost, and runs the request no more", async () => {
  const [one, two] = [await startWorker(), await startWorker({ instance: "m-1-1" })];
  const gateway = await startGateway([one, two]);
  const answer = gateway.infer(inferRequest());
  for (let losses = 0; losses < 2; losses += 1) {
    const [loser, request] = await nextOf([one, two]);
    await request.start();
    await loser.kill();
    await loser.listen();
  }
  expect(await answer).toMatchObject({
    code: statusCode.internal,
    details: expect.stringMatching(/was lost while it ran this request alone/),
  });
  expect(await gateway.infer(inferRequest())).toMatchObject({
    code: statusCode.internal,
    details: expect.stringMatching(/^two workers were lost over this input: refused for/),
  });
  const other = gateway.infer(inferRequest("m", { id: "another" }));
  (await nextOf([one, two]))[1].reply();
  expect((await other).code).toBe(0);
});

it("answers UNAVAILABLE with when to try again if no other worker serves the version", async () => {
  const worker = await startWorker();
  const gateway = await startGateway([worker]);
  const answer = gateway.infer(inferRequest());
  const request = await worker.next();
  await request.start();
  await worker.kill();
  const { code, details, metadata } = await answer;
  expect([code, details]).toEqual([
    statusCode.unavailable,
    "worker m-1-0 was lost: no other serves m@1",
  ]);
  expect(Number(metadata["grpc-retry-pushback-ms"])).toBeGreaterThan(0);
  expect(await gateway.infer(inferRequest())).toMatchObject({ code: statusCode.unavailable });
});

it("takes up a link again when its worker is back", async () => {
  const worker = await startWorker();
  const gateway = await startGateway([worker]);
  await worker.kill();
  await expect.poll(() => healthOf(gateway.grpc, "m"), within).toBe("NOT_SERVING");
  expect(await healthOf(gateway.grpc)).toBe("SERVING");
  await worker.listen();
  await expect.poll(() => healthOf(gateway.grpc, "m/1"), within).toBe("SERVING");
  const answer = gateway.infer(inferRequest());
  (await worker.next()).reply();
  expect((await answer).code).toBe(0);
});

it("sends nothing new to a worker that says goodbye, and waits for what it holds", async () => {
  const [one, two] = [await startWorker({ credit: 1 }), await startWorker({ instance: "m-1-1" })];
  const gateway = await startGateway([one, two]);
  one.send({ case: "goodbye", value: { reason: "stopping" } });
  await expect.poll(() => states(gateway.grpc), within).toContain(ModelState.DRAINING);
  const answers = Array.from({ length: 10 }, () => gateway.infer(inferRequest()));
  for (let count = 0; count < 10; count += 1) (await two.next()).reply();
  for (const answer of await Promise.all(answers)) expect(answer.code).toBe(0);
  expect(one.waiting).toBe(0);
});
