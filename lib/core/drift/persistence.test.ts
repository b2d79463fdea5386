import { describe, expect, it } from "vitest";
import { calm, type Observation, observe, type PersistenceState, step } from "./persistence.ts";

const letters: Readonly<Record<string, Observation>> = {
  a: "above",
  b: "between",
  c: "clean",
  i: "insufficient",
};

function play(windows: string, from: PersistenceState = calm): PersistenceState {
  return [...windows].reduce((state, letter) => {
    return step(state, letters[letter] as Observation).state;
  }, from);
}

describe("an alert", () => {
  it.each([
    ["", "ok"],
    ["a", "pending"],
    ["ac", "pending"],
    ["acc", "ok"],
    ["abb", "ok"],
    ["aa", "firing"],
    ["aca", "firing"],
    ["aba", "firing"],
    ["acca", "pending"],
    ["aiiiia", "firing"],
    ["aac", "clearing"],
    ["aacc", "clearing"],
    ["aaccc", "ok"],
    ["aaccb", "firing"],
    ["aaccbcc", "clearing"],
    ["aaccacc", "clearing"],
    ["aaciicic", "ok"],
    ["aaccca", "pending"],
  ])("after %j is %s", (windows, kind) => {
    expect(play(windows).kind).toBe(kind);
  });

  it("tells of changes alone", () => {
    expect(step(calm, "clean").transition).toBeUndefined();
    expect(step(calm, "above").transition).toEqual({ from: "ok", to: "pending" });
    expect(step(play("aacc"), "clean").transition).toEqual({ from: "clearing", to: "ok" });
    expect(step(play("aa"), "insufficient").transition).toBeUndefined();
  });

  it("can need more windows, or one alone", () => {
    const one = { windows: 1, firesAfter: 1, clearsAfter: 1 };
    const fired = step(calm, "above", one);
    expect(fired.state).toEqual({ kind: "firing" });
    expect(step(fired.state, "clean", one).state).toEqual(calm);
  });
});

describe("over all sequences of up to seven windows", () => {
  const sequences = Array.from({ length: 7 }).reduce<string[]>(
    (all) => [...all, ...all.filter((each) => each.length === longest(all)).flatMap(extend)],
    [""],
  );

  it("fires exactly with two of three above, and ends exactly with three clean in a row", () => {
    for (const windows of sequences) {
      expect([windows, play(windows).kind]).toEqual([windows, kindByDefinition(windows)]);
    }
  });

  it("is not moved by windows with too few rows, wherever they come", () => {
    for (const windows of sequences) {
      expect(play(windows)).toEqual(play(windows.replaceAll("i", "")));
    }
  });

  it("has few states, each of them a value that survives being written down", () => {
    const states = new Set(sequences.map((windows) => JSON.stringify(play(windows))));
    expect([...states].sort()).toEqual([
      '{"kind":"clearing","clean":1}',
      '{"kind":"clearing","clean":2}',
      '{"kind":"firing"}',
      '{"kind":"ok"}',
      '{"kind":"pending","above":[true,false]}',
      '{"kind":"pending","above":[true]}',
    ]);
  });
});

describe("a statistic", () => {
  const of = { id: "psi.q10.half", threshold: 0.1, floor: 0.05, verdict: "ok" } as const;

  it.each([
    ["clean", { ...of, value: 0.08 }],
    ["between", { ...of, value: 0.081 }],
    ["between", { ...of, value: 0.1 }],
    ["above", { ...of, value: 0.11, verdict: "alarm" }],
    ["clean", { ...of, value: 0.16, floor: 0.2 }],
    ["insufficient", { ...of, value: 0.5, verdict: "insufficient" }],
    ["clean", { ...of, value: 9, threshold: undefined, floor: undefined }],
  ] as const)("is %s", (observation, report) => {
    expect(observe(report)).toBe(observation);
  });
});

function longest(all: readonly string[]): number {
  return all.at(-1)?.length ?? 0;
}

function extend(windows: string): string[] {
  return Object.keys(letters).map((letter) => windows + letter);
}

/** Looks back over the whole sequence, as the definition reads. */
function kindByDefinition(windows: string): PersistenceState["kind"] {
  const evidence = windows.replaceAll("i", "");
  let [isFiring, since] = [false, 0];
  for (let end = 1; end <= evidence.length; end += 1) {
    const row = evidence.slice(Math.max(since, end - 3), end);
    const fires = row.split("a").length - 1 >= 2;
    const clears = row === "ccc";
    if (isFiring ? clears : fires) [isFiring, since] = [!isFiring, end];
  }
  const recent = evidence.slice(since);
  if (isFiring) return recent.endsWith("c") ? "clearing" : "firing";
  return recent.slice(-2).includes("a") ? "pending" : "ok";
}
