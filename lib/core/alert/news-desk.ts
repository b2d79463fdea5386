import type { ChangePoint } from "../detect/change-point.ts";
import type { AlertChange } from "./alert.ts";
import { Outbox, type OutboxState } from "./outbox.ts";
import type { RetrainSettings } from "./retrain.ts";
import { RetrainGate, type RetrainState, type RetrainView } from "./retrain-gate.ts";

/** Plain data; what older monitors saved has neither. */
export type NewsDeskState = {
  readonly news?: OutboxState;
  readonly retrain?: RetrainState | undefined;
};

// Every feature and output of the widest model may fire and end.
const newsMax = 10_000;

/** What has to be told of a model: changes of alerts and levels, and that it be trained again. */
export class NewsDesk {
  readonly outbox: Outbox;
  readonly #retrain: RetrainGate | undefined;

  constructor(retrain: RetrainSettings | undefined, state: NewsDeskState = {}) {
    this.outbox = new Outbox(newsMax, state.news);
    this.#retrain = retrain && new RetrainGate(retrain, state.retrain);
  }

  /** What the model is to be trained again for, where it is. */
  get retraining(): RetrainState | undefined {
    return this.#retrain?.open;
  }

  report(changes: readonly AlertChange[]): void {
    this.outbox.add(changes.map((change) => ({ kind: "alert", change })));
  }

  /** Predictions of this model have come, and with them these changes of its signals. */
  saw(version: number, digest: string, changes: readonly ChangePoint[] = []): void {
    this.outbox.add(changes.map((point) => ({ kind: "change", version, digest, point })));
    this.#retrain?.saw(version, digest);
  }

  /** A window of a version has closed: asks whether the model should be trained again. */
  consider(view: () => RetrainView): void {
    if (this.#retrain === undefined) return;
    const request = this.#retrain.consider(view());
    if (request !== undefined) this.outbox.add([{ kind: "retrain", request }]);
  }

  state(): NewsDeskState {
    return { news: this.outbox.state(), retrain: this.#retrain?.state() };
  }
}
