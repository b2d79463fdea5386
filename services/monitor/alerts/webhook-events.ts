import type { Counter, Meter } from "#core/metric/meter.ts";
import type { Log } from "#platform/log.ts";

type Told = { readonly host: string; readonly id: string; readonly seq: number };

const outcomes = ["delivered", "failed", "given_up", "gone", "unreadable"];

/** What happens to events on their way to webhooks. Receivers are named by their host alone. */
export class WebhookEvents {
  readonly #log: Log;
  readonly #deliveries: Counter;

  constructor(modules: { readonly log: Log; readonly meter: Meter }) {
    this.#log = modules.log;
    this.#deliveries = modules.meter.counter({
      name: "sluice_webhook_deliveries_total",
      help: "Events for webhooks: delivered, failed and to be tried again, given up, or gone.",
      labels: ["outcome"],
    });
  }

  /** Somebody will be told: from now on there is something to count, which is nothing yet. */
  expected(): void {
    for (const outcome of outcomes) this.#deliveries.series(outcome).add(0);
  }

  delivered(told: Told, attempt: number): void {
    this.#deliveries.series("delivered").add(1);
    this.#log.info("a webhook has taken an event", { ...told, attempt });
  }

  /** One try; there will be another. */
  failed(told: Told, failed: { attempt: number; reason: string; waitMs: number }): void {
    this.#deliveries.series("failed").add(1);
    const fields = { ...told, ...failed, waitMs: Math.round(failed.waitMs) };
    const message = "a webhook has not taken an event, which is tried again";
    if (failed.attempt === 1) this.#log.warn(message, fields);
    else this.#log.debug(message, fields);
  }

  givenUp(told: Told, reason: string): void {
    this.#deliveries.series("given_up").add(1);
    this.#log.error("an event for a webhook is given up", { ...told, reason });
  }

  /** What is stored among alerts and is no CloudEvent. */
  unreadable(host: string, message: { readonly subject: string; readonly seq: number }): void {
    this.#deliveries.series("unreadable").add(1);
    const { subject, seq } = message;
    this.#log.warn("what is no event is not sent to a webhook", { host, subject, seq });
  }

  /** The stream let them go before they were told. */
  gone(host: string, messages: number): void {
    this.#deliveries.series("gone").add(messages);
    this.#log.error("events were gone before a webhook was told", { host, messages });
  }

  streamRecreated(host: string): void {
    this.#log.warn("the stream of alerts is another one: a webhook is told all it has", { host });
  }

  beginsAt(host: string, seq: number): void {
    this.#log.info("a webhook is told of alerts", { host, seq });
  }

  troubled(host: string, reason: string): void {
    this.#log.warn("alerts for a webhook cannot be read; they wait", { host, reason });
  }
}
