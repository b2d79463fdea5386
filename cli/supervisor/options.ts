import type { Env } from "#platform/config.ts";

/** TCP ports; 0 takes a free one. */
export type ClusterPorts = {
  readonly grpc: number;
  readonly metrics: number;
  readonly monitorGrpc: number;
  readonly monitorHttp: number;
  readonly monitorMetrics: number;
  /** Falls back to a free one when it is taken; the others do not. */
  readonly otlp: number;
};

export type ClusterOptions = {
  readonly modelsDir: string;
  /** Holds what the cluster keeps; one cluster at a time. */
  readonly dataDir: string;
  /** Holds what any cluster of this user can share: nats-server, compiled code. */
  readonly cacheDir: string;
  readonly host: string;
  readonly ports: ClusterPorts;
  /** Processes that share the gateway's port; with one it listens itself. */
  readonly gateways: number;
  /**
   * `auto`: a nats-server of the cluster's own. `off`: none, and no monitor. Otherwise the address
   * of one.
   */
  readonly nats: string;
  /** SLUICE_NATS_SERVER: the program to start with `auto`. */
  readonly natsServer?: string | undefined;
  /** False for predictions alone. */
  readonly monitor: boolean;
  /** The name of the cluster. */
  readonly cluster: string;
  /** How long calls under way may take to finish when the cluster is stopped. */
  readonly drainMsMax: number;
  /** The environment of the processes, as far as the cluster does not set it. */
  readonly env: Env;
  /** Told what happens, in lines for people. */
  readonly onReport: (line: string) => void;
  /** What the processes log, as they write it; their log files hold it in any case. */
  readonly onOutput?: ((bytes: Uint8Array) => void) | undefined;
};
