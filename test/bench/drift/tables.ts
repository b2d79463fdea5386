/** What was simulated as tables of Markdown, as `docs/drift.md` has them. */
import type { Cell } from "./simulate.ts";
import type { Rate } from "./tally.ts";

/** `alarms` and `firing` in per cent of windows, and of runs of three. */
export function formatTables(cells: readonly Cell[]): string {
  return [
    section("False alarms: windows without drift in alarm", falseAlarms(cells)),
    section("Caught: windows of a shifted normal feature in alarm", caughtByShift(cells)),
    section("Caught: windows of a feature shifted by 0.5 σ in alarm", caughtByDistribution(cells)),
    section("Firing: runs of three windows that fire", firing(cells)),
    section("By statistic: windows of a normal feature above threshold and floor", byId(cells)),
  ].join("\n");
}

function falseAlarms(cells: readonly Cell[]): string[][] {
  const sizes = distinct(cells.map(({ rows }) => rows));
  return [
    ["feature", ...sizes.map((rows) => `${rows} rows`)],
    ...distinct(cells.map(({ distribution }) => distribution)).map((distribution) => [
      distribution,
      ...sizes.map((rows) => alarmsOf(find(cells, { distribution, rows, shift: 0 }))),
    ]),
  ];
}

function caughtByShift(cells: readonly Cell[]): string[][] {
  const shifts = distinct(cells.map(({ shift }) => shift)).filter((shift) => shift > 0);
  return [
    ["rows", ...shifts.map((shift) => `${shift} σ`)],
    ...distinct(cells.map(({ rows }) => rows)).map((rows) => [
      String(rows),
      ...shifts.map((shift) => alarmsOf(find(cells, { distribution: "normal", rows, shift }))),
    ]),
  ];
}

function caughtByDistribution(cells: readonly Cell[]): string[][] {
  const sizes = distinct(cells.map(({ rows }) => rows));
  return [
    ["feature", ...sizes.map((rows) => `${rows} rows`)],
    ...distinct(cells.map(({ distribution }) => distribution)).map((distribution) => [
      distribution,
      ...sizes.map((rows) => alarmsOf(find(cells, { distribution, rows, shift: 0.5 }))),
    ]),
  ];
}

function firing(cells: readonly Cell[]): string[][] {
  const shifts = distinct(cells.map(({ shift }) => shift));
  const title = (shift: number) => (shift === 0 ? "no drift, all features" : `normal, ${shift} σ`);
  return [
    ["rows", ...shifts.map(title)],
    ...distinct(cells.map(({ rows }) => rows)).map((rows) => [
      String(rows),
      ...shifts.map((shift) => {
        if (shift > 0) return show(find(cells, { distribution: "normal", rows, shift })?.firing);
        const still = cells.filter((cell) => cell.rows === rows && cell.shift === 0);
        return show(still.map((cell) => cell.firing).reduce(worse));
      }),
    ]),
  ];
}

function byId(cells: readonly Cell[]): string[][] {
  const normal = cells.filter(({ distribution }) => distribution === "normal");
  const wanted = normal.filter(
    ({ rows, shift }) => [200, 1000].includes(rows) && [0, 0.1, 0.3, 0.5].includes(shift),
  );
  const columns = wanted.toSorted((one, two) => one.shift - two.shift || one.rows - two.rows);
  const title = ({ rows, shift }: Cell) => `${shift === 0 ? "no drift" : `${shift} σ`}, ${rows}`;
  return [
    ["statistic", ...columns.map(title)],
    ...distinct(columns.flatMap(({ statistics }) => Object.keys(statistics).filter(counts))).map(
      (id) => [`\`${id}\``, ...columns.map(({ statistics }) => show(statistics[id]))],
    ),
    ["any: `warn` or `alarm`", ...columns.map(({ warnOrAlarm }) => show(warnOrAlarm))],
  ];
}

/** `w1` has no limit of its own. */
function counts(id: string): boolean {
  return !id.startsWith("w1.");
}

/** Of features alike, the one that fires most often. */
function worse(one: Rate, other: Rate): Rate {
  return other.share > one.share ? other : one;
}

function alarmsOf(cell: Cell | undefined): string {
  return cell !== undefined && cell.insufficient.share > 0.5 ? "insufficient" : show(cell?.alarm);
}

/** In per cent; where it is rare, with the upper end of its interval. */
function show(rate: Rate | undefined): string {
  if (rate === undefined) return "–";
  const { share, high } = rate;
  if (share < 0.02) return `${percent(share, 2)} (≤ ${percent(high, 2)})`;
  return percent(share, share > 0.9995 ? 0 : 1);
}

function percent(share: number, digits: number): string {
  return (share * 100).toFixed(digits);
}

function section(title: string, [head = [], ...rows]: string[][]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, place) => (place === 0 ? "---" : "---:"));
  return `${title}, in per cent\n\n${[head, rule, ...rows].map(line).join("\n")}\n`;
}

function find(
  cells: readonly Cell[],
  of: Pick<Cell, "distribution" | "rows" | "shift">,
): Cell | undefined {
  return cells.find(
    ({ distribution, rows, shift }) =>
      distribution === of.distribution && rows === of.rows && shift === of.shift,
  );
}

function distinct<Value>(values: readonly Value[]): Value[] {
  return [...new Set(values)];
}
