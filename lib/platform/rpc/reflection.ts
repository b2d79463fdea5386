/**
 * gRPC server reflection, v1 and v1alpha, for services described by protobuf-es. The reflection
 * package takes what proto-loader makes of .proto files; all it reads of that are the encoded file
 * descriptors, which protobuf-es has as well.
 */
import { type DescFile, type DescService, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { Server } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { service as health } from "grpc-health-check";
import { healthServiceName } from "./health.ts";

type Definitions = ConstructorParameters<typeof ReflectionService>[0];

/** Serves the descriptors of these services, of all they refer to, and of grpc.health.v1. */
export function addReflection(server: Server, services: readonly DescService[]): void {
  const files = new Set<DescFile>();
  for (const service of services) collect(service.file, files);
  const definitions: Definitions = {
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
  const names = [...services.map((service) => service.typeName), healthServiceName];
  new ReflectionService(definitions, { services: names }).addToServer(server);
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
