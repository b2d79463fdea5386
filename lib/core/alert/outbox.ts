import type { ChangePoint } from "../detect/change-point.ts";
import type { AlertChange } from "./alert.ts";
import type { RetrainRequest } from "./retrain.ts";

/** Something that has to be told. */
export type News =
  | { readonly kind: "alert"; readonly change: AlertChange }
  | {
      readonly kind: "change";
      readonly version: number;
      readonly digest: string;
      readonly point: ChangePoint;
    }
  | { readonly kind: "retrain"; readonly request: RetrainRequest };

export type OutboxState = {
  /** Oldest first. */
  readonly news: readonly News[];
  /** How many were given up, the oldest first, because too many waited. */
  readonly dropped: number;
};

/**
 * News of a model that has to be told, until it is: part of what is saved, so that who goes
 * on from there tells what was not told. At most `max` items wait.
 */
export class Outbox {
  readonly #max: number;
  #news: News[];
  #dropped: number;

  constructor(max: number, state: OutboxState = { news: [], dropped: 0 }) {
    this.#max = max;
    this.#news = [...state.news];
    this.#dropped = state.dropped;
  }

  /** Oldest first. */
  get waiting(): readonly News[] {
    return this.#news;
  }

  add(news: readonly News[]): void {
    if (news.length === 0) return;
    const all = [...this.#news, ...news];
    let surplus = Math.max(0, all.length - this.#max);
    this.#dropped += surplus;
    // A request for training is one for many alerts.
    this.#news = all.filter(({ kind }) => {
      if (surplus === 0 || kind === "retrain") return true;
      surplus -= 1;
      return false;
    });
  }

  /** It has been told. */
  remove(news: News): void {
    this.#news = this.#news.filter((each) => each !== news);
  }

  /** The stream of predictions is another one, in which sequences mean something else. */
  forgetSequences(): void {
    this.#news = this.#news.map((news) =>
      news.kind === "retrain"
        ? { kind: "retrain", request: { ...news.request, messages: undefined } }
        : news,
    );
  }

  state(): OutboxState {
    return { news: this.#news, dropped: this.#dropped };
  }
}
