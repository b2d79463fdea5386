/**
 * gRPC server reflection, v1 and v1alpha, for services described by protobuf-es. People ask for it,
 * programs do not: what answers is loaded by the first call, since loading it costs a process an
 * eighth of a second and ten megabytes.
 */
import type { DescService } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { messageOf } from "#core/failure.ts";
import type { ReflectionStream, Reflector } from "./reflector.ts";

const versions = ["v1", "v1alpha"] as const;
export type ReflectionVersion = (typeof versions)[number];

type Call = grpc.ServerDuplexStream<Buffer, Buffer>;

/** Serves the descriptors of these services, of all they refer to, and of grpc.health.v1. */
export function addReflection(server: grpc.Server, services: readonly DescService[]): void {
  let loading: Promise<Reflector> | undefined;
  const load = async () => {
    const { createReflector } = await import("./reflector.ts");
    return createReflector(services);
  };
  for (const version of versions) {
    server.addService(definitionOf(version), {
      ServerReflectionInfo: (call: Call) => {
        loading ??= load();
        loading.then(
          (reflector) => reflector(version, streamOf(call)),
          (error: unknown) => fail(call, `reflection cannot be loaded: ${messageOf(error)}`),
        );
      },
    });
  }
}

/** Messages stay bytes until what reads them has been loaded. */
function definitionOf(version: ReflectionVersion): grpc.ServiceDefinition {
  const asIs = (bytes: Buffer): Buffer => bytes;
  return {
    ServerReflectionInfo: {
      path: `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
      requestStream: true,
      responseStream: true,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    },
  };
}

function streamOf(call: Call): ReflectionStream {
  return {
    onMessage: (take) => {
      call.on("data", (bytes: Buffer) => {
        try {
          take(bytes);
        } catch (error) {
          fail(call, `the request cannot be read: ${messageOf(error)}`);
        }
      });
    },
    onEnd: (listener) => void call.on("end", listener),
    write: (bytes) => void call.write(bytes),
    end: () => void call.end(),
  };
}

function fail(call: Call, details: string): void {
  call.pause();
  call.emit("error", { code: grpc.status.INTERNAL, details });
}
