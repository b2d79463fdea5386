import { expect, it } from "vitest";
import { SluiceClient, SluiceError } from "#client/index.ts";
import { statusCode } from "#wire/status.ts";
import { FakeGateway } from "../support/fake-gateway.ts";

const request = { model: "m", records: [{ x: 1 }, { x: 2.5 }] } as const;

it("predicts from records and from columns alike", async () => {
  await using gateway = await FakeGateway.start();
  await using client = new SluiceClient(gateway.address);
  const reply = await client.predict<{ double: number; label: string }>({ ...request, id: "mine" });
  expect(reply.rows()).toEqual([
    { double: 2, label: "1" },
    { double: 5, label: "2.5" },
  ]);
  expect(reply).toMatchObject({ model: "m", version: 1, id: "mine", rowCount: 2, attempts: 1 });
  expect(reply.predictionId).toBe("p1");
  const { columns } = await client.predict({ model: "m", columns: { x: Float64Array.of(1, 2.5) } });
  expect(columns).toEqual(reply.columns);
});

it("tells the caller's trace, or begins one", async () => {
  await using gateway = await FakeGateway.start();
  await using client = new SluiceClient(gateway.address);
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
  expect((await client.predict(request, { traceparent })).traceId).toBe(traceId);
  expect((await client.predict(request, { sampled: true })).traceId).toMatch(/^[0-9a-f]{32}$/);
  expect((await client.predict(request)).traceId).toBeUndefined();
});

it("retries what passes, and waits as long as it is told", async () => {
  const refusals = [
    { code: statusCode.unavailable },
    { code: statusCode.resourceExhausted, retryAfterMs: 5 },
  ];
  await using gateway = await FakeGateway.start({ onPredict: (call) => refusals[call - 1] });
  await using client = new SluiceClient(gateway.address, { retry: { firstMs: 1 } });
  expect((await client.predict(request)).attempts).toBe(3);
});

it.each([
  [{ code: statusCode.resourceExhausted }, "resource-exhausted"],
  [{ code: statusCode.invalidArgument }, "invalid-argument"],
  [{ code: statusCode.internal }, "internal"],
])("does not retry %j", async (refusal, code) => {
  await using gateway = await FakeGateway.start({ onPredict: () => refusal });
  await using client = new SluiceClient(gateway.address);
  const refused = client.predict(request);
  await expect(refused).rejects.toBeInstanceOf(SluiceError);
  await expect(refused).rejects.toMatchObject({ code, message: "refused" });
  expect(gateway.predictCalls).toBe(1);
});

it("gives up, with the delay it was told, where that is beyond the deadline", async () => {
  const refusal = { code: statusCode.resourceExhausted, retryAfterMs: 60_000 };
  await using gateway = await FakeGateway.start({ onPredict: () => refusal });
  await using client = new SluiceClient(gateway.address);
  const refused = client.predict(request, { deadlineMs: 5_000 });
  await expect(refused).rejects.toMatchObject({ retryAfterMs: 60_000 });
  expect(gateway.predictCalls).toBe(1);
});

it("moves on to another gateway where one does not answer", async () => {
  await using gateway = await FakeGateway.start();
  await using client = new SluiceClient(["127.0.0.1:1", gateway.address, "127.0.0.1:1"]);
  for (let call = 0; call < 5; call++) await client.predict(request);
  expect(gateway.predictCalls).toBe(5);
});

it("lets no GOAWAY and no killed gateway reach the application", async () => {
  await using one = await FakeGateway.start();
  await using other = await FakeGateway.start();
  await using client = new SluiceClient([one.address, other.address]);
  const batch = () => Promise.all(Array.from({ length: 50 }, () => client.predict(request)));
  await batch();
  one.goAway();
  await batch();
  other.goAway();
  await batch();
  const during = batch();
  await one[Symbol.asyncDispose]();
  await during;
  await batch();
});

it("reconnects to a gateway that comes back", async () => {
  const first = await FakeGateway.start();
  const port = Number(first.address.split(":")[1]);
  await using client = new SluiceClient(first.address);
  await client.predict(request);
  await first[Symbol.asyncDispose]();
  const during = client.predict(request, { deadlineMs: 20_000 });
  await using second = await FakeGateway.start({}, port);
  await during;
  expect(second.predictCalls).toBe(1);
});

it("ends on abort and on close with `cancelled`", async () => {
  await using gateway = await FakeGateway.start({
    onPredict: () => ({ code: statusCode.unavailable, retryAfterMs: 30_000 }),
  });
  const client = new SluiceClient(gateway.address);
  const reason = new Error("no longer wanted");
  const signal = AbortSignal.abort(reason);
  const aborted = client.predict(request, { signal });
  await expect(aborted).rejects.toMatchObject({ code: "cancelled", cause: reason });
  const waiting = client.predict(request);
  await client.close();
  await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
});

it("refuses rows that make no columns before anything is sent", async () => {
  await using client = new SluiceClient("127.0.0.1:1");
  const none = client.predict({ model: "m", records: [] });
  await expect(none).rejects.toMatchObject({ code: "invalid-argument" });
  const uneven = client.predict({ model: "m", columns: { x: [1], y: [1, 2] } });
  await expect(uneven).rejects.toThrow('feature "y" has 2 values, "x" 1');
});
