import type { AlertChange } from "./alert.ts";

/** Where news of a change has to go. */
export type AlertAddressee = "stream" | "webhooks";

export type AlertNews = {
  readonly change: AlertChange;
  /** Those that have not got it yet. */
  readonly due: readonly AlertAddressee[];
};

export type AlertOutboxState = {
  readonly news: readonly AlertNews[];
  /** How many were given up, the oldest first, because too many waited. */
  readonly dropped: number;
};

/**
 * Changes of alerts that have to be told, until everybody has them: part of what is saved, so that
 * who goes on from there tells what was not told. At most `max` wait.
 */
export class AlertOutbox {
  readonly #max: number;
  #news: AlertNews[];
  #dropped: number;

  constructor(max: number, state: AlertOutboxState = { news: [], dropped: 0 }) {
    this.#max = max;
    this.#news = [...state.news];
    this.#dropped = state.dropped;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** Oldest first. */
  due(addressee: AlertAddressee): AlertNews[] {
    return this.#news.filter(({ due }) => due.includes(addressee));
  }

  add(changes: readonly AlertChange[]): void {
    if (changes.length === 0) return;
    for (const change of changes) this.#news.push({ change, due: ["stream", "webhooks"] });
    const surplus = Math.max(0, this.#news.length - this.#max);
    this.#news.splice(0, surplus);
    this.#dropped += surplus;
  }

  /** Somebody has it, or never will. */
  settle({ change }: AlertNews, addressee: AlertAddressee): void {
    this.#news = this.#news.flatMap((news) => {
      if (news.change !== change) return [news];
      const due = news.due.filter((each) => each !== addressee);
      return due.length === 0 ? [] : [{ change, due }];
    });
  }

  state(): AlertOutboxState {
    return { news: [...this.#news], dropped: this.#dropped };
  }
}
