// Alerts are in their stream before anybody is told, so that a webhook needs no queue: it has a
// place in the stream, which moves on when an event has been taken or given up. Each webhook is
// told by one monitor at a time, event by event in the stream's order; one that does not answer
// holds up nothing but itself.
import { deliveryOf, isForPeople } from "#core/alert/delivery.ts";
import { messageOf } from "#core/failure.ts";
import type { Bus, BusMessage } from "#platform/bus/bus.ts";
import { alertStream, monitorBucket } from "#platform/bus/streams.ts";
import { sleep, wallUs } from "#platform/clock.ts";
import { loop } from "#platform/loop.ts";
import { readStoredEvent } from "#wire/alert/stored-event.ts";
import { Lease } from "../lease.ts";
import type { Webhook } from "./webhook.ts";
import type { WebhookEvents } from "./webhook-events.ts";
import { WebhookPlace } from "./webhook-place.ts";

export type WebhookDelivererOptions = {
  readonly webhook: Webhook;
  /** Random per process start. */
  readonly holder: string;
  readonly leaseMs: number;
};

export type WebhookDelivererModules = {
  readonly bus: Bus;
  readonly events: WebhookEvents;
  /** From [0, 1). */
  readonly draw: () => number;
};

const everyMs = 500;
const releaseMsMax = 500;

export class WebhookDeliverer {
  readonly #options: WebhookDelivererOptions;
  readonly #modules: WebhookDelivererModules;
  #lease: Lease | undefined;
  /** Ends the reading under way. */
  #again = new AbortController();
  #isFailing = false;

  constructor(options: WebhookDelivererOptions, modules: WebhookDelivererModules) {
    this.#options = options;
    this.#modules = modules;
  }

  /** Tells the webhook of alerts until the signal aborts, whenever it has the claim on it. */
  async run(signal: AbortSignal): Promise<void> {
    const onError = (error: unknown) => this.#fail(error);
    this.#modules.events.expected();
    await Promise.all([
      loop({ everyMs: this.#options.leaseMs / 5, signal, onError }, () => this.#claim()),
      loop({ everyMs, signal, onError }, () => this.#deliverAll(signal)),
    ]);
    await this.#release();
  }

  async #claim(): Promise<void> {
    const { webhook, holder, leaseMs } = this.#options;
    try {
      if (!this.#modules.bus.isConnected) return;
      const keys = await this.#modules.bus.store(monitorBucket);
      const key = `lease-webhook.${webhook.name}`;
      this.#lease ??= new Lease({ key, holder, leaseMs }, keys);
      await this.#lease.claim();
    } finally {
      if (!this.#hasClaim) this.#again.abort();
    }
  }

  get #hasClaim(): boolean {
    return this.#lease?.epoch !== undefined;
  }

  /** From where the webhook was told last, for as long as this goes well. */
  async #deliverAll(signal: AbortSignal): Promise<void> {
    const { bus, events } = this.#modules;
    if (!bus.isConnected || !this.#hasClaim) return;
    this.#again = new AbortController();
    const until = AbortSignal.any([signal, this.#again.signal]);
    const stream = await bus.ensureStream(alertStream);
    const keys = await bus.store(monitorBucket);
    const { host, name } = this.#options.webhook;
    const opened = await WebhookPlace.open({ key: `webhook.${name}`, stream }, { keys });
    if (opened === "conflict") return;
    const { place, isNew, isOther, gone } = opened;
    if (isNew) events.beginsAt(host, place.seq);
    if (isOther) events.streamRecreated(host);
    if (gone > 0) events.gone(host, gone);
    this.#isFailing = false;
    const { created } = stream;
    const fromSeq = place.seq + 1;
    const of = { stream: alertStream.name, subjects: [], fromSeq, created };
    for await (const message of bus.consume({ ...of, signal: until })) {
      if (!(await this.#deliver(message, until))) return;
      const passed = await place.pass(message);
      if (passed === "conflict") return;
      if (passed > 0) events.gone(host, passed);
    }
  }

  /** Whether the message is done with; not where somebody else may have to tell it. */
  async #deliver(message: BusMessage, until: AbortSignal): Promise<boolean> {
    const { events, draw } = this.#modules;
    const { webhook } = this.#options;
    const { host } = webhook;
    const { data, seq, timeMs } = message;
    const event = readStoredEvent(data);
    if (event === undefined) {
      events.unreadable(host, message);
      return true;
    }
    if (event.isQuiet || (event.change !== undefined && !isForPeople(event.change))) return true;
    const { id } = event;
    const told = { host, id, seq };
    for (let attempt = 1; !until.aborted && this.#hasClaim; attempt += 1) {
      const answer = await webhook.post({ id, body: data }, until);
      if (until.aborted && answer.status === undefined) return false;
      const ageMs = wallUs() / 1000 - timeMs;
      const delivery = deliveryOf({ attempt, ageMs, answer, draw: draw() });
      if (delivery.kind === "delivered") events.delivered(told, attempt);
      if (delivery.kind === "given-up") events.givenUp(told, `${delivery.why}: ${answer.reason}`);
      if (delivery.kind !== "again") return true;
      const { waitMs } = delivery;
      events.failed(told, { attempt, reason: answer.reason, waitMs });
      await sleep(waitMs, until);
    }
    return false;
  }

  /** So that another monitor goes on at once; one that is not let know waits for `leaseMs`. */
  async #release(): Promise<void> {
    const done = new AbortController();
    const releasing = this.#lease?.release().catch((error: unknown) => this.#fail(error));
    await Promise.race([releasing?.then(() => done.abort()), sleep(releaseMsMax, done.signal)]);
  }

  #fail(error: unknown): void {
    const { host } = this.#options.webhook;
    if (!this.#isFailing) this.#modules.events.troubled(host, messageOf(error));
    this.#isFailing = true;
  }
}
