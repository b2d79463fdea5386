import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ModelVersionSchema } from "#gen/sluice/control/v1/control_pb.ts";
import { ModelDescriptionSchema, ModelState } from "#gen/sluice/control/v1/model_pb.ts";
import { chooseServed, parseModelArgument } from "./model-argument.ts";

describe("a model on the command line", () => {
  it("is a name, or a name and a version", () => {
    expect(parseModelArgument("wine")).toEqual({ model: "wine", version: undefined });
    expect(parseModelArgument("wine.v2@12")).toEqual({ model: "wine.v2", version: 12 });
  });

  it.each(["", "../x", "wine@", "wine@01", "wine@x", "wine@1@2"])("is not %j", (text) => {
    expect(() => parseModelArgument(text)).toThrow(/is no (model|version)/);
  });
});

describe("the version that is taken", () => {
  const description = create(ModelDescriptionSchema);
  const version = (init: MessageInitShape<typeof ModelVersionSchema>) =>
    create(ModelVersionSchema, { model: "wine", description, ...init });
  const versions = [
    version({ version: 1, state: ModelState.READY }),
    version({ version: 2, state: ModelState.READY }),
    version({ version: 3, state: ModelState.FAILED, reason: "broken file" }),
  ];

  it("is the highest that is ready, or the one that was asked for", () => {
    expect(chooseServed({ model: "wine", version: undefined }, versions).version).toBe(2);
    expect(chooseServed({ model: "wine", version: 1 }, versions).version).toBe(1);
  });

  it("is refused with the reason where it is not ready or does not exist", () => {
    expect(() => chooseServed({ model: "wine", version: 3 }, versions)).toThrow(/@3.*broken file/);
    expect(() => chooseServed({ model: "wine", version: 4 }, versions)).toThrow(
      /no version 4, but 1, 2, 3/,
    );
  });
});
