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
import { ControlService, type ModelVersionSchema } from "#gen/sluice/control/v1/control_pb.ts";
import { ModelState } from "#gen/sluice/control/v1/model_pb.ts";
import { unaryHandler } from "#platform/rpc/failure-status.ts";
import type { Links } from "./links.ts";

/** ControlService: what this gateway knows of the cluster. */
export function controlHandlers(links: Links): UntypedServiceImplementation {
  return {
    ListModels: unaryHandler(ControlService.method.listModels, ({ model }) => {
      const entries = model === "" ? allVersions(links.table) : versionsOf(links.table, model);
      if (model !== "" && entries.length === 0) {
        throw new Failure("not-found", `there is no model ${quote(model)}`);
      }
      return { versions: entries.map((entry) => toModelVersion(links, entry)) };
    }),
  };
}

function toModelVersion(
  links: Links,
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
    replicas: replicas.map((replica) => toReplica(links, replica)),
  };
}

function toReplica(links: Links, replica: Replica) {
  const { instance, address, isConnected, state, reason } = replica;
  const inFlight = links.find(instance)?.session?.inFlight ?? 0;
  return {
    instance,
    address,
    state: states[state],
    reason,
    connected: isConnected,
    inFlight,
  };
}

const states: Record<ReplicaState, ModelState> = {
  loading: ModelState.LOADING,
  ready: ModelState.READY,
  failed: ModelState.FAILED,
  draining: ModelState.DRAINING,
};
