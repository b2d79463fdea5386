import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ModelVersionSchema } from "#gen/sluice/control/v1/control_pb.ts";
import { ModelState } from "#gen/sluice/control/v1/model_pb.ts";
import { formatModels } from "./model-view.ts";
import { plain } from "./output.ts";

const input = (name: string) => ({ name, datatype: "FP32", shape: [-1n, 4n] });

describe("the table of models", () => {
  it("shows what is served and tells below why something is not", () => {
    const versions = [
      create(ModelVersionSchema, {
        model: "wine",
        version: 1,
        state: ModelState.READY,
        description: {
          inputs: [input("a"), input("b"), input("c")],
          features: [{ name: "x" }],
          batching: { enabled: true, rowsMax: 64 },
        },
        replicas: [
          { state: ModelState.READY, connected: true },
          { state: ModelState.LOADING, connected: true },
        ],
      }),
      create(ModelVersionSchema, { model: "mine", state: ModelState.FAILED, reason: "no version" }),
    ];
    expect(formatModels(versions, plain)).toBe(
      [
        "MODEL  VERSION  STATE   REPLICAS  BATCHING       FEATURES  INPUTS",
        "wine         1  ready   1/2       up to 64 rows         1  a FP32 [-1,4], b FP32 [-1,4] and 1 more",
        "mine         -  failed  0/0       -                     -  -",
        "mine: no version",
        "",
      ].join("\n"),
    );
  });

  it("is a sentence where there is no model", () => {
    expect(formatModels([], plain)).toBe("no models\n");
  });
});
