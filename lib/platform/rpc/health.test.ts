import * as grpc from "@grpc/grpc-js";
import { service } from "grpc-health-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ControlService } from "#gen/sluice/control/v1/control_pb.ts";
import { Cursor } from "#wire/cursor.ts";
import { Health } from "./health.ts";
import { addReflection } from "./reflection.ts";
import { RpcServer } from "./server.ts";

const health = new Health();
let server: RpcServer;
let client: grpc.Client;

beforeAll(async () => {
  health.set("", true);
  server = await RpcServer.listen(
    { address: "127.0.0.1:0", setting: "TEST", messageBytesMax: 1_000_000, drainMsMax: 100 },
    [],
    (added) => {
      health.addTo(added);
      addReflection(added, [ControlService]);
    },
  );
  client = new grpc.Client(server.address, grpc.credentials.createInsecure());
});

afterAll(async () => {
  client.close();
  await server[Symbol.asyncDispose]();
});

type HealthReply = { readonly status: string };

async function check(name: string): Promise<string> {
  const { Check } = service;
  return await new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      "/grpc.health.v1.Health/Check",
      Check?.requestSerialize as (message: object) => Buffer,
      Check?.responseDeserialize as (bytes: Buffer) => HealthReply,
      { service: name },
      (error, reply) => (error === null ? resolve(reply?.status ?? "") : reject(error)),
    );
  });
}

it("answers Check for names that were set, and NOT_FOUND for others", async () => {
  expect(await check("")).toBe("SERVING");
  await expect(check("nothing")).rejects.toMatchObject({ code: grpc.status.NOT_FOUND });
});

it("tells a watcher of a name that appears, of changes, and of nothing else", async () => {
  const { Watch } = service;
  const watch = client.makeServerStreamRequest(
    "/grpc.health.v1.Health/Watch",
    Watch?.requestSerialize as (message: object) => Buffer,
    Watch?.responseDeserialize as (bytes: Buffer) => HealthReply,
    { service: "wine" },
  );
  watch.on("error", () => {});
  const next = async () =>
    await new Promise<string>((resolve) =>
      watch.once("data", (reply: HealthReply) => resolve(reply.status)),
    );
  expect(await next()).toBe("SERVICE_UNKNOWN");
  const appeared = next();
  health.set("wine", true);
  health.set("wine", true);
  expect(await appeared).toBe("SERVING");
  const stopped = next();
  health.stop();
  expect(await stopped).toBe("NOT_SERVING");
  watch.cancel();
});

/** What reflection answers to an encoded request, by the number of the field it answers in. */
async function reflect(version: string, request: readonly number[]): Promise<Map<number, Buffer>> {
  const asIs = (bytes: Buffer) => bytes;
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  const stream = client.makeBidiStreamRequest(path, asIs, asIs);
  const reply = await new Promise<Buffer>((resolve, reject) => {
    stream.on("data", resolve);
    stream.on("error", reject);
    stream.write(Buffer.from(request));
    stream.end();
  });
  const fields = new Map<number, Buffer>();
  const cursor = new Cursor(reply);
  for (let from = 0; cursor.next(); from = cursor.at) {
    cursor.skip();
    fields.set(cursor.number, reply.subarray(from, cursor.at));
  }
  return fields;
}

const listServices = [0x3a, 0x01, 0x2a];
const listServicesResponse = 6;
const fileDescriptorResponse = 4;

it("describes health so that others can read it", async () => {
  const symbol = "grpc.health.v1.Health";
  const asked = [0x22, symbol.length, ...Buffer.from(symbol)];
  const files = (await reflect("v1", asked)).get(fileDescriptorResponse);
  // The entry of a map has the name that every cursor of descriptors insists on.
  expect(files?.toString("latin1")).toContain("StatusesEntry");
});

it.each(["v1", "v1alpha"])(
  "lists the services and their files by reflection %s",
  async (version) => {
    const listed = await reflect(version, listServices);
    const names = listed.get(listServicesResponse)?.toString("latin1");
    expect(names).toContain("sluice.control.v1.ControlService");
    expect(names).toContain("grpc.health.v1.Health");
    for (const symbol of ["sluice.control.v1.ControlService", "grpc.health.v1.Health"]) {
      const asked = [0x22, symbol.length, ...Buffer.from(symbol)];
      const files = (await reflect(version, asked)).get(fileDescriptorResponse);
      expect(files?.toString("latin1")).toContain(symbol.split(".").at(-1));
    }
  },
);
