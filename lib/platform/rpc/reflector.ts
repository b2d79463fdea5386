/**
 * What answers reflection. The package takes what proto-loader makes of .proto files; all it reads
 * of that are the encoded file descriptors, which protobuf-es has as well. It is given something
 * that looks like a server, and what it adds there is called with streams of bytes.
 */
import { type DescFile, type DescService, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { service as health } from "grpc-health-check";
import { assert } from "#core/assert.ts";
import { healthServiceName } from "./health.ts";
import type { ReflectionVersion } from "./reflection.ts";

/** A call of reflection, in encoded messages. */
export type ReflectionStream = {
  /** `take` throws for bytes that are no request. */
  readonly onMessage: (take: (bytes: Buffer) => void) => void;
  readonly onEnd: (listener: () => void) => void;
  readonly write: (bytes: Buffer) => void;
  readonly end: () => void;
};

/** Answers a call. */
export type Reflector = (version: ReflectionVersion, stream: ReflectionStream) => void;

type Definitions = ConstructorParameters<typeof ReflectionService>[0];

/** What the package's handler uses of a stream. */
type MessageStream = {
  readonly on: (event: "data" | "end", listener: (message?: unknown) => void) => void;
  readonly write: (message: unknown) => void;
  readonly end: () => void;
};

type Added = {
  readonly method: MethodDefinition<unknown, unknown>;
  readonly handle: (stream: MessageStream) => void;
};

/** Knows these services, all they refer to, and grpc.health.v1. */
export function createReflector(services: readonly DescService[]): Reflector {
  const added = addedMethods(services);
  return (version, stream) => {
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const found = added.find(({ method }) => method.path === path);
    assert(found !== undefined, `the reflection package serves ${version}`);
    const { method, handle } = found;
    handle({
      on: (event, listener) => {
        if (event === "end") stream.onEnd(() => listener());
        else stream.onMessage((bytes) => listener(method.requestDeserialize(bytes)));
      },
      write: (message) => stream.write(method.responseSerialize(message)),
      end: stream.end,
    });
  };
}

function addedMethods(services: readonly DescService[]): readonly Added[] {
  const names = [...services.map((service) => service.typeName), healthServiceName];
  const added: Added[] = [];
  new ReflectionService(definitionsOf(services), { services: names }).addToServer({
    addService: (service: ServiceDefinition, implementation) => {
      const method = service["ServerReflectionInfo"];
      const handle = implementation["ServerReflectionInfo"];
      assert(method !== undefined && handle !== undefined, "reflection has one method");
      added.push({ method, handle: handle as unknown as Added["handle"] });
    },
  });
  return added;
}

function definitionsOf(services: readonly DescService[]): Definitions {
  const files = new Set<DescFile>();
  for (const service of services) collect(service.file, files);
  return {
    ours: {
      // The one kind of definition that needs no codec beside its descriptors.
      format: "Protocol Buffer 3 EnumDescriptorProto",
      type: {},
      fileDescriptorProtos: [
        ...[...files].map((file) => toBinary(FileDescriptorProtoSchema, file.proto)),
        ...healthFiles().map(repaired),
      ].map((encoded) => Buffer.from(encoded)),
    },
  };
}

function healthFiles(): readonly Uint8Array[] {
  return Object.values(health)[0]?.requestType.fileDescriptorProtos ?? [];
}

/**
 * proto-loader calls the entry of a map by the name of its field, where every reader of descriptors
 * insists on that name with `Entry` behind it.
 */
function repaired(encoded: Uint8Array): Uint8Array {
  const file = fromBinary(FileDescriptorProtoSchema, encoded);
  for (const message of file.messageType) {
    for (const entry of message.nestedType.filter(({ options }) => options?.mapEntry === true)) {
      const { name } = entry;
      if (name.endsWith("Entry")) continue;
      entry.name = `${name}Entry`;
      for (const field of message.field) {
        if (field.typeName === name) field.typeName = entry.name;
      }
    }
  }
  return toBinary(FileDescriptorProtoSchema, file);
}

function collect(file: DescFile, files: Set<DescFile>): void {
  if (files.has(file)) return;
  files.add(file);
  for (const dependency of file.dependencies) collect(dependency, files);
}
