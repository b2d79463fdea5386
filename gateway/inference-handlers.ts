/** The questions of the Open Inference Protocol that no worker has to be asked. */
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import { Failure } from "#core/failure.ts";
import { findNamed, notReady } from "#core/routing/choose-version.ts";
import {
  allVersions,
  type ReplicaState,
  type VersionEntry,
  versionState,
  versionsOf,
} from "#core/routing/table.ts";
import {
  GRPCInferenceService,
  type ModelStatistics,
  type RepositoryIndexRequest,
} from "#gen/inference/grpc_service_pb.ts";
import { unaryHandler } from "#platform/rpc/failure-status.ts";
import { toModelConfig, toModelMetadata } from "#wire/model-metadata.ts";
import { joinModelStatistics, toModelStatistics } from "#wire/model-statistics.ts";
import type { KnownModel, Links } from "./links.ts";
import type { ServerHealth } from "./server-health.ts";
import type { Siblings } from "./siblings.ts";
import type { Statistics } from "./statistics.ts";

export type InferenceModules = {
  readonly links: Links;
  readonly health: ServerHealth;
  readonly statistics: Statistics;
  readonly siblings: Siblings;
};

type Named = { readonly name: string; readonly version: string };

const methods = GRPCInferenceService.method;

/** The extensions of the protocol that are answered. */
const extensions = ["binary_tensor_data", "model_configuration", "parameters", "statistics"];

export function inferenceHandlers(
  options: { readonly serverVersion: string },
  modules: InferenceModules,
): UntypedServiceImplementation {
  const { health, statistics, links, siblings } = modules;
  const statisticsOf = (entry: VersionEntry, others: readonly ModelStatistics[]) => {
    const own = toModelStatistics(entry, statistics.of(entry));
    const isSame = ({ name, version }: ModelStatistics) =>
      name === own.name && version === own.version;
    return joinModelStatistics(own, others.filter(isSame));
  };
  return {
    ServerLive: unaryHandler(methods.serverLive, () => ({ live: true })),
    ServerReady: unaryHandler(methods.serverReady, () => ({ ready: health.isServing })),
    ModelReady: unaryHandler(methods.modelReady, (request) => {
      requireReady(links, request);
      return { ready: true };
    }),
    ServerMetadata: unaryHandler(methods.serverMetadata, () => ({
      name: "sluice",
      version: options.serverVersion,
      extensions,
    })),
    ModelMetadata: unaryHandler(methods.modelMetadata, (request) => {
      const { description } = requireReady(links, request);
      const { name, version } = request;
      const versions = version === "" ? readyVersions(links, name) : [Number(version)];
      return toModelMetadata(name, versions, description);
    }),
    ModelConfig: unaryHandler(methods.modelConfig, (request) => {
      const { description } = requireReady(links, request);
      const { name } = request;
      return { config: toModelConfig(name, servedVersions(links, name), description) };
    }),
    ModelStatistics: unaryHandler(methods.modelStatistics, async (request, metadata) => {
      const entries = asked(links, request);
      const replies = await siblings.ask(methods.modelStatistics, request, metadata);
      const others = replies.flatMap((reply) => reply.modelStats);
      return { modelStats: entries.map((entry) => statisticsOf(entry, others)) };
    }),
    RepositoryIndex: unaryHandler(methods.repositoryIndex, (request) => ({
      models: repositoryIndex(links, request),
    })),
  };
}

/**
 * What is known of a version that is ready; throws a Failure for one that is unknown or not
 * ready.
 */
function requireReady(links: Links, { name, version }: Named): KnownModel {
  const entry = find(links, { name, version });
  const { state, reason } = versionState(entry);
  const known = links.known(entry);
  if (state !== "ready" || known === undefined) throw notReady(entry, reason);
  return known;
}

function find(links: Links, { name, version }: Named): VersionEntry {
  const choice = findNamed(links.table, name, version);
  if (choice.kind === "refused") throw choice.failure;
  return choice.entry;
}

/** Every version for no name, every one of a model for no version. */
function asked(links: Links, { name, version }: Named): readonly VersionEntry[] {
  const isServed = (entry: VersionEntry) => entry.version > 0;
  if (name === "") return allVersions(links.table).filter(isServed);
  const found = find(links, { name, version });
  return (version === "" ? versionsOf(links.table, name) : [found]).filter(isServed);
}

function readyVersions(links: Links, model: string): readonly number[] {
  const versions = versionsOf(links.table, model);
  return versions.flatMap((entry) => (versionState(entry).state === "ready" ? entry.version : []));
}

function servedVersions(links: Links, model: string): readonly number[] {
  const versions = versionsOf(links.table, model).map((entry) => entry.version);
  return versions.filter((version) => version > 0);
}

function repositoryIndex(links: Links, { repositoryName, ready }: RepositoryIndexRequest) {
  if (repositoryName !== "") {
    throw new Failure("unimplemented", "there is one repository, which has no name");
  }
  return allVersions(links.table).flatMap((entry) => {
    const { state, reason } = versionState(entry);
    if (ready && state !== "ready") return [];
    const version = entry.version === 0 ? "" : String(entry.version);
    return { name: entry.model, version, state: indexStates[state], reason };
  });
}

const indexStates: Record<ReplicaState, string> = {
  ready: "READY",
  loading: "LOADING",
  draining: "UNLOADING",
  failed: "UNAVAILABLE",
};
