import {
  type DescMessage,
  type DescMethod,
  type DescService,
  fromBinary,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { ServiceDefinition } from "@grpc/grpc-js";

/**
 * A grpc-js service definition from a protobuf-es descriptor. The methods named in `raw` take and
 * give whole messages as bytes, undecoded.
 */
export function serviceDefinition(
  service: DescService,
  raw: readonly string[] = [],
): ServiceDefinition {
  return Object.fromEntries(
    service.methods.map((method) => [method.name, methodDefinition(method, raw)]),
  );
}

function methodDefinition(method: DescMethod, raw: readonly string[]): ServiceDefinition[string] {
  const isRaw = raw.includes(method.name);
  const input = isRaw ? bytesCodec : messageCodec(method.input);
  const output = isRaw ? bytesCodec : messageCodec(method.output);
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream:
      method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming",
    responseStream:
      method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
    requestSerialize: input.encode,
    requestDeserialize: input.decode,
    responseSerialize: output.encode,
    responseDeserialize: output.decode,
    originalName: method.localName,
  };
}

const bytesCodec = {
  encode: (bytes: Uint8Array): Buffer => asBuffer(bytes),
  decode: (bytes: Buffer): Uint8Array => bytes,
};

function messageCodec<Desc extends DescMessage>(desc: Desc) {
  return {
    encode: (message: MessageShape<Desc>): Buffer => asBuffer(toBinary(desc, message)),
    decode: (bytes: Buffer): MessageShape<Desc> => fromBinary(desc, bytes),
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
