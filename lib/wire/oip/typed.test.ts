import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { InferTensorContentsSchema } from "#gen/inference/grpc_service_pb.ts";
import { hasContents } from "./typed.ts";

test("an empty contents message counts as none", () => {
  expect(hasContents(create(InferTensorContentsSchema))).toBe(false);
  expect(hasContents(create(InferTensorContentsSchema, { uintContents: [0] }))).toBe(true);
});
