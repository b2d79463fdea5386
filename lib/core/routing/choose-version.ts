import { Failure } from "../failure.ts";
import { parseVersion } from "../model/name.ts";
import { quote } from "../quote.ts";
import {
  findVersion,
  type RoutingTable,
  type VersionEntry,
  versionState,
  versionsOf,
} from "./table.ts";

export type VersionChoice =
  | { readonly kind: "chosen"; readonly entry: VersionEntry }
  | { readonly kind: "refused"; readonly failure: Failure };

/**
 * The version a caller's words stand for, whatever its state: the named one, or without a name the
 * highest that is ready, or else the highest there is. Refusals are `not-found` for a model or
 * version nobody knows and `invalid-argument` for what is no version.
 */
export function findNamed(table: RoutingTable, model: string, version: string): VersionChoice {
  const versions = versionsOf(table, model);
  const highest = versions.at(-1);
  if (highest === undefined) {
    return refuse("not-found", `Request for unknown model: ${quote(model)} is not found`);
  }
  if (version === "") {
    const entry = versions.findLast((one) => versionState(one).state === "ready") ?? highest;
    return { kind: "chosen", entry };
  }
  const number = parseVersion(version);
  if (number === undefined) {
    return refuse(
      "invalid-argument",
      `${quote(version)} is no version of a model: expected an integer from 1 to 2147483647`,
    );
  }
  const entry = findVersion(table, { model, version: number });
  if (entry !== undefined) return { kind: "chosen", entry };
  // Nothing is known of the versions of a model that was kept out whole.
  if (highest.version === 0) return { kind: "chosen", entry: highest };
  const known = versions.map((one) => one.version).join(", ");
  return refuse(
    "not-found",
    `Request for unknown model: ${quote(model)} version ${number} is not found; there is ${known}`,
  );
}

/** As `findNamed`, and refuses what is not ready with `unavailable` and the reason. */
export function chooseVersion(table: RoutingTable, model: string, version: string): VersionChoice {
  const choice = findNamed(table, model, version);
  if (choice.kind === "refused") return choice;
  const { state, reason } = versionState(choice.entry);
  return state === "ready" ? choice : { kind: "refused", failure: notReady(choice.entry, reason) };
}

/** Why a version that is known cannot answer now. */
export function notReady(entry: VersionEntry, reason: string): Failure {
  const version = entry.version === 0 ? "" : ` version ${entry.version}`;
  const { expectation, replicas } = entry;
  const hasFailed = versionState(entry).state === "failed";
  // A failed model stays so until somebody mends it, while a worker may come any time.
  const isLasting = hasFailed && (expectation.kind === "failed" || replicas.length > 0);
  const options = isLasting ? {} : { retryAfterMs: retryNotReadyMs };
  return new Failure(
    "unavailable",
    `${quote(entry.model)}${version} is not ready: ${reason}`,
    options,
  );
}

/** About as long as a worker takes to start. */
const retryNotReadyMs = 500;

function refuse(code: "not-found" | "invalid-argument", message: string): VersionChoice {
  return { kind: "refused", failure: new Failure(code, message) };
}
