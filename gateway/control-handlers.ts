import type { MessageInitShape } from "@bufbuild/protobuf";
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import { Failure } from "#core/failure.ts";
import { quote } from "#core/quote.ts";
import {
  allVersions,
  type Replica,
  type ReplicaState,
  type VersionEntry,
  versionState,
  versionsOf,
} from "#core/routing/table.ts";
import {
  ControlService,
  type ListModelsResponse,
  type ModelVersionSchema,
} from "#gen/sluice/control/v1/control_pb.ts";
import { ModelState } from "#gen/sluice/control/v1/model_pb.ts";
import { unaryHandler } from "#platform/rpc/failure-status.ts";
import type { Links } from "./links.ts";
import type { Siblings } from "./siblings.ts";

/** ControlService: what this gateway and its siblings know of the cluster. */
export function controlHandlers(links: Links, siblings: Siblings): UntypedServiceImplementation {
  const method = ControlService.method.listModels;
  return {
    ListModels: unaryHandler(method, async (request, metadata) => {
      const { model } = request;
      const entries = model === "" ? allVersions(links.table) : versionsOf(links.table, model);
      if (model !== "" && entries.length === 0) {
        throw new Failure("not-found", `there is no model ${quote(model)}`);
      }
      const inFlight = inFlightOf(await siblings.ask(method, request, metadata));
      return { versions: entries.map((entry) => toModelVersion({ links, inFlight }, entry)) };
    }),
  };
}

/** Requests that others have at each worker. */
type InFlight = ReadonlyMap<string, number>;

function inFlightOf(replies: readonly ListModelsResponse[]): InFlight {
  const inFlight = new Map<string, number>();
  const replicas = replies.flatMap((reply) => reply.versions.flatMap((one) => one.replicas));
  for (const { instance, inFlight: more } of replicas) {
    inFlight.set(instance, (inFlight.get(instance) ?? 0) + more);
  }
  return inFlight;
}

type Known = { readonly links: Links; readonly inFlight: InFlight };

function toModelVersion(
  { links, inFlight }: Known,
  entry: VersionEntry,
): MessageInitShape<typeof ModelVersionSchema> {
  const { model, version, replicas } = entry;
  const { state, reason } = versionState(entry);
  const known = links.known(entry);
  return {
    model,
    version,
    state: states[state],
    reason,
    digest: known?.digest ?? "",
    ...(known === undefined ? {} : { description: known.description }),
    replicas: replicas.map((replica) => toReplica({ links, inFlight }, replica)),
  };
}

function toReplica({ links, inFlight }: Known, replica: Replica) {
  const { instance, address, isConnected, state, reason } = replica;
  const own = links.find(instance)?.session?.inFlight ?? 0;
  return {
    instance,
    address,
    state: states[state],
    reason,
    connected: isConnected,
    inFlight: own + (inFlight.get(instance) ?? 0),
  };
}

const states: Record<ReplicaState, ModelState> = {
  loading: ModelState.LOADING,
  ready: ModelState.READY,
  failed: ModelState.FAILED,
  draining: ModelState.DRAINING,
};
