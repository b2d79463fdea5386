/** A process that tries to take a lock, says whether it has it and holds it until it is killed. */
import { tryLock } from "#platform/lock-file.ts";

const lock = await tryLock(process.argv[2] ?? "");
process.stdout.write("heldBy" in lock ? "refused\n" : "taken\n");
process.stdin.resume();
