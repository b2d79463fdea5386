import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";

/**
 * A name that no other process has or had: where it runs, its process id there, and a random part.
 * Linux says where: since which start of the machine, and in which namespace of process ids.
 */
export function processName(): string {
  return [placeOfProcesses() ?? "", process.pid, randomUUID()].join("/");
}

/**
 * True where the process of this name has ended for certain. False where it lives, where its id has
 * gone to another one, where it ran elsewhere, and where nobody can tell.
 */
export function isProcessGone(name: string): boolean {
  const [place, id] = name.split("/");
  const pid = Number(id);
  if (place === "" || place !== placeOfProcesses() || !Number.isInteger(pid) || pid < 1) {
    return false;
  }
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

let place: string | undefined;

function placeOfProcesses(): string | undefined {
  try {
    const boot = () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    place ??= `${boot()}.${readlinkSync("/proc/self/ns/pid")}`;
    return place;
  } catch {
    return undefined;
  }
}
