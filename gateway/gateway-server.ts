/** The gRPC services of a gateway: what answers them, and how they end. */
import type { DescService } from "@bufbuild/protobuf";
import { GRPCInferenceService } from "#gen/inference/grpc_service_pb.ts";
import { ControlService } from "#gen/sluice/control/v1/control_pb.ts";
import { PredictService } from "#gen/sluice/predict/v1/predict_pb.ts";
import { monotonicMs } from "#platform/clock.ts";
import type { CallBudget } from "#platform/rpc/call-budget.ts";
import type { Health } from "#platform/rpc/health.ts";
import { addReflection } from "#platform/rpc/reflection.ts";
import { RpcServer } from "#platform/rpc/server.ts";
import type { BulkCall } from "./bulk-stream.ts";
import type { BulkStreams } from "./bulk-streams.ts";
import type { GatewayConfig } from "./config.ts";
import { controlHandlers } from "./control-handlers.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { FeedbackIntake } from "./feedback-intake.ts";
import type { InferStreamCall } from "./infer-stream.ts";
import type { InferStreams } from "./infer-streams.ts";
import { inferenceHandlers } from "./inference-handlers.ts";
import type { Links } from "./links.ts";
import type { Overload } from "./overload.ts";
import type { Predictions } from "./predictions.ts";
import type { ServerHealth } from "./server-health.ts";
import { serverVersion } from "./server-version.ts";
import type { Siblings } from "./siblings.ts";
import type { Statistics } from "./statistics.ts";
import { gatewayStopping } from "./stopping.ts";

/** What answers calls. */
export type ServedByGateway = {
  readonly links: Links;
  readonly dispatcher: Dispatcher;
  readonly health: Health;
  readonly serverHealth: ServerHealth;
  readonly statistics: Statistics;
  readonly siblings: Siblings;
  readonly predictions: Predictions;
  readonly inferStreams: InferStreams;
  readonly bulk: BulkStreams;
  readonly feedback: FeedbackIntake;
  readonly overload: Overload;
  readonly budget: CallBudget;
};

const services: readonly DescService[] = [GRPCInferenceService, PredictService, ControlService];
/** Kept for replies that are being written, whatever time is left. */
const serverDrainMs = 300;

export const serviceNames: readonly string[] = services.map(({ typeName }) => typeName);

/** Binds the address callers know. A taken one is a Failure of one line. */
export async function listen(config: GatewayConfig, served: ServedByGateway): Promise<RpcServer> {
  const { links, health, serverHealth, statistics, siblings } = served;
  const { predictions, inferStreams, bulk } = served;
  const { messageBytesMax, uploadWindowBytes, streamsMax, connectionsMax } = config;
  const inference = inferenceHandlers(
    { serverVersion },
    { links, health: serverHealth, statistics, siblings },
  );
  return await RpcServer.listen(
    {
      ...{ ...config.listen, messageBytesMax, drainMsMax: serverDrainMs },
      ...{ uploadWindowBytes, streamsMax, connectionsMax, gate: served.overload.gate },
      budget: served.budget,
    },
    [
      {
        service: GRPCInferenceService,
        handlers: {
          ...inference,
          ModelStreamInfer: (call: InferStreamCall) => inferStreams.handle(call),
        },
        raw: ["ModelStreamInfer"],
        unary: { ModelInfer: predictions.taker("ModelInfer") },
      },
      {
        service: PredictService,
        handlers: {
          PredictBulk: (call: BulkCall) => bulk.handle(call),
          SendFeedback: served.feedback.handler,
        },
        raw: ["PredictBulk", "SendFeedback"],
        unary: { Predict: predictions.taker("Predict") },
      },
      { service: ControlService, handlers: controlHandlers(links, siblings) },
    ],
    (server) => {
      health.addTo(server);
      addReflection(server, services);
    },
  );
}

/**
 * Takes nothing new and finishes what is held, for at most `msMax`; what is left then is told to
 * try elsewhere. Callers who read slowly have what is left of the time for that.
 */
export async function drain(
  served: ServedByGateway,
  server: RpcServer,
  msMax: number,
): Promise<void> {
  const { dispatcher, predictions, inferStreams, bulk, serverHealth, health } = served;
  const endMs = monotonicMs() + msMax;
  serverHealth.stop();
  predictions.stop();
  inferStreams.stop();
  bulk.stop();
  const signal = AbortSignal.timeout(Math.ceil(msMax));
  await Promise.all([dispatcher.live.idle(signal), bulk.idle(signal)]);
  bulk.abandon();
  dispatcher.abandon(gatewayStopping());
  health[Symbol.dispose]();
  await server.drain(Math.max(serverDrainMs, endMs - monotonicMs()));
}
