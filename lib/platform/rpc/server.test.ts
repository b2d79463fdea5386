import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { MonitorService, WatchReportsRequestSchema } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { RpcClient } from "./client.ts";
import { RpcServer } from "./server.ts";

it("ends calls that go on for longer than it drains", async () => {
  const started = Promise.withResolvers<void>();
  const handlers = { WatchReports: () => started.resolve() };
  const options = { address: "127.0.0.1:0", setting: "TEST", messageBytesMax: 1e6, drainMsMax: 0 };
  const server = await RpcServer.listen(options, [{ service: MonitorService, handlers }]);
  using client = new RpcClient(server.address);
  const request = create(WatchReportsRequestSchema);
  const ended = client.serverStream(MonitorService.method.watchReports, request).next();
  const refused = expect(ended).rejects.toThrow();
  await started.promise;
  await server.drain();
  await refused;
});
