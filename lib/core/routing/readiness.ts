import { allVersions, type RoutingTable, versionState } from "./table.ts";

/**
 * Whether the server is ready. It becomes so once every model found at start is ready or failed and
 * at least one is ready; an empty repository is ready at once. Having been ready it stays so: one
 * model that fails or reloads says nothing about the others, which is what the health names of the
 * models are for. `isStrict` asks for every version to be ready, always.
 */
export function isServerReady(
  table: RoutingTable,
  before: { readonly wasReady: boolean; readonly isStrict: boolean },
): boolean {
  const states = allVersions(table).map((entry) => versionState(entry).state);
  if (before.isStrict) return states.every((state) => state === "ready");
  if (before.wasReady || states.length === 0) return true;
  const isSettled = states.every((state) => state === "ready" || state === "failed");
  return isSettled && states.includes("ready");
}

export type HealthName = { readonly name: string; readonly isServing: boolean };

/**
 * The health of every `<model>` and `<model>/<version>`; a model is healthy when any version of it
 * is ready.
 */
export function modelHealth(table: RoutingTable): readonly HealthName[] {
  const names = new Map<string, boolean>();
  for (const entry of allVersions(table)) {
    const isServing = versionState(entry).state === "ready";
    names.set(entry.model, isServing || names.get(entry.model) === true);
    if (entry.version > 0) names.set(`${entry.model}/${entry.version}`, isServing);
  }
  return [...names].map(([name, isServing]) => ({ name, isServing }));
}
