import type { Meter } from "#core/metric/meter.ts";
import type { WatchedModels } from "../watched-models.ts";

/** Shows how much news of models is not in its stream yet, and how much never will be. */
export function observeAlerts(models: WatchedModels, meter: Meter): void {
  const waiting = meter.gauge({
    name: "sluice_monitor_alerts_waiting",
    help: "Changes of alerts, and requests for training, that wait to be stored.",
    labels: ["model"],
  });
  const dropped = meter.gauge({
    name: "sluice_monitor_alerts_dropped",
    help: "Those given up because too many waited.",
    labels: ["model"],
  });
  meter.observe([waiting, dropped], () => {
    for (const { model, watch } of models.held) {
      const { news, dropped: given } = watch.news.state();
      waiting.series(model).value = news.length;
      dropped.series(model).value = given;
    }
  });
}
