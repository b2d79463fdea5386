import type { FoundModel } from "#platform/model-repository.ts";
import type { RouteModel, Routes } from "#platform/routes-file.ts";

/** One worker process to be started. */
export type PlannedWorker = {
  readonly model: string;
  readonly version: number;
  /** `wine-1-0`: model, version and number of the replica. */
  readonly instance: string;
};

export type SocketPaths = {
  /** `unix:/path` of the worker's link. */
  readonly address: string;
  /** `unix:/path` of the worker's metrics. */
  readonly metrics: string;
};

/** A model that no process is started for. */
export type KeptOut = { readonly model: string; readonly reason: string };

export type Plan = {
  readonly workers: readonly PlannedWorker[];
  readonly keptOut: readonly KeptOut[];
};

/** One process for each replica of each served version. */
export function planWorkers(models: readonly FoundModel[]): Plan {
  const workers: PlannedWorker[] = [];
  const keptOut: KeptOut[] = [];
  for (const { model, settings, versions, problem } of models) {
    if (problem !== undefined) keptOut.push({ model, reason: problem });
    else {
      for (const version of versions) {
        for (let replica = 0; replica < (settings?.replicas ?? 1); replica += 1) {
          workers.push({ model, version, instance: `${model}-${version}-${replica}` });
        }
      }
    }
  }
  return { workers, keptOut };
}

/**
 * The routes that a gateway starts from: every planned worker, and every model kept out with its
 * reason.
 */
export function planRoutes(
  plan: Plan,
  cluster: string,
  socketsOf: (worker: PlannedWorker) => SocketPaths,
): Routes {
  const models = new Map<string, RouteModel>();
  for (const worker of plan.workers) {
    const { model, version, instance } = worker;
    const { address, metrics } = socketsOf(worker);
    const key = `${model}@${version}`;
    const workers = [...(models.get(key)?.workers ?? []), { instance, address, metrics }];
    models.set(key, { model, version, state: "expected", reason: "", workers });
  }
  const failed = plan.keptOut.map(
    ({ model, reason }): RouteModel => ({
      model,
      version: 0,
      state: "failed",
      reason,
      workers: [],
    }),
  );
  return { format: 1, cluster, models: [...models.values(), ...failed] };
}
