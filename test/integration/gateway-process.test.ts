import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { writeRoutes } from "#platform/routes-file.ts";
import { healthOf } from "../support/health.ts";
import { tempDir } from "../support/temp.ts";

const program = fileURLToPath(new URL("../../gateway/main.ts", import.meta.url));

let open = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

type Message = Readonly<Record<string, unknown>>;

/** A gateway in a process of its own, with no models, and all it has told so far. */
async function start(env: Readonly<Record<string, string>> = {}) {
  const { path } = open.use(await tempDir());
  const SLUICE_ROUTES = join(path, "routes.json");
  const version = { model: "m", version: 1, state: "expected", reason: "", workers: [] } as const;
  await writeRoutes(SLUICE_ROUTES, { format: 1, cluster: "local", models: [version] });
  const free = { SLUICE_ROUTES, SLUICE_GRPC_PORT: "0", SLUICE_METRICS_PORT: "0" };
  const child = fork(program, [], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...free, ...env },
  });
  open.defer(() => void child.kill("SIGKILL"));
  const told: Message[] = [];
  child.on("message", (message: Message) => told.push(message));
  return { child, told };
}

async function ready(child: ChildProcess): Promise<Message> {
  const [message] = await once(child, "message");
  return message;
}

it("tells where it listens, and ends on SIGTERM with exit code 0", async () => {
  const { child, told } = await start();
  const { type, grpc, metrics } = await ready(child);
  expect(type).toBe("ready");
  expect([grpc, metrics]).toEqual([expect.stringMatching(/:\d+$/), expect.stringMatching(/:\d+$/)]);
  expect(await healthOf(String(grpc))).toBe("NOT_SERVING");
  child.send({ type: "model", model: "m", version: 1, state: "failed", reason: "it ended" });
  child.kill("SIGTERM");
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
  expect(told.map((message) => message["type"])).toEqual(["ready", "stopping"]);
});

it("ends when its parent goes", async () => {
  const { child } = await start();
  await ready(child);
  child.disconnect();
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
});

it("names a taken port and its setting in one line", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  open.defer(() => void taken.close());
  await once(taken, "listening");
  const address = taken.address();
  const port = typeof address === "object" ? String(address?.port) : "";
  const { child } = await start({ SLUICE_GRPC_PORT: port });
  const [errors, [code]] = await Promise.all([
    text(child.stderr ?? process.stdin),
    once(child, "exit"),
  ]);
  expect(code).toBe(1);
  expect(errors).toBe(
    `gateway: cannot listen on 127.0.0.1:${port} (SLUICE_GRPC_PORT): it is already in use\n`,
  );
});

it("names everything that is wrong with its settings in one line", async () => {
  const { child } = await start({
    SLUICE_METRICS_PORT: "x",
    NATS_URL: "",
    SLUICE_DRAIN_MAX_MS: "-1",
  });
  const [errors, [code]] = await Promise.all([
    text(child.stderr ?? process.stdin),
    once(child, "exit"),
  ]);
  expect(code).toBe(1);
  expect(errors).toMatch(/^gateway: SLUICE_METRICS_PORT .*SLUICE_DRAIN_MAX_MS .*\n$/);
});
