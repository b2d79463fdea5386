import * as grpc from "@grpc/grpc-js";
import { service } from "grpc-health-check";

/**
 * What the server at this address says of its health, or of one of its services: SERVING,
 * NOT_SERVING, an error.
 */
export async function healthOf(address: string, name: string = ""): Promise<string> {
  const check = service["Check"];
  if (check === undefined) throw new Error("grpc-health-check defines no Check");
  const client = new grpc.Client(address, grpc.credentials.createInsecure());
  try {
    return await new Promise((resolve) => {
      client.makeUnaryRequest(
        check.path,
        check.requestSerialize,
        check.responseDeserialize,
        { service: name },
        { deadline: Date.now() + 2_000 },
        (error, reply: { status?: string } | undefined) =>
          resolve(error?.message ?? reply?.status ?? "nothing"),
      );
    });
  } finally {
    client.close();
  }
}

// As a program: `node health.ts ADDRESS` prints the answer.
if (import.meta.main) process.stdout.write(`${await healthOf(process.argv[2] ?? "")}\n`);
