/**
 * What a gateway knows of the cluster: models, their versions, and the replicas of each. Immutable:
 * every change gives a new table, so that a request sees one state of the world from beginning to
 * end.
 */
import { unreachable } from "../assert.ts";
import type { ModelRef } from "../model/name.ts";

/** What a worker says of its model. */
export type ReplicaState = "loading" | "ready" | "failed" | "draining";

export type Replica = {
  readonly instance: string;
  readonly address: string;
  /** Whether there is a live link, without which `state` is only what was last heard. */
  readonly isConnected: boolean;
  readonly state: ReplicaState;
  /** Why it is not ready; empty when it is. */
  readonly reason: string;
};

/** What is known of a version that no worker speaks for. */
export type Expectation =
  | { readonly kind: "expected" }
  /** Known from a worker alone, who may never have answered. */
  | { readonly kind: "learned" }
  /** There will be no worker, for this reason. */
  | { readonly kind: "failed"; readonly reason: string };

export type VersionEntry = ModelRef & {
  readonly expectation: Expectation;
  readonly replicas: readonly Replica[];
};

/** Version 0 stands for a model that was kept out before a version could be chosen. */
export type RoutingTable = {
  readonly models: ReadonlyMap<string, ReadonlyMap<number, VersionEntry>>;
};

export const emptyTable: RoutingTable = { models: new Map() };

export function findVersion(table: RoutingTable, ref: ModelRef): VersionEntry | undefined {
  return table.models.get(ref.model)?.get(ref.version);
}

/** Every version of every model, by name and then by number. */
export function allVersions(table: RoutingTable): readonly VersionEntry[] {
  const names = [...table.models.keys()].sort();
  return names.flatMap((name) => versionsOf(table, name));
}

/** Every version of one model by number; none where the model is unknown. */
export function versionsOf(table: RoutingTable, model: string): readonly VersionEntry[] {
  const versions = table.models.get(model)?.values() ?? [];
  return [...versions].sort((one, other) => one.version - other.version);
}

/** Adds a version, or says anew what is expected of it; its replicas stay. */
export function withVersion(
  table: RoutingTable,
  ref: ModelRef,
  expectation: Expectation,
): RoutingTable {
  const replicas = findVersion(table, ref)?.replicas ?? [];
  return withEntry(table, { ...ref, expectation, replicas });
}

/**
 * Adds a replica, or replaces the one of its instance. A version nobody expected is added with it.
 */
export function withReplica(table: RoutingTable, ref: ModelRef, replica: Replica): RoutingTable {
  const entry = findVersion(table, ref) ?? { ...ref, expectation: learned, replicas: [] };
  const place = entry.replicas.findIndex(({ instance }) => instance === replica.instance);
  const replicas =
    place === -1 ? [...entry.replicas, replica] : entry.replicas.with(place, replica);
  return withEntry(table, { ...entry, replicas });
}

/** Removes a replica; the version stays known. */
export function withoutReplica(table: RoutingTable, ref: ModelRef, instance: string): RoutingTable {
  const entry = findVersion(table, ref);
  if (entry === undefined) return table;
  const replicas = entry.replicas.filter((replica) => replica.instance !== instance);
  return withEntry(table, { ...entry, replicas });
}

/** Removes a version, and with its last version the model. */
export function withoutVersion(table: RoutingTable, ref: ModelRef): RoutingTable {
  const versions = new Map(table.models.get(ref.model));
  versions.delete(ref.version);
  const models = new Map(table.models);
  if (versions.size > 0) models.set(ref.model, versions);
  else models.delete(ref.model);
  return { models };
}

export type VersionState = {
  readonly state: ReplicaState;
  /** Why it is not ready; empty when it is. */
  readonly reason: string;
};

/**
 * A version is ready when any of its replicas is; otherwise it is in the most hopeful state that a
 * replica has. One without any has failed: nobody is about to serve it.
 */
export function versionState(entry: VersionEntry): VersionState {
  const { expectation, replicas } = entry;
  if (expectation.kind === "failed" && !replicas.some((replica) => replica.isConnected)) {
    return { state: "failed", reason: expectation.reason };
  }
  const [best] = replicas
    .map(effectiveState)
    .sort((one, other) => rankOf(one.state) - rankOf(other.state));
  return best ?? { state: "failed", reason: "no worker is running" };
}

export function isReplicaReady(replica: Replica): boolean {
  return replica.isConnected && replica.state === "ready";
}

export function readyReplicas(entry: VersionEntry): readonly Replica[] {
  return entry.replicas.filter(isReplicaReady);
}

const learned: Expectation = { kind: "learned" };

function effectiveState(replica: Replica): VersionState {
  const { instance, isConnected, state, reason } = replica;
  if (!isConnected) {
    // A model that failed to load is still failed when its worker cannot be reached.
    if (state === "failed") return { state, reason };
    const why = reason === "" ? "" : `: ${reason}`;
    return { state: "loading", reason: `worker ${instance} is not connected${why}` };
  }
  switch (state) {
    case "ready":
      return { state, reason: "" };
    case "loading":
      return { state, reason: reason || "the model is being loaded" };
    case "draining":
      return { state, reason: reason || `worker ${instance} is stopping` };
    case "failed":
      return { state, reason };
    default:
      return unreachable(state);
  }
}

function rankOf(state: ReplicaState): number {
  return ["ready", "loading", "draining", "failed"].indexOf(state);
}

function withEntry(table: RoutingTable, entry: VersionEntry): RoutingTable {
  const versions = new Map(table.models.get(entry.model)).set(entry.version, entry);
  return { models: new Map(table.models).set(entry.model, versions) };
}
