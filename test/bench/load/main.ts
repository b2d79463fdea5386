/** A load process: takes plans over IPC, one at a time, and ends when the channel closes. */
import { messageOf } from "#core/failure.ts";
import { type BulkPlan, type BulkResult, driveBulk } from "./bulk.ts";
import { drive } from "./drive.ts";
import type { LoadPlan, LoadResult } from "./plan.ts";

process.on("message", (plan: LoadPlan | BulkPlan) => {
  const run: Promise<LoadResult | BulkResult> = "rows" in plan ? driveBulk(plan) : drive(plan);
  run.then(
    (result) => process.send?.({ kind: "done", result }),
    (error: unknown) => process.send?.({ kind: "failed", reason: messageOf(error) }),
  );
});
process.on("disconnect", () => process.exit());
process.send?.({ kind: "ready" });
