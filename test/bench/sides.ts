import type { BenchCluster } from "./bench-cluster.ts";
import type { Side } from "./compare.ts";
import { echoOf } from "./model-call.ts";
import type { BenchModelName } from "./models.ts";
import type { Workbench } from "./workbench.ts";

/** A model of a cluster, asked through its gateway. */
export async function systemSide(
  bench: Workbench,
  cluster: BenchCluster,
  { model, as = model, name = "sluice" }: { model: BenchModelName; as?: string; name?: string },
): Promise<Side> {
  const call = await bench.call(cluster, model, as);
  return { name, target: { ...call, address: cluster.grpc }, servers: cluster.servers };
}

/** The echo server, asked with the messages that the system is asked with. */
export async function echoSide(bench: Workbench, system: Side): Promise<Side> {
  const echo = await bench.baseline("echo");
  const target = echoOf(system.target, echo.address);
  return { name: "echo", target, servers: { server: [echo.pid] } };
}

/** The worker's machinery behind a unary service. */
export async function unarySide(
  bench: Workbench,
  cluster: BenchCluster,
  system: Side,
): Promise<Side> {
  const server = await bench.baseline("unary-server", [cluster.modelsDir, "tiny"]);
  const target = { ...system.target, address: server.address };
  return { name: "unary server", target, servers: { server: [server.pid] } };
}
