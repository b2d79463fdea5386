import { once } from "node:events";
import { createServer } from "node:net";
import { Failure, messageOf } from "#core/failure.ts";
import type { ClusterPorts } from "./options.ts";

/**
 * Above what services take and below what the kernel hands out, so that nobody takes it meanwhile.
 */
const freePorts = { from: 20_000, to: 32_000, attempts: 100 };

const uses: readonly { port: keyof ClusterPorts; process: string; setting: string }[] = [
  { port: "grpc", process: "the gateway", setting: "SLUICE_GRPC_PORT" },
  { port: "metrics", process: "the gateway's metrics", setting: "SLUICE_METRICS_PORT" },
  { port: "monitorGrpc", process: "the monitor", setting: "SLUICE_MONITOR_GRPC_PORT" },
  { port: "monitorHttp", process: "the monitor's JSON", setting: "SLUICE_MONITOR_HTTP_PORT" },
  {
    port: "monitorMetrics",
    process: "the monitor's metrics",
    setting: "SLUICE_MONITOR_METRICS_PORT",
  },
];

/**
 * Makes sure that every port can be had, before anything is started. Throws a Failure of one line
 * that names those that cannot, with process and setting.
 */
export async function requirePorts(
  host: string,
  ports: ClusterPorts,
  withMonitor: boolean,
): Promise<void> {
  const wanted = uses.filter(({ port }) => withMonitor || !port.startsWith("monitor"));
  const problems: string[] = [];
  const seen = new Map<number, string>();
  for (const { port: key, process, setting } of wanted) {
    const port = ports[key];
    if (port === 0) continue;
    const other = seen.get(port);
    const reason = other === undefined ? await refusal(host, port) : `${other} asks for it too`;
    seen.set(port, process);
    if (reason === undefined) continue;
    problems.push(`port ${port} of ${process} cannot be had on ${host}: ${reason} (${setting})`);
  }
  if (problems.length > 0) throw new Failure("unavailable", problems.join("; "));
}

/** The port itself where it can be had; otherwise, and for 0, a free one. */
export async function portOrFree(host: string, port: number): Promise<number> {
  if (port !== 0 && (await refusal(host, port)) === undefined) return port;
  for (let attempt = 0; attempt < freePorts.attempts; attempt += 1) {
    const span = freePorts.to - freePorts.from;
    const candidate = freePorts.from + Math.floor(Math.random() * span);
    if ((await refusal(host, candidate)) === undefined) return candidate;
  }
  throw new Failure("unavailable", `no free port from ${freePorts.from} to ${freePorts.to}`);
}

/** Why nothing can listen there; undefined when something can. */
async function refusal(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ host, port });
    await once(server, "listening");
    return undefined;
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) return messageOf(error);
    if (error.code === "EADDRINUSE") return "it is already in use";
    if (error.code === "EACCES") return "only root may use it";
    if (error.code === "EADDRNOTAVAIL") return "this machine has no such address (SLUICE_HOST)";
    return error.message;
  } finally {
    server.close();
  }
}
