/** Refuses requests at the door while the gateway has more to do than it can. */
import { Failure } from "#core/failure.ts";
import { LoadShedder } from "#core/limits/load-shedder.ts";
import { GRPCInferenceService } from "#gen/inference/grpc_service_pb.ts";
import { PredictService } from "#gen/sluice/predict/v1/predict_pb.ts";
import { monotonicMs } from "#platform/clock.ts";
import type { ArrivalGate } from "#platform/rpc/arrivals.ts";
import type { GatewayEvents } from "./events.ts";

/** Some turns of the event loop, after each of which it is decided anew how much is taken. */
const retryMs = 200;
/** Health, metadata and control are answered always, and bulk streams have credit of their own. */
const paths = [
  `/${GRPCInferenceService.typeName}/${GRPCInferenceService.method.modelInfer.name}`,
  `/${PredictService.typeName}/${PredictService.method.predict.name}`,
];

export class Overload {
  readonly gate: ArrivalGate;
  readonly #shedder: LoadShedder;

  constructor(
    options: { readonly turnMsMax: number },
    modules: { readonly events: GatewayEvents },
  ) {
    const shedder = new LoadShedder(options);
    const { events } = modules;
    this.#shedder = shedder;
    this.gate = {
      paths,
      admits: () => {
        if (shedder.admits()) return true;
        events.refused("overload");
        return false;
      },
      refusal: new Failure("resource-exhausted", "the gateway has more requests than it can take", {
        retryAfterMs: retryMs,
      }),
      onTurn: (sinceMs, nowMs) => shedder.turn({ sinceMs, nowMs }),
    };
  }

  /** Whether requests are being refused, or were a moment ago. */
  get isShedding(): boolean {
    return this.#shedder.isShedding(monotonicMs());
  }
}
