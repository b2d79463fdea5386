import type { News } from "#core/alert/outbox.ts";
import type { Counter, Meter } from "#core/metric/meter.ts";
import type { Applied } from "#core/monitor/model-watch.ts";
import type { WindowReport } from "#core/monitor/window-report.ts";
import type { Log } from "#platform/log.ts";
import { WebhookEvents } from "./alerts/webhook-events.ts";

type Version = { readonly model: string; readonly version: number };

/**
 * Everything that happens in the monitor and that someone may want to know: counted, logged, never
 * thrown.
 */
export class MonitorEvents {
  readonly webhooks: WebhookEvents;
  readonly #log: Log;
  readonly #messages: Counter;
  readonly #unknown: Counter;
  readonly #purged: Counter;
  readonly #windows: Counter;
  readonly #snapshots: Counter;
  readonly #claims: Counter;
  readonly #recreated: Counter;
  readonly #feedback: Counter;
  readonly #labelsPurged: Counter;
  readonly #alerts: Counter;
  readonly #retrains: Counter;

  constructor(modules: { readonly log: Log; readonly meter: Meter }) {
    const { log, meter } = modules;
    this.#log = log;
    this.webhooks = new WebhookEvents(modules);
    const counter = (name: string, help: string, ...labels: readonly string[]) =>
      meter.counter({ name, help, labels });
    this.#messages = counter(
      "sluice_monitor_messages_total",
      "Prediction messages, by what became of them.",
      ...["model", "version", "outcome"],
    );
    this.#unknown = counter(
      "sluice_monitor_messages_unknown_total",
      "Messages on subjects that name no model.",
    );
    this.#purged = counter(
      "sluice_monitor_messages_purged_total",
      "Messages of any model that the stream let go before they were read.",
      "model",
    );
    this.#windows = counter(
      "sluice_monitor_windows_total",
      "Windows closed or revised, by verdict.",
      ...["model", "version", "verdict"],
    );
    this.#snapshots = counter(
      "sluice_monitor_snapshots_total",
      "Snapshots, by outcome.",
      "outcome",
    );
    this.#claims = counter(
      "sluice_monitor_claims_total",
      "Claims on models, taken and lost.",
      "outcome",
    );
    this.#recreated = counter(
      "sluice_monitor_stream_recreations_total",
      "Times the stream of predictions or labels was found to be another one.",
      "model",
    );
    this.#feedback = counter(
      "sluice_monitor_feedback_messages_total",
      "Messages of labels, by what became of them.",
      ...["model", "outcome"],
    );
    this.#labelsPurged = counter(
      "sluice_monitor_feedback_messages_purged_total",
      "Messages of labels of any model that the stream let go before they were read.",
      "model",
    );
    this.#alerts = counter(
      "sluice_alerts_total",
      "Changes of alerts stored in their stream, by the state they led to.",
      ...["model", "version", "state"],
    );
    this.#retrains = counter(
      "sluice_retrain_requests_total",
      "Wishes that a model be trained again, by the reason.",
      ...["model", "version", "reason"],
    );
  }

  repositoryUnreadable(reason: string): void {
    this.#log.warn("no model repository: there are no baselines", { reason });
  }

  withoutBus(): void {
    this.#log.warn("NATS_URL is not set: no events are read, traces alone are served");
  }

  httpFailed(reason: string): void {
    this.#log.error("an HTTP request failed", { reason });
  }

  claimTaken(model: string, epoch: number, seq: number): void {
    this.#claims.series("taken").add(1);
    this.#log.info("watching a model", { model, epoch, seq });
  }

  claimLost(model: string): void {
    this.#claims.series("lost").add(1);
    this.#log.warn("a model is not watched from here any more", { model });
  }

  claimsFailed(reason: string): void {
    this.#log.warn("claims on models cannot be renewed", { reason });
  }

  claimsRecovered(): void {
    this.#log.info("claims on models are renewed again");
  }

  readingFrom(seq: number, lastSeq: number): void {
    this.#log.info("reading the prediction stream", { seq, lastSeq });
  }

  readingFailed(reason: string): void {
    this.#log.warn("reading the prediction stream failed", { reason });
  }

  streamRecreated(model: string, created: string): void {
    this.#recreated.series(model).add(1);
    this.#log.warn("a stream is another one: reading it from its beginning", {
      model,
      created,
    });
  }

  messagesPurged(model: string, messages: number): void {
    this.#purged.series(model).add(messages);
    this.#log.warn("messages were gone before they were read", { model, messages });
  }

  labelsPurged(model: string, messages: number): void {
    this.#labelsPurged.series(model).add(messages);
    this.#log.warn("labels were gone before they were read", { model, messages });
  }

  segmentFailed(model: string, reason: string): void {
    this.#log.error("rows of predictions cannot be kept for their labels", { model, reason });
  }

  feedbackApplied(model: string, outcome: "counted" | "quarantined"): void {
    this.#feedback.series(model, outcome).add(1);
  }

  messageApplied({ model, version, outcome }: Version & Pick<Applied, "outcome">): void {
    this.#messages.series(model, String(version), outcome).add(1);
  }

  messageQuarantined(message: Version & { readonly seq: number; readonly problem: string }): void {
    this.#log.warn("a message was put aside", message);
  }

  messageUnknown(subject: string): void {
    this.#unknown.series().add(1);
    this.#log.debug("a message of no model", { subject });
  }

  windowClosed({ model, version, window }: Version & { readonly window: WindowReport }): void {
    const { verdict, rows, startMs, endMs, revised, features } = window;
    this.#windows.series(model, String(version), verdict).add(1);
    // A revision is not news: it comes too late to act on.
    if (revised || (verdict !== "alarm" && verdict !== "warn")) return;
    const drifted = features.filter((feature) => feature.verdict === verdict);
    const names = drifted.slice(0, 10).map(({ name }) => name);
    const fields = { model, version, rows, startMs, endMs, features: names };
    this.#log.warn(`drift: ${verdict}`, fields);
  }

  baselineChanged(model: string, version: number): void {
    this.#log.info("baseline.json has changed and was read again", { model, version });
  }

  snapshotSaved(model: string): void {
    this.#snapshots.series("saved").add(1);
    this.#log.debug("snapshot saved", { model });
  }

  snapshotFailed(model: string, reason: string): void {
    this.#snapshots.series("failed").add(1);
    this.#log.warn("a snapshot could not be saved", { model, reason });
  }

  snapshotUnusable(model: string, reason: string): void {
    this.#snapshots.series("unusable").add(1);
    this.#log.error("a snapshot cannot be used: reading the stream from its beginning", {
      model,
      reason,
    });
  }

  newsStored(model: string, news: News, summary: string): void {
    if (news.kind === "retrain") {
      const { version } = news.request;
      this.#retrains.series(model, String(version), news.request.reason.kind).add(1);
      this.#log.warn("a model should be trained again", { model, version, summary });
      return;
    }
    if (news.kind === "change") {
      const { version, point } = news;
      const { signal, name } = point;
      this.#log.info("a level has changed", { model, version, signal, name, summary });
      return;
    }
    const { version, feature, to } = news.change;
    this.#alerts.series(model, String(version), to).add(1);
    const fields = { model, version, feature, state: to, summary };
    if (to === "firing") this.#log.warn("an alert fires", fields);
    else this.#log.info("an alert has changed", fields);
  }

  alertsFailed(reason: string): void {
    this.#log.warn("alerts cannot be stored; they wait", { reason });
  }
}
