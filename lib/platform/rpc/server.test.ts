import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type ClientHttp2Session, connect } from "node:http2";
import { create } from "@bufbuild/protobuf";
import { afterEach, describe, expect, it } from "vitest";
import { MonitorService, WatchReportsRequestSchema } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { RpcClient } from "./client.ts";
import { RpcServer, type RpcServerOptions } from "./server.ts";

const sessions: ClientHttp2Session[] = [];
afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy();
});

async function listen(options: Partial<RpcServerOptions>, onWatch: () => void = () => {}) {
  return await RpcServer.listen(
    { address: "127.0.0.1:0", setting: "TEST", messageBytesMax: 1e6, drainMsMax: 0, ...options },
    [{ service: MonitorService, handlers: { WatchReports: onWatch } }],
  );
}

function dial(server: RpcServer): ClientHttp2Session {
  const session = connect(`http://${server.address}`);
  session.on("error", () => {});
  sessions.push(session);
  return session;
}

/** What has been written before has been answered. */
async function roundTrip(session: ClientHttp2Session): Promise<void> {
  await new Promise<void>((resolve, reject) =>
    session.ping((error) => (error === null ? resolve() : reject(error))),
  );
}

describe("a server", () => {
  it("ends calls that go on for longer than it drains", async () => {
    const started = Promise.withResolvers<void>();
    const server = await listen({}, started.resolve);
    using client = new RpcClient(server.address);
    const request = create(WatchReportsRequestSchema);
    const ended = client.serverStream(MonitorService.method.watchReports, request).next();
    const refused = expect(ended).rejects.toThrow();
    await started.promise;
    await server.drain();
    await refused;
  });

  it("has a window for a whole image and tells clients its limit of calls", async () => {
    const imageBytes = 602_112;
    await using server = await listen({ uploadWindowBytes: 1024 * 1024, streamsMax: 77 });
    const session = dial(server);
    await once(session, "remoteSettings");
    await roundTrip(session);
    expect(session.remoteSettings).toMatchObject({ maxConcurrentStreams: 77 });
    expect(session.remoteSettings.initialWindowSize).toBe(1024 * 1024);
    expect(session.state.remoteWindowSize).toBe(1024 * 1024);
    // A call that nobody reads: what leaves for it is what the windows let through.
    const path = "/sluice.monitor.v1.MonitorService/WatchReports";
    const call = session.request({
      ...{ ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" },
    });
    call.on("error", () => {});
    await new Promise((resolve) => call.write(Buffer.alloc(imageBytes), resolve));
    expect(session.state.remoteWindowSize).toBeGreaterThan(0);
  });

  it("tells connections beyond its limit to go away and serves those it has", async () => {
    await using server = await listen({ connectionsMax: 2 });
    const [first, second] = [dial(server), dial(server)];
    await Promise.all([once(first, "remoteSettings"), once(second, "remoteSettings")]);
    const third = dial(server);
    const [code] = await once(third, "goaway");
    expect(code).toBe(11);
    await roundTrip(first);
    second.destroy();
    await once(second, "close");
    await roundTrip(first);
    const fourth = dial(server);
    await once(fourth, "remoteSettings");
    await roundTrip(fourth);
  });
});

it("is made for exactly one version of grpc-js, parts of which are not public", () => {
  const manifest = new URL("../../../package.json", import.meta.url);
  const { dependencies } = JSON.parse(readFileSync(manifest, "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  expect(dependencies["@grpc/grpc-js"]).toBe("1.14.7");
});
