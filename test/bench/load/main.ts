/** A load process: takes plans over IPC, one at a time, and ends when the channel closes. */
import { messageOf } from "#core/failure.ts";
import { drive } from "./drive.ts";
import type { LoadPlan } from "./plan.ts";

process.on("message", (plan: LoadPlan) => {
  drive(plan).then(
    (result) => process.send?.({ kind: "done", result }),
    (error: unknown) => process.send?.({ kind: "failed", reason: messageOf(error) }),
  );
});
process.on("disconnect", () => process.exit());
process.send?.({ kind: "ready" });
