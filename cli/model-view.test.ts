import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ModelVersionSchema } from "#gen/sluice/control/v1/control_pb.ts";
import { ModelState } from "#gen/sluice/control/v1/model_pb.ts";
import { formatModels } from "./model-view.ts";
import { plain } from "./output.ts";

const input = (name: string) => ({ name, datatype: "INT8", shape: [] });

describe("the table of models", () => {
  it("shows what is served and tells below why something is not", () => {
    const versions = [
      create(ModelVersionSchema, {
        model: "w",
        version: 1,
        state: ModelState.READY,
        description: {
          inputs: [input("a"), input("b"), input("c")],
          features: [{ name: "x" }],
          batching: { enabled: true, rowsMax: 8 },
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
        "MODEL  VERSION  STATE   REPLICAS  BATCHING      FEATURES  INPUTS",
        "w            1  ready   1/2       up to 8 rows         1  a INT8 [], b INT8 [] and 1 more",
        "mine         -  failed  0/0       -                    -  -",
        "mine: no version",
        "",
      ].join("\n"),
    );
  });

  it("is a sentence where there is no model", () => {
    expect(formatModels([], plain)).toBe("no models\n");
  });
});
