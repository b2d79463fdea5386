// Runs in a project that has installed the client, with whatever Node is asked: one prediction by
// name, the same by tensors, one that fails. Prints the version of Node when all is as it should be.
import assert from "node:assert/strict";
import { SluiceClient, SluiceError } from "sluice-client";

const client = new SluiceClient(process.env.SLUICE_SERVER ?? "127.0.0.1:8001");
const names = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"];
const records = [0.01, -0.02].map((value) =>
  Object.fromEntries(names.map((name) => [name, value])),
);

const reply = await client.predict(
  { model: "diabetes", records },
  { explain: true, sampled: true },
);
const [one, two] = reply.rows().map(({ progression }) => Number(progression));
assert(one > 20 && two > 20 && one !== two);
assert.match(reply.predictionId, /^[0-9a-f-]{36}$/);
assert.match(reply.traceId ?? "", /^[0-9a-f]{32}$/);
assert(reply.serverTiming !== undefined && reply.serverTiming.total >= reply.serverTiming.run);

const data = Float32Array.from(names, () => 0.01);
const features = { name: "features", datatype: "FP32", shape: [1, names.length], data };
const { outputs } = await client.infer({ model: "diabetes", inputs: [features] });
assert(Math.abs(outputs[0].data[0] - one) < 1e-3);

const items = Array.from({ length: 40 }, (_, tag) => ({ records, tag }));
const tags = [];
for await (const { tag, predictions, failedRows } of client.bulk({ model: "diabetes" }, items)) {
  assert.equal(failedRows.length, 0);
  assert(Math.abs(Number(predictions.columns.progression[0]) - one) < 1e-3);
  tags.push(tag);
}
assert.deepEqual(
  tags,
  items.map(({ tag }) => tag),
);

await assert.rejects(client.predict({ model: "none", records }), (error) => {
  return error instanceof SluiceError && error.code === "not-found";
});

await client[Symbol.asyncDispose]();
process.stdout.write(`${process.version}\n`);
