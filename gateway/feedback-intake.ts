import { create, toBinary } from "@bufbuild/protobuf";
import type * as grpc from "@grpc/grpc-js";
import { Failure } from "#core/failure.ts";
import { type Feedback, tokenBytesMax } from "#core/performance/feedback.ts";
import { quote } from "#core/quote.ts";
import { versionsOf } from "#core/routing/table.ts";
import { SendFeedbackResponseSchema } from "#gen/sluice/predict/v1/predict_pb.ts";
import type { Bus } from "#platform/bus/bus.ts";
import { feedbackStream } from "#platform/bus/streams.ts";
import type { PredictionTokens } from "#platform/prediction-tokens.ts";
import { toStatusReply } from "#platform/rpc/failure-status.ts";
import { encodeFeedback } from "#wire/feedback/message.ts";
import { readFeedbackRequest } from "#wire/feedback/read-request.ts";
import { feedbackSubject } from "#wire/feedback/subject.ts";
import { statusCode } from "#wire/status.ts";
import type { GatewayEvents } from "./events.ts";
import type { Links } from "./links.ts";

export type FeedbackIntakeModules = {
  /** Undefined where there is no NATS to store labels in. */
  readonly bus: Bus | undefined;
  readonly links: Links;
  readonly tokens: PredictionTokens | undefined;
  readonly events: GatewayEvents;
};

const requestBytesMax = 4 * 1024 * 1024;
const messageBytesMax = 256 * 1024;
/** Calls that wait for what they brought to be stored. */
const callsMax = 64;
const retryAfterMs = 1_000;

/**
 * SendFeedback: checks labels one by one, stores those that can be used, and answers when they are
 * stored. Whether their predictions are known is for the monitor to say.
 */
export class FeedbackIntake {
  readonly handler: grpc.handleUnaryCall<Uint8Array, Uint8Array> = async (call, callback) => {
    try {
      callback(null, Buffer.from(await this.take(call.request)));
    } catch (error) {
      callback(toStatusReply(Failure.from(error)));
    }
  };
  readonly #modules: FeedbackIntakeModules;
  #calls = 0;

  constructor(modules: FeedbackIntakeModules) {
    this.#modules = modules;
  }

  /** An encoded SendFeedbackResponse to an encoded SendFeedbackRequest. */
  async take(request: Uint8Array): Promise<Uint8Array> {
    if (request.byteLength > requestBytesMax) {
      const size = `${request.byteLength} bytes of labels, limit ${requestBytesMax}`;
      throw new Failure("resource-exhausted", size);
    }
    if (this.#calls >= callsMax) {
      const problem = `${callsMax} calls of SendFeedback are under way, which is the limit`;
      throw new Failure("resource-exhausted", problem, { retryAfterMs });
    }
    this.#calls += 1;
    try {
      return await this.#store(request);
    } finally {
      this.#calls -= 1;
    }
  }

  async #store(request: Uint8Array): Promise<Uint8Array> {
    const { links, events } = this.#modules;
    const { model, entries } = readFeedbackRequest(request);
    if (versionsOf(links.table, model).length === 0) {
      throw new Failure("not-found", `there is no model ${quote(model)}`);
    }
    const checked = entries.map((entry) => this.#check(model, entry));
    const feedback = checked.filter((entry) => typeof entry !== "string");
    await this.#publish(model, feedback);
    const failures = checked.flatMap((entry, place) =>
      typeof entry === "string"
        ? [{ place, status: statusCode.invalidArgument, message: entry }]
        : [],
    );
    events.feedback(model, "stored", feedback.length);
    events.feedback(model, "refused", failures.length);
    const reply = create(SendFeedbackResponseSchema, { accepted: feedback.length, failures });
    return toBinary(SendFeedbackResponseSchema, reply);
  }

  /** The label, or what is wrong with it. */
  #check(model: string, entry: Feedback | string): Feedback | string {
    if (typeof entry === "string" || entry.target.kind !== "token") return entry;
    const { tokens } = this.#modules;
    if (tokens === undefined) return "this gateway has no secret to check tokens with";
    const { token } = entry.target;
    if (token.byteLength > tokenBytesMax) return `its token has ${token.byteLength} bytes`;
    const content = tokens.open(token);
    if (content === undefined) return "its token was not signed by this cluster";
    if (content.model !== model) return `its token is of model ${content.model}`;
    return entry.row < content.rows ? entry : `its token has ${content.rows} rows`;
  }

  async #publish(model: string, feedback: readonly Feedback[]): Promise<void> {
    if (feedback.length === 0) return;
    const { bus } = this.#modules;
    if (bus === undefined) {
      throw new Failure("unavailable", "this gateway has no NATS to store labels in");
    }
    const subject = feedbackSubject(model);
    for (const message of encodeFeedback(model, feedback, messageBytesMax)) {
      try {
        await bus.publish(subject, message);
      } catch (error) {
        if (Failure.from(error).code !== "not-found") throw error;
        await bus.ensureStream(feedbackStream);
        await bus.publish(subject, message);
      }
    }
  }
}
