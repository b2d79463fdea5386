import { readdirSync, readFileSync } from "node:fs";

/** The processes of a group, by its leader's process id. */
export function groupOf(leader: number): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => groupIdOf(pid) === leader);
}

function groupIdOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // What comes before is the program's name in brackets, which may hold anything.
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[2]);
  } catch {
    return undefined;
  }
}
