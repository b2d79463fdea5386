import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Where the time of one thread went. */
export type ThreadProfile = {
  /** `gateway`, `worker`, `worker, inference thread` and so on. */
  readonly thread: string;
  /** Seconds that it was not idle. */
  readonly busySeconds: number;
  /** Largest self time first; shares of the busy time. */
  readonly functions: readonly Part[];
  /** The same by file of ours, package of others and module of Node. */
  readonly places: readonly Part[];
};

type Part = { readonly name: string; readonly share: number };

/** What a process does first is to start, which is not what is looked for. */
const startUs = 3_000_000;
const root = new URL("../..", import.meta.url).href;

type CallFrame = {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
};

type CpuProfile = {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
};

/** What makes Node write profiles of a process and its threads there when it ends. */
export async function profilingEnv(folder: string): Promise<Readonly<Record<string, string>>> {
  await mkdir(folder, { recursive: true });
  return { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` };
}

/** Every profile of the folder, the busiest thread first. */
export async function readProfiles(folder: string): Promise<ThreadProfile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".cpuprofile"));
  const all: ThreadProfile[] = [];
  for (const name of names) {
    all.push(summarize(JSON.parse(await readFile(join(folder, name), "utf8")) as CpuProfile));
  }
  return all.sort((one, two) => two.busySeconds - one.busySeconds);
}

export function formatProfile(profile: ThreadProfile, linesMax: number): string {
  const { thread, busySeconds, functions, places } = profile;
  const lines = (parts: readonly Part[]) =>
    parts
      .slice(0, linesMax)
      .map(({ name, share }) => `  ${(share * 100).toFixed(1).padStart(5)} %  ${name}\n`)
      .join("");
  const title = `${thread}: ${busySeconds.toFixed(1)} s busy`;
  return `${title}, self time by place\n${lines(places)}by function\n${lines(functions)}`;
}

function summarize({ nodes, samples, timeDeltas }: CpuProfile): ThreadProfile {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const functions = new Map<string, number>();
  const places = new Map<string, number>();
  let [busyUs, passedUs] = [0, 0];
  for (const [index, id] of samples.entries()) {
    const us = timeDeltas[index] ?? 0;
    const frame = frames.get(id);
    passedUs += us;
    if (passedUs < startUs || frame === undefined || frame.functionName === "(idle)") continue;
    busyUs += us;
    const place = placeOf(frame);
    const name = `${frame.functionName || "(anonymous)"} ${place}:${frame.lineNumber + 1}`;
    functions.set(name, (functions.get(name) ?? 0) + us);
    places.set(place, (places.get(place) ?? 0) + us);
  }
  const busySeconds = busyUs / 1e6;
  const ranked = (parts: ReadonlyMap<string, number>) =>
    [...parts]
      .map(([name, us]) => ({ name, share: us / busyUs }))
      .sort((one, two) => two.share - one.share);
  return {
    ...{ thread: threadOf(nodes), busySeconds },
    ...{ functions: ranked(functions), places: ranked(places) },
  };
}

/** `gateway/links.ts`, `@grpc/grpc-js`, `node:http2`, `(garbage collector)`. */
function placeOf({ functionName, url }: CallFrame): string {
  if (url === "") return functionName.startsWith("(") ? functionName : "(native)";
  const [, inPackages] = url.split("/node_modules/");
  if (inPackages === undefined) return url.replace(root, "");
  return inPackages
    .split("/")
    .slice(0, inPackages.startsWith("@") ? 2 : 1)
    .join("/");
}

function threadOf(nodes: CpuProfile["nodes"]): string {
  const urls = nodes.map(({ callFrame }) => callFrame.url);
  if (urls.some((url) => url.endsWith("/inference-thread.ts"))) return "worker, inference thread";
  const main = urls.find((url) => /\/(gateway|worker|monitor)\/main\.ts$/.test(url)) ?? "";
  return main.split("/").at(-2) ?? "another process";
}
