/** Signals that do not change, and such that do, watched with the monitor's own defaults. */
import { type SignalOptions, SignalWatch } from "#core/detect/signal-watch.ts";
import { signalOptions } from "#core/monitor/change-watch.ts";
import { type Draw, seededDraw } from "#core/random.ts";

/** The mean of a message's rows, and how many they are. */
type Message = readonly [mean: number, rows: number];

export type Source = {
  readonly name: string;
  readonly options: SignalOptions;
  readonly open: (draw: Draw) => () => Message;
};

const { score, error, latency } = signalOptions;

/** Without any change of level, each in its own way. */
export const sources: readonly Source[] = [
  ofValues("normal", (draw) => normals(draw)),
  ofValues("uniform", (draw) => draw),
  ofValues("lognormal", (draw) => exponentials(normals(draw))),
  ofValues("Student's t, 3 degrees", studentsT),
  ofValues("10 % ones", (draw) => () => Number(draw() < 0.1)),
  ofValues("3 % ones", (draw) => () => Number(draw() < 0.03)),
  ofValues("each like the last, 0.3", (draw) => likeTheLast(draw, 0.3)),
  ofValues("each like the last, 0.6", (draw) => likeTheLast(draw, 0.6)),
  { name: "100 rows, by turns of hours 1 row", options: score, open: sizesByTurns },
  { name: "100 rows or 1 row", options: score, open: sizesMixed },
  { name: "latency, lognormal of σ 1", options: latency, open: (draw) => ofOne(normals(draw)) },
  ofErrors(4, 0.01),
  ofErrors(4, 0.05),
  ofErrors(20, 0.001),
  ofErrors(20, 0.01),
];

/** How many changes are told in so many messages. */
export function falseChanges(source: Source, seed: number, messages: number): number {
  const next = source.open(seededDraw(seed));
  const watch = new SignalWatch(source.options);
  let changes = 0;
  for (let message = 0; message < messages; message += 1) {
    if (watch.update(...next()) !== undefined) changes += 1;
  }
  return changes;
}

const stillMax = 20_000;

/** Messages from a shift of normal means by `shift` standard deviations until it is told. */
export function delayOf(shift: number, seed: number, messagesBefore: number): number {
  const next = normals(seededDraw(seed));
  const watch = new SignalWatch(score);
  for (let message = 0; message < messagesBefore; message += 1) watch.update(next(), 1);
  for (let message = 1; message <= stillMax; message += 1) {
    if (watch.update(next() + shift, 1) !== undefined) return message;
  }
  return Number.POSITIVE_INFINITY;
}

function ofValues(name: string, valuesOf: (draw: Draw) => () => number): Source {
  return { name, options: score, open: (draw) => ofOne(valuesOf(draw)) };
}

function ofOne(next: () => number): () => Message {
  return () => [next(), 1];
}

function ofErrors(rows: number, share: number): Source {
  const name = `${share * 100} % of ${rows} rows fail`;
  const open = (draw: Draw) => () => {
    let failed = 0;
    for (let row = 0; row < rows; row += 1) failed += Number(draw() < share);
    return [failed / rows, rows] as const;
  };
  return { name, options: error, open };
}

/** Box and Muller's, one of each two. */
function normals(draw: Draw): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
}

function exponentials(next: () => number): () => number {
  return () => Math.exp(next());
}

function studentsT(draw: Draw): () => number {
  const next = normals(draw);
  return () => next() / Math.sqrt((next() ** 2 + next() ** 2 + next() ** 2) / 3);
}

function likeTheLast(draw: Draw, likeness: number): () => number {
  const next = normals(draw);
  let last = next();
  return () => {
    last = likeness * last + Math.sqrt(1 - likeness * likeness) * next();
    return last;
  };
}

const turnMessages = 40_000;

function sizesByTurns(draw: Draw): () => Message {
  const next = normals(draw);
  let message = 0;
  return () => {
    const rows = Math.floor(message / turnMessages) % 2 === 0 ? 100 : 1;
    message += 1;
    return [next() / Math.sqrt(rows), rows];
  };
}

function sizesMixed(draw: Draw): () => Message {
  const next = normals(draw);
  return () => {
    const rows = draw() < 0.5 ? 100 : 1;
    return [next() / Math.sqrt(rows), rows];
  };
}
