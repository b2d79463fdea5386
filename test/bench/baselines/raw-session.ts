/**
 * ONNX Runtime's `session.run` with nothing around it, on the main thread of this process, for the
 * model file in its argument. `run` gives the output of one run, `rate` how many rows a second it
 * manages at a batch size.
 */
import { messageOf } from "#core/failure.ts";
import { openOnnxSession } from "../../../services/worker/onnx-session.ts";

export type RawQuestion = {
  readonly kind: "run" | "rate";
  readonly shape: readonly number[];
  readonly data: Float32Array;
  /** For `rate`: how long to go on. */
  readonly seconds: number;
};

const [path = ""] = process.argv.slice(2);
const session = await openOnnxSession({
  source: { kind: "path", path },
  threads: 1,
  isFixedShape: false,
});
const outputs = session.outputs.map(({ name }) => name);

process.on("message", (question: RawQuestion) => {
  answer(question).then(
    (reply) => process.send?.(reply),
    (error: unknown) => process.send?.({ kind: "failed", reason: messageOf(error) }),
  );
});
process.on("disconnect", () => process.exit());
process.send?.({ kind: "ready" });

async function answer({ kind, shape, data, seconds }: RawQuestion) {
  const tensor = { name: "x", dtype: "FP32", shape, data } as const;
  if (kind === "run") {
    const [output] = await session.run([tensor], outputs);
    return { kind: "ran", shape: output?.shape ?? [], data: output?.data };
  }
  const startMs = performance.now();
  let runs = 0;
  for (; performance.now() - startMs < seconds * 1000; runs += 1) {
    await session.run([tensor], outputs);
  }
  const rows = (shape[0] ?? 1) * runs;
  return { kind: "rated", rowsPerSecond: rows / ((performance.now() - startMs) / 1000) };
}
