/**
 * Another model server, run as its own documentation recommends, to be asked what Sluice is asked.
 * Its packages go into a virtual environment of Python in the cache, once; the server runs in a
 * process group of its own, which ends with it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "#core/failure.ts";
import { runCommand } from "#platform/command.ts";
import { waitForLock } from "#platform/lock-file.ts";
import { tempDir } from "../../support/temp.ts";
import type { LoadTarget } from "../load/plan.ts";
import { freePorts } from "./free-ports.ts";
import { groupOf } from "./process-group.ts";
import { waitUntilAnswered } from "./wait.ts";

export type PeerOptions = {
  /** Its folder beside this file. */
  readonly name: string;
  readonly model: string;
  readonly onnx: string;
  readonly signal: AbortSignal;
};

export type PeerPorts = { readonly grpc: number; readonly http: number; readonly metrics: number };

/** What to run, and what it wants to find in the folder it runs in. */
export type PeerCommand = {
  readonly program: string;
  readonly args: readonly string[];
  readonly files: Readonly<Record<string, string>>;
};

export type PeerRecipe = (
  where: PeerOptions & PeerPorts & { readonly folder: string },
) => PeerCommand;

const installMsMax = 600_000;
const readyMsMax = 60_000;
const stopMsMax = 5_000;

export class Peer implements AsyncDisposable {
  readonly address: string;
  readonly #child: ChildProcess;
  readonly #stack: AsyncDisposableStack;

  private constructor(address: string, child: ChildProcess, stack: AsyncDisposableStack) {
    this.address = address;
    this.#child = child;
    this.#stack = stack;
  }

  /** Rejects with a Failure that says what is missing here, or why it did not start. */
  static async start(options: PeerOptions, recipe: PeerRecipe): Promise<Peer> {
    const python = await preparedPython(options);
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await tempDir()).path;
    const [grpc = 0, http = 0, metrics = 0] = await freePorts(3);
    const command = recipe({ ...options, grpc, http, metrics, folder: folderOf(options.name) });
    await writeAll(folder, command.files);
    const child = spawn(join(python.bin, command.program), [...command.args], {
      cwd: folder,
      detached: true,
      stdio: "ignore",
      env: {
        ...process.env,
        PATH: `${python.bin}:${process.env["PATH"] ?? ""}`,
        // Triton's backend for Python links the interpreter, and looks for it nowhere else.
        LD_LIBRARY_PATH: python.libraries,
        ORT_DISABLE_TELEMETRY: "1",
      },
    });
    stack.defer(async () => await end(child));
    return new Peer(`127.0.0.1:${grpc}`, child, stack.move());
  }

  /** Its processes now. */
  get pids(): readonly number[] {
    return groupOf(this.#child.pid ?? 0);
  }

  /** Resolves when it has answered a call rightly. */
  async ready(target: LoadTarget): Promise<void> {
    const isGone = () => this.#child.exitCode !== null || this.#child.signalCode !== null;
    await waitUntilAnswered({ ...target, address: this.address }, { msMax: readyMsMax, isGone });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

type Python = { readonly bin: string; readonly libraries: string };

/** A virtual environment with what `requirements.txt` names; made anew when that changes. */
async function preparedPython({ name, signal }: PeerOptions): Promise<Python> {
  const requirements = join(folderOf(name), "requirements.txt");
  const digest = createHash("sha256")
    .update(await readFile(requirements))
    .digest("hex");
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "sluice", "peers");
  await mkdir(cache, { recursive: true });
  const made = join(cache, `${name}-${digest.slice(0, 12)}`);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(installMsMax)]);
  await using lock = await waitForLock(`${made}.lock`, limit);
  if (lock === undefined) throw new Failure("unavailable", `${name} is being installed elsewhere`);
  const run = (program: string, args: readonly string[]) =>
    runCommand(program, args, { folder: cache, signal: limit });
  if (!(await isThere(join(made, "complete")))) {
    await rm(made, { recursive: true, force: true });
    await run("python3", ["-m", "venv", made]);
    await run(join(made, "bin/pip"), ["install", "--quiet", "-r", requirements]);
    await mkdir(join(made, "complete"));
  }
  const asked = "import sysconfig; print(sysconfig.get_config_var('LIBDIR') or '')";
  const libraries = await run(join(made, "bin/python"), ["-c", asked]);
  return { bin: join(made, "bin"), libraries: libraries.trim() };
}

function folderOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

async function writeAll(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

async function end(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  const isOver = child.exitCode !== null || child.signalCode !== null;
  const ended = isOver ? Promise.resolve() : once(child, "exit");
  const kill = (signal: NodeJS.Signals) => {
    try {
      process.kill(-pid, signal);
    } catch {
      // Nobody of the group is left.
    }
  };
  kill("SIGTERM");
  const giveUp = setTimeout(() => kill("SIGKILL"), stopMsMax);
  await ended;
  clearTimeout(giveUp);
  kill("SIGKILL");
}
