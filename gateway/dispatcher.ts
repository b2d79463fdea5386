/**
 * Gives requests to workers.
 *
 * 1. A request waits in the queue of its version. Once a turn of the event loop, each version
 *    with waiting requests draws a worker among those with credit and fills it up to its credit
 *    or one batch, then draws again. Few links with full messages are much cheaper than many with
 *    one frame each, which is why it stays with the one drawn last while that is as good.
 * 2. It ends with a reply, at its deadline, or when its caller goes.
 * 3. When a link is lost, what its worker had not started goes back into the queue. What it had
 *    started may have been its end: that is tried once more, alone in its batch, and only while
 *    two replicas are ready.
 */
import { Failure } from "#core/failure.ts";
import type { ModelRef } from "#core/model/name.ts";
import { RefMap } from "#core/model/ref-map.ts";
import type { Draw } from "#core/random.ts";
import { notReady } from "#core/routing/choose-version.ts";
import { chooseWorker } from "#core/routing/choose-worker.ts";
import { findVersion, versionState } from "#core/routing/table.ts";
import { monotonicMs } from "#platform/clock.ts";
import { randomBytes } from "#platform/random-bytes.ts";
import { fromStatus, statusCode } from "#wire/status.ts";
import { Admission, type AdmissionOptions } from "./admission.ts";
import { afterLoss, mayTryAgain } from "./after-loss.ts";
import type { GatewayEvents } from "./events.ts";
import {
  type Attempt,
  currentAttempt,
  type Exchange,
  type Outcome,
  type WorkerReply,
} from "./exchange.ts";
import type { Link, LinkLoss } from "./link.ts";
import type { LinkSession } from "./link-session.ts";
import type { Links } from "./links.ts";
import { LiveExchanges, type LiveLimits } from "./live-exchanges.ts";
import { tooLate } from "./too-late.ts";
import { VersionQueue } from "./version-queue.ts";

export type DispatcherOptions = LiveLimits & AdmissionOptions;

/** What a worker or a missing replica could not do now it may do by then. */
const retryPassingMs = 100;
const spanIdBytes = 8;

export class Dispatcher {
  readonly #admission: Admission;
  readonly #links: Links;
  readonly #events: GatewayEvents;
  readonly #draw: Draw;
  readonly #live: LiveExchanges;
  readonly #queues = new RefMap<VersionQueue>();
  readonly #waiting = new Set<VersionQueue>();
  #turn: NodeJS.Immediate | undefined;

  constructor(
    options: DispatcherOptions,
    modules: { readonly links: Links; readonly events: GatewayEvents; readonly draw: Draw },
  ) {
    this.#links = modules.links;
    this.#events = modules.events;
    this.#draw = modules.draw;
    this.#live = new LiveExchanges(options, (exchange) => this.#expire(exchange));
    this.#admission = new Admission(options, { ...modules, live: this.#live });
    this.#links.listen({
      onTable: (ref) => this.#reconsider(ref),
      onCapacity: (ref) => this.#wake(this.#queueOf(ref)),
      onReply: (attempt, reply) => this.#takeReply(attempt, reply),
      onLost: (link, loss) => this.#takeLoss(link, loss),
    });
  }

  /** Requests under way, waiting or with a worker. */
  get live(): LiveExchanges {
    return this.#live;
  }

  /** Requests of one version that wait for a worker. */
  waiting(ref: ModelRef): number {
    return this.#queues.get(ref)?.size ?? 0;
  }

  /** Takes a request; it may end at once, refused. */
  submit(exchange: Exchange): void {
    const queue = this.#queueOf(exchange.ref);
    const refusal = this.#admission.refusal(queue, exchange);
    if (refusal !== undefined) {
      exchange.isEnded = true;
      exchange.owner.ended(failed(refusal));
      return;
    }
    this.#live.add(exchange);
    this.#enqueue(queue, exchange);
  }

  /** The caller has gone. */
  cancel(exchange: Exchange, failure: Failure): void {
    this.#finish(exchange, failed(failure));
  }

  /** Ends everything that is under way, for the gateway's own end. */
  abandon(failure: Failure): void {
    for (const exchange of this.#live.all()) this.#finish(exchange, failed(failure));
  }

  #queueOf(ref: ModelRef): VersionQueue {
    let queue = this.#queues.get(ref);
    if (queue === undefined) {
      queue = new VersionQueue(ref, () => this.#priorityLevels(ref));
      this.#queues.set(ref, queue);
    }
    return queue;
  }

  #priorityLevels(ref: ModelRef): number {
    return this.#links.known(ref)?.description.batching?.priorityLevels ?? 0;
  }

  #enqueue(queue: VersionQueue, exchange: Exchange): void {
    queue.add(exchange);
    this.#wake(queue);
  }

  #wake(queue: VersionQueue): void {
    if (queue.size === 0) return;
    this.#waiting.add(queue);
    this.#turn ??= setImmediate(() => this.#takeTurn());
  }

  #takeTurn(): void {
    this.#turn = undefined;
    const used = new Set<LinkSession>();
    for (const queue of this.#waiting) {
      this.#drawFor(queue, used);
      this.#markRate(queue);
    }
    // What could not be given to anybody waits for credit or another worker, which wakes its queue.
    this.#waiting.clear();
    for (const session of used) session.flush();
  }

  /** What is left in a queue waits because its workers have all the work they take. */
  #markRate(queue: VersionQueue): void {
    const workers = queue.size === 0 ? 0 : this.#links.ready(queue.ref).length;
    queue.rate.mark(workers, monotonicMs());
  }

  #drawFor(queue: VersionQueue, used: Set<LinkSession>): void {
    const ready = this.#links.ready(queue.ref);
    const next = () => (ready.length >= 2 ? queue.firstSuspect : undefined) ?? queue.first;
    const batch = this.#batchOf(queue.ref);
    for (let first = next(); first !== undefined; first = next()) {
      const { payloadBytes } = first;
      const candidates = ready.filter((session) => session.mayTake(payloadBytes));
      const session = chooseWorker(candidates, [this.#draw(), this.#draw()], queue.latest);
      if (session === undefined) return;
      queue.latest = session;
      used.add(session);
      for (let room = batch; room > 0; room -= 1) {
        const exchange = next();
        if (exchange === undefined || !session.mayTake(exchange.payloadBytes)) break;
        queue.delete(exchange);
        this.#give(exchange, session);
      }
    }
  }

  /** Requests that make a full batch when each has one row. */
  #batchOf(ref: ModelRef): number {
    const batching = this.#links.known(ref)?.description.batching;
    return batching?.enabled === true ? Math.max(1, batching.rowsMax) : 1;
  }

  #give(exchange: Exchange, session: LinkSession): void {
    const attempt: Attempt = {
      exchange,
      worker: session,
      number: exchange.attempts.length + 1,
      isAlone: exchange.isSuspect,
      spanId: randomBytes(spanIdBytes),
      runSpanId: randomBytes(spanIdBytes),
      linkId: 0,
      leftMs: undefined,
      isStarted: false,
      endedMs: undefined,
      failure: undefined,
    };
    exchange.attempts.push(attempt);
    session.send(attempt);
  }

  #takeReply(attempt: Attempt, reply: WorkerReply): void {
    const { exchange } = attempt;
    attempt.endedMs = monotonicMs();
    // What was given up was not worked on, and bulk waits for whatever else there is.
    const isGivenUp = reply.status === statusCode.deadlineExceeded;
    if (!isGivenUp && !exchange.isBulk) this.#queueOf(exchange.ref).rate.answered();
    if (reply.status === statusCode.ok) {
      this.#finish(exchange, { kind: "reply", reply });
      return;
    }
    attempt.failure = reply.message;
    // A worker that is stopping gives back what it has not started.
    const wasGivenBack = reply.status === statusCode.unavailable && !attempt.isStarted;
    if (wasGivenBack && mayTryAgain(exchange)) this.#tryAgain(exchange, "given_back");
    else this.#finish(exchange, { kind: "failure", failure: toFailure(reply), reply });
  }

  #takeLoss(link: Link, { reason, attempts }: LinkLoss): void {
    const endedMs = monotonicMs();
    for (const attempt of attempts) {
      attempt.endedMs = endedMs;
      attempt.failure = `link lost: ${reason}`;
      const replicas = findVersion(this.#links.table, link.ref)?.replicas.length ?? 0;
      const decision = afterLoss(attempt, replicas);
      if (decision.kind === "fail") {
        if (decision.isHarmful) this.#admission.quarantine(attempt.exchange);
        this.#finish(attempt.exchange, failed(decision.failure));
        continue;
      }
      attempt.exchange.isSuspect = decision.isSuspect;
      this.#tryAgain(attempt.exchange, decision.isSuspect ? "suspect" : "not_started");
    }
  }

  #tryAgain(exchange: Exchange, why: string): void {
    this.#events.retried(exchange.ref, why);
    const queue = this.#queueOf(exchange.ref);
    this.#enqueue(queue, exchange);
    if (!exchange.isSuspect) this.#failUnservable(queue);
  }

  /**
   * A version has changed: work moves away from workers that take no more, or ends where there is
   * none.
   */
  #reconsider(ref: ModelRef): void {
    for (const link of this.#links.of(ref)) {
      if (link.readySession !== undefined) continue;
      for (const { exchange } of link.session?.takeBackUnsent() ?? []) {
        exchange.attempts.pop();
        this.#enqueue(this.#queueOf(ref), exchange);
      }
    }
    const queue = this.#queues.get(ref);
    if (queue === undefined || queue.size === 0) return;
    this.#failUnservable(queue);
    this.#wake(queue);
  }

  /** Where no replica is ready nobody is left waiting but suspects, which wait for two. */
  #failUnservable(queue: VersionQueue): void {
    const entry = findVersion(this.#links.table, queue.ref);
    if (entry === undefined || this.#links.ready(queue.ref).length > 0) return;
    const failure = notReady(entry, versionState(entry).reason);
    const ending = entry.replicas.length < 2 ? queue.suspects() : [];
    for (const exchange of [...queue.ordinary(), ...ending]) {
      this.#finish(exchange, failed(failure));
    }
  }

  #expire(exchange: Exchange): void {
    this.#finish(exchange, failed(tooLate(exchange, monotonicMs())));
  }

  #finish(exchange: Exchange, outcome: Outcome): void {
    if (exchange.isEnded) return;
    exchange.isEnded = true;
    this.#live.delete(exchange);
    const attempt = currentAttempt(exchange);
    if (attempt !== undefined) {
      attempt.endedMs = monotonicMs();
      attempt.failure = outcome.kind === "failure" ? outcome.failure.message : undefined;
      attempt.worker.cancel(attempt);
    } else if (outcome.kind === "failure") {
      const queue = this.#queueOf(exchange.ref);
      if (queue.delete(exchange) && queue.size === 0) this.#markRate(queue);
    }
    exchange.owner.ended(outcome);
  }
}

function failed(failure: Failure): Outcome {
  return { kind: "failure", failure, reply: undefined };
}

function toFailure({ status, message }: WorkerReply): Failure {
  const failure = fromStatus(status, message);
  const isPassing = failure.code === "unavailable" || failure.code === "resource-exhausted";
  return isPassing ? new Failure(failure.code, message, { retryAfterMs: retryPassingMs }) : failure;
}
