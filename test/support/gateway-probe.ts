import { create } from "@bufbuild/protobuf";
import { expect } from "vitest";
import { ControlService, ListModelsRequestSchema } from "#gen/sluice/control/v1/control_pb.ts";
import type { ModelState } from "#gen/sluice/control/v1/model_pb.ts";
import { RpcClient } from "#platform/rpc/client.ts";
import { startTestGateway, type TestGateway, type TestGatewayOptions } from "./gateway.ts";
import type { LinkRequest, LinkWorker } from "./link-worker.ts";

/** Of what happens in some other turn, with no event to wait for. */
export const within: { readonly timeout: number; readonly interval: number } = {
  timeout: 20_000,
  interval: 5,
};

/** A gateway with links to these workers, all up. */
export async function startLinkedGateway(
  workers: readonly LinkWorker[],
  options: Omit<TestGatewayOptions, "workers"> = {},
): Promise<TestGateway> {
  const routes = workers.map(({ instance, address }) => ({ instance, address }));
  const gateway = await startTestGateway({ workers: routes, ...options });
  await expect.poll(async () => await linked(gateway.metrics), within).toBe(workers.length);
  await gateway.serving;
  return gateway;
}

/** The next request that any of these workers gets, and the worker. */
export async function nextOf(workers: readonly LinkWorker[]): Promise<[LinkWorker, LinkRequest]> {
  const busy = () => workers.find((worker) => worker.waiting > 0);
  await expect.poll(() => busy() !== undefined, within).toBe(true);
  const worker = busy();
  if (worker === undefined) throw new Error("no worker has a request");
  return [worker, await worker.next()];
}

/** The states of the replicas of the first model version. */
export async function states(grpc: string): Promise<ModelState[]> {
  using client = new RpcClient(grpc);
  const { listModels } = ControlService.method;
  const request = create(ListModelsRequestSchema);
  const { message } = await client.unary(listModels, request, { deadlineMs: 5_000 });
  return message.versions[0]?.replicas.map((replica) => replica.state) ?? [];
}

async function exposition(metrics: string): Promise<string> {
  return await (await fetch(`http://${metrics}/metrics`)).text();
}

/** The value of the first series of a metric whose labels contain `label`. */
async function value(metrics: string, name: string, label: string = ""): Promise<number> {
  const lines = (await exposition(metrics)).split("\n");
  const line = lines.find((one) => one.startsWith(`${name}{`) && one.includes(label));
  return Number(line?.split(" ").at(-1));
}

export async function waitingRequests(metrics: string): Promise<number> {
  return await value(metrics, "sluice_gateway_waiting_requests");
}

export async function liveRequests(metrics: string): Promise<number> {
  return await value(metrics, "sluice_gateway_live_requests");
}

export async function linked(metrics: string): Promise<number> {
  return await value(metrics, "sluice_gateway_replicas", 'linked="true"');
}
