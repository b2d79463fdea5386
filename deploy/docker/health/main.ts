/**
 * The container's health check: exit code 0 when a process at one of the addresses given as
 * arguments answers `grpc.health.v1.Health/Check` for the whole server with SERVING, else 1.
 */
import { Client, credentials } from "@grpc/grpc-js";

const deadlineMs = 3_000;
const servingStatus = 1;

const answers = await Promise.all(process.argv.slice(2).map(isServing));
process.exitCode = answers.includes(true) ? 0 : 1;

async function isServing(address: string): Promise<boolean> {
  const client = new Client(address, credentials.createInsecure());
  try {
    return await new Promise((resolve) => {
      client.makeUnaryRequest(
        "/grpc.health.v1.Health/Check",
        // An empty request asks for the server; in the reply field 1 is the status.
        () => Buffer.alloc(0),
        (reply: Buffer) => reply[0] === 0x08 && reply[1] === servingStatus,
        {},
        { deadline: Date.now() + deadlineMs },
        (error, reply) => resolve(error === null && reply === true),
      );
    });
  } finally {
    client.close();
  }
}
