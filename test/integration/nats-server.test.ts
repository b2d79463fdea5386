import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { checkNats } from "#platform/bus/nats.ts";
import { cachedNatsServer, findNatsServer } from "#platform/nats-server/find.ts";
import { obtainNatsServer } from "#platform/nats-server/obtain.ts";
import { startNatsServer } from "#platform/nats-server/start.ts";
import { testNatsProgram } from "../support/nats.ts";
import { tempDir } from "../support/temp.ts";

const owner = fileURLToPath(new URL("../support/nats-owner.ts", import.meta.url));

async function program(path: string, script: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

it("takes the chosen server, then one on the path, then the one obtained earlier", async () => {
  await using folder = await tempDir();
  const cacheDir = join(folder.path, "cache");
  const cached = await program(cachedNatsServer(cacheDir), "exit 0");
  const onPath = await program(join(folder.path, "bin", "nats-server"), "exit 0");
  const path = dirname(onPath);
  expect(await findNatsServer({ chosen: cached, path, cacheDir })).toBe(cached);
  expect(await findNatsServer({ chosen: undefined, path, cacheDir })).toBe(onPath);
  await expect(findNatsServer({ chosen: "/nothing", path, cacheDir })).rejects.toThrow(
    "SLUICE_NATS_SERVER=/nothing is not a program that can be run",
  );
});

it("says in one line what to install where it cannot obtain a server", async () => {
  await using folder = await tempDir();
  const reports: string[] = [];
  const obtained = obtainNatsServer({
    cacheDir: join(folder.path, "cache"),
    env: { PATH: folder.path },
    signal: AbortSignal.timeout(20_000),
    onReport: (line) => reports.push(line),
  });
  await expect(obtained).rejects.toThrow(
    /^no nats-server here: install it .*SLUICE_NATS_SERVER.*$/,
  );
  expect(reports).toEqual([
    "obtaining nats-server with apt-get",
    "obtaining nats-server with go, which takes a minute",
  ]);
});

it("obtains a server once, however many ask for it", async () => {
  await using folder = await tempDir();
  const bin = join(folder.path, "bin");
  const log = join(folder.path, "log");
  await program(join(bin, "go"), `echo go >>${log}; cp /bin/true "$GOBIN/nats-server"`);
  for (const tool of ["cp", "sh"]) await symlink(`/bin/${tool}`, join(bin, tool));
  const ask = () =>
    obtainNatsServer({
      cacheDir: join(folder.path, "cache"),
      env: { PATH: bin },
      signal: AbortSignal.timeout(20_000),
      onReport: () => {},
    });
  const paths = await Promise.all([ask(), ask(), ask()]);
  expect(new Set(paths)).toEqual(new Set([cachedNatsServer(join(folder.path, "cache"))]));
  expect(await readFile(log, "utf8")).toBe("go\n");
});

it("asks for a token that no command line shows, and keeps what it stored", async () => {
  await using folder = await tempDir();
  const options = {
    program: await testNatsProgram(),
    storeDir: join(folder.path, "store"),
    runDir: join(folder.path, "run"),
    port: 0,
    signal: AbortSignal.timeout(30_000),
    onOutput: () => {},
  };
  const first = await startNatsServer(options);
  const { url, port, token } = first;
  await checkNats(url);
  await expect(checkNats(`nats://127.0.0.1:${port}`)).rejects.toThrow(/Authorization/);
  expect((await stat(join(folder.path, "run", "nats-server.conf"))).mode & 0o777).toBe(0o600);
  expect(await readFile(`/proc/${first.pid}/cmdline`, "utf8")).not.toContain(token);
  await first[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  await using second = await startNatsServer({ ...options, port, token });
  expect(second.url).toBe(url);
  await checkNats(url);
});

it("says why a server does not start", async () => {
  await using folder = await tempDir();
  const broken = await program(join(folder.path, "nats-server"), "echo no luck >&2; exit 3");
  const started = startNatsServer({
    program: broken,
    storeDir: join(folder.path, "store"),
    runDir: join(folder.path, "run"),
    port: 0,
    signal: AbortSignal.timeout(30_000),
    onOutput: () => {},
  });
  await expect(started).rejects.toThrow(/nats-server did not start on .*store: no luck/);
});

async function startOwner(folder: string, env: Record<string, string | undefined>) {
  const child = spawn(process.execPath, [owner, await testNatsProgram(), folder], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  child.stdout.setEncoding("utf8");
  const [line] = await once(child.stdout, "data");
  return { child, port: Number(JSON.parse(String(line)).port) };
}

async function untilRefused(port: number): Promise<void> {
  while (await isOpen(port));
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const answer = (open: boolean) => () => {
      socket.destroy();
      resolve(open);
    };
    // A server that is about to end may take a connection and reset it.
    socket.once("data", answer(true)).once("error", answer(false)).once("end", answer(false));
  });
}

async function killed(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "close");
}

it("ends with the process that started it, when the system sees to it", async () => {
  await using folder = await tempDir();
  const { child, port } = await startOwner(folder.path, process.env);
  await killed(child);
  await untilRefused(port);
});

it("ends with the process that started it, when a guardian sees to it", async () => {
  await using folder = await tempDir();
  const bin = join(folder.path, "bin");
  await mkdir(bin);
  for (const tool of ["sh", "cat"]) await symlink(`/bin/${tool}`, join(bin, tool));
  const { child, port } = await startOwner(folder.path, { PATH: bin });
  await killed(child);
  await untilRefused(port);
});

it("ends when it is asked to, guardian and all", async () => {
  await using folder = await tempDir();
  const bin = join(folder.path, "bin");
  await mkdir(bin);
  for (const tool of ["sh", "cat"]) await symlink(`/bin/${tool}`, join(bin, tool));
  const { child, port } = await startOwner(folder.path, { PATH: bin });
  child.kill("SIGTERM");
  expect(await once(child, "close")).toEqual([0, null]);
  await untilRefused(port);
});
