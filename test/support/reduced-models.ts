import { seededDraw } from "#core/random.ts";
import { weights } from "./models.ts";
import { classicalDomain, writeModel } from "./onnx-writer.ts";

/** Tiny ONNX models of which more comes in or out than is watched. */

/** A score of texts: `review` BYTES [N] to `score` FP32 [N], 1 where it is "good", else 0. */
export function reviewModel(): Uint8Array {
  return writeModel({
    inputs: [{ name: "review", type: "BYTES", shape: ["N"] }],
    outputs: [{ name: "score", type: "FP32", shape: ["N"] }],
    nodes: [
      {
        op: "LabelEncoder",
        domain: classicalDomain,
        inputs: ["review"],
        outputs: ["score"],
        attributes: {
          keys_strings: { texts: ["good"] },
          values_floats: { floats: [1] },
          default_float: { float: 0 },
        },
      },
    ],
  });
}

/** `x` FP32 [N,4] to `vector` FP32 [N,32], as long as `x` is large. */
export function embeddingModel(): Uint8Array {
  return writeModel({
    inputs: [{ name: "x", type: "FP32", shape: ["N", 4] }],
    outputs: [{ name: "vector", type: "FP32", shape: ["N", 32] }],
    nodes: [{ op: "MatMul", inputs: ["x", "w"], outputs: ["vector"] }],
    initializers: [weights("w", [4, 32], seededDraw(1))],
  });
}
