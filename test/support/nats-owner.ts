/** A process that starts a nats-server, says where it is and then waits: for tests that kill it. */
import { startNatsServer } from "#platform/nats-server/start.ts";

const [program = "", folder = ""] = process.argv.slice(2);
const server = await startNatsServer({
  program,
  storeDir: `${folder}/store`,
  runDir: `${folder}/run`,
  port: 0,
  signal: AbortSignal.timeout(30_000),
  onOutput: () => {},
});
process.once("SIGTERM", () => void server[Symbol.asyncDispose]());
process.stdout.write(`${JSON.stringify({ url: server.url, port: server.port })}\n`);
