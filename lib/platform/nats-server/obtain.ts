/**
 * Gets a nats-server without root and without leaving anything behind but the one file in the
 * cache:
 *
 * 1. From the distribution: apt-get works in private folders with the system's sources, keys and
 *    proxies but none of its hooks; the package is unpacked there, not installed. About two
 *    seconds.
 * 2. With Go, where it is: the module is compiled. About a minute.
 *
 * Whoever comes while another process is at it waits for that one. The file appears whole, by a
 * rename.
 */
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure, messageOf } from "#core/failure.ts";
import { runCommand } from "../command.ts";
import type { Env } from "../config.ts";
import { waitForLock } from "../lock-file.ts";
import { makeFolder } from "../make-folder.ts";
import { cachedNatsServer } from "./find.ts";

export type ObtainOptions = {
  readonly cacheDir: string;
  /** The environment the tools run in: search path, proxies, home. */
  readonly env: Env;
  readonly signal: AbortSignal;
  /** Told, once, how the server is being obtained. */
  readonly onReport: (line: string) => void;
};

/** Builds with any Go since 1.24 and is old enough to be in every mirror. */
const goModule = "github.com/nats-io/nats-server/v2@v2.11.8";
const aptMsMax = 120_000;
const goMsMax = 600_000;
const advice =
  "install it (Debian and Ubuntu: apt-get install nats-server; macOS: brew install nats-server) " +
  "or name one with SLUICE_NATS_SERVER";

/**
 * The path of a nats-server in the cache. A Failure of one line says why there is none and what to
 * do.
 */
export async function obtainNatsServer(options: ObtainOptions): Promise<string> {
  const { cacheDir, signal } = options;
  const target = cachedNatsServer(cacheDir);
  await makeFolder(cacheDir).catch((error: unknown) => {
    throw new Failure("unavailable", `SLUICE_CACHE=${cacheDir}: ${messageOf(error)}`);
  });
  await using lock = await waitForLock(`${target}.lock`, signal);
  if (lock === undefined) throw new Failure("cancelled", "nats-server: stopped while obtaining it");
  if (await runs(target, options)) return target;
  const folder = await mkdtemp(join(cacheDir, "obtaining-"));
  try {
    const program = await firstThatWorks(folder, options);
    await chmod(program, 0o755);
    await rename(program, target);
    return target;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function firstThatWorks(folder: string, options: ObtainOptions): Promise<string> {
  const ways = [
    { way: "with apt-get", get: fromDistribution },
    { way: "with go, which takes a minute", get: withGo },
  ];
  const reasons: string[] = [];
  for (const { way, get } of ways) {
    options.onReport(`obtaining nats-server ${way}`);
    try {
      const program = await get(folder, options);
      if (await runs(program, options)) return program;
      reasons.push(`${program} does not run here`);
    } catch (error) {
      reasons.push(messageOf(error));
    }
    if (options.signal.aborted) break;
  }
  const why = reasons.join("; ");
  throw new Failure("unavailable", `no nats-server here: ${advice} (${why})`);
}

async function fromDistribution(folder: string, options: ObtainOptions): Promise<string> {
  const apt = join(folder, "apt");
  await mkdir(join(apt, "state/lists/partial"), { recursive: true });
  await mkdir(join(apt, "cache/archives/partial"), { recursive: true });
  const configuration = join(apt, "apt.conf");
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(aptMsMax)]);
  const env = { ...options.env, APT_CONFIG: configuration, LC_ALL: "C" };
  const settings = await runCommand("apt-config", ["dump"], {
    env: options.env,
    folder: apt,
    signal,
  });
  await writeFile(configuration, aptConfiguration(settings, apt), { mode: 0o600 });
  const inApt = { env, folder: apt, signal };
  // One unreachable source of many fails the update, and need not matter: the download decides.
  const update = await runCommand("apt-get", ["-q", "update"], inApt).catch(messageOf);
  await runCommand("apt-get", ["-q", "download", "nats-server"], inApt).catch((error: unknown) => {
    const last = update.trim().split("\n").at(-1) ?? "";
    throw new Failure("unavailable", `${messageOf(error)} (${last})`);
  });
  const archive = (await readdir(apt)).find((name) => name.endsWith(".deb")) ?? "nats-server.deb";
  await runCommand("dpkg", ["-x", archive, "unpacked"], inApt);
  for (const path of ["usr/sbin/nats-server", "usr/bin/nats-server"]) {
    const program = join(apt, "unpacked", path);
    if (await runs(program, options)) return program;
  }
  throw new Failure("unavailable", `${archive} holds no nats-server that runs here`);
}

/** The system's own way to its sources, but private folders and no hooks. */
function aptConfiguration(systemSettings: string, apt: string): string {
  const kept = systemSettings
    .split("\n")
    .filter((line) => /^(Acquire|APT::Architecture)/.test(line))
    .filter((line) => !line.startsWith("Acquire::IndexTargets"));
  const own = [
    `Dir::State "${join(apt, "state")}";`,
    `Dir::Cache "${join(apt, "cache")}";`,
    'Dir::Etc::parts "/dev/null";',
    'Dir::Etc::main "/dev/null";',
    'Acquire::Languages "none";',
    // As root apt would step down to a user who may not enter these folders.
    'APT::Sandbox::User "root";',
    'Debug::NoLocking "true";',
  ];
  return [...kept, ...own, ""].join("\n");
}

async function withGo(folder: string, options: ObtainOptions): Promise<string> {
  const go = join(folder, "go");
  await mkdir(go);
  await runCommand("go", ["install", "-modcacherw", "-trimpath", goModule], {
    env: {
      ...options.env,
      GOPATH: go,
      GOBIN: go,
      GOCACHE: join(go, "cache"),
      CGO_ENABLED: "0",
    },
    folder: go,
    signal: AbortSignal.any([options.signal, AbortSignal.timeout(goMsMax)]),
  });
  return join(go, "nats-server");
}

async function runs(program: string, options: ObtainOptions): Promise<boolean> {
  const { env, cacheDir: folder, signal } = options;
  try {
    await runCommand(program, ["--version"], { env, folder, signal });
    return true;
  } catch {
    return false;
  }
}
