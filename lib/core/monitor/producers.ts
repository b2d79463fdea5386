import { SequenceWindow, type SequenceWindowState } from "./sequence-window.ts";

type Producer = {
  readonly window: SequenceWindow;
  /** The highest total of rows anyone has told of it. */
  answered: number;
  /** Rows its messages stand for. */
  covered: number;
};

type ProducerState = {
  readonly name: string;
  readonly window: SequenceWindowState;
  readonly answered: number;
  readonly covered: number;
};

/** Sums over producers. */
export type ProducerTotals = {
  readonly producers: number;
  readonly rowsTotal: number;
  readonly rowsLost: number;
  readonly messagesMissing: number;
};

export type ProducersState = {
  /** Longest silent first. */
  readonly known: readonly ProducerState[];
  readonly retired: ProducerTotals;
};

export type ProducersOptions = {
  /** Beyond it the one that was silent longest is forgotten; its sums stay. */
  readonly producersMax: number;
  readonly gapsMax: number;
};

const nobody: ProducerTotals = { producers: 0, rowsTotal: 0, rowsLost: 0, messagesMissing: 0 };

/** Who answered rows of one model version, and how many of them were heard of. */
export class Producers {
  readonly #options: ProducersOptions;
  readonly #known = new Map<string, Producer>();
  #retired: ProducerTotals = nobody;

  constructor(options: ProducersOptions, state?: ProducersState) {
    this.#options = options;
    this.#retired = state?.retired ?? nobody;
    for (const { name, window, answered, covered } of state?.known ?? []) {
      const restored = new SequenceWindow(options.gapsMax, window);
      this.#known.set(name, { window: restored, answered, covered });
    }
  }

  /** Takes a message into account; false where it has come before. */
  accept(message: {
    readonly producer: string;
    readonly seq: number;
    readonly rowsTotal: number;
    readonly rowsCovered: number;
  }): boolean {
    const producer = this.#touch(message.producer);
    if (!producer.window.accept(message.seq)) return false;
    producer.answered = Math.max(producer.answered, message.rowsTotal);
    producer.covered += message.rowsCovered;
    return true;
  }

  /** A gateway saw this total of a producer before it lost it. */
  end(name: string, answered: number): void {
    const producer = this.#touch(name);
    producer.answered = Math.max(producer.answered, answered);
  }

  totals(): ProducerTotals {
    return [...this.#known.values()].map(totalsOf).reduce(addTotals, this.#retired);
  }

  state(): ProducersState {
    const known = [...this.#known].map(([name, { window, answered, covered }]) => ({
      name,
      window: window.state(),
      answered,
      covered,
    }));
    return { known, retired: this.#retired };
  }

  /** Finds or makes a producer and puts it last, so that the first is the one silent longest. */
  #touch(name: string): Producer {
    const known = this.#known.get(name) ?? {
      window: new SequenceWindow(this.#options.gapsMax),
      answered: 0,
      covered: 0,
    };
    this.#known.delete(name);
    this.#known.set(name, known);
    if (this.#known.size > this.#options.producersMax) this.#retireFirst();
    return known;
  }

  #retireFirst(): void {
    for (const [name, producer] of this.#known) {
      this.#retired = addTotals(this.#retired, totalsOf(producer));
      this.#known.delete(name);
      return;
    }
  }
}

function totalsOf({ window, answered, covered }: Producer): ProducerTotals {
  return {
    producers: 1,
    rowsTotal: Math.max(answered, covered),
    rowsLost: Math.max(0, answered - covered),
    messagesMissing: window.missing,
  };
}

function addTotals(one: ProducerTotals, two: ProducerTotals): ProducerTotals {
  return {
    producers: one.producers + two.producers,
    rowsTotal: one.rowsTotal + two.rowsTotal,
    rowsLost: one.rowsLost + two.rowsLost,
    messagesMissing: one.messagesMissing + two.messagesMissing,
  };
}
