import type { Expired } from "#core/batching/batcher.ts";
import { Failure } from "#core/failure.ts";
import type { ModelSpec } from "#core/model/spec.ts";

/** What a request fails with that left the queue without having run. */
export function toFailure(
  reason: Expired<unknown>["reason"],
  { queueTimeoutMs }: ModelSpec["batching"],
): Failure {
  switch (reason) {
    case "deadline":
      return new Failure("deadline-exceeded", "the deadline passed while the request was queued");
    case "too-late":
      return new Failure("deadline-exceeded", "the deadline would pass during the run");
    case "timeout":
      return new Failure(
        "resource-exhausted",
        `waited ${queueTimeoutMs} ms for a batch, the limit`,
      );
  }
}
