/**
 * The Prometheus text format (0.0.4), as far as joining what several processes tell needs it. A
 * family is all series of one name under one HELP and TYPE; a series is a name with its labels.
 */
type Family = {
  help: string;
  type: string;
  readonly samples: string[];
};

const suffixes: ReadonlySet<string> = new Set(["", "_bucket", "_sum", "_count"]);
/** What counts up from zero and can be added, series by series. */
const counted = ["counter", "histogram"];

/** What can be read in about half a millisecond. */
const stepLines = 512;

/**
 * Joins expositions into one in which every family occurs once, as the format demands. Help and
 * type are those of the first exposition that has the family; samples of a family whose type
 * differs from that are left out, as are repeats of a series and comments of other kinds.
 */
export function mergeExpositions(texts: readonly string[]): string {
  return ended(mergeInSteps(texts));
}

/** The same in short steps, so that whoever wants to can do other things in between. */
export function* mergeInSteps(texts: readonly string[]): Generator<undefined, string> {
  const families = new Map<string, Family>();
  const series = new Set<string>();
  for (const text of texts) {
    yield* readExposition(families, text, (family, { key, line }) => {
      if (series.has(key)) return;
      series.add(key);
      family.samples.push(line);
    });
  }
  return formatFamilies(families);
}

function ended<Result>(steps: Iterator<unknown, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * Adds up what the processes of one service tell: counters and histograms become one series without
 * the label that tells the processes apart; of everything else each keeps its own. Families are
 * joined as `mergeExpositions` does.
 */
export function sumExpositions(texts: readonly string[], label: string): string {
  return ended(sumInSteps(texts, label));
}

/** The same in short steps. */
export function* sumInSteps(texts: readonly string[], label: string): Generator<undefined, string> {
  const families = new Map<string, Family>();
  const sums = new Map<string, { family: Family; value: number }>();
  const series = new Set<string>();
  for (const text of texts) {
    yield* readExposition(families, text, (family, { key, line }) => {
      if (counted.includes(family.type)) {
        const joined = withoutLabel(key, label);
        const sum = sums.get(joined);
        if (sum === undefined) sums.set(joined, { family, value: numberOf(line, key) });
        else sum.value += numberOf(line, key);
      } else if (!series.has(key)) {
        series.add(key);
        family.samples.push(line);
      }
    });
  }
  for (const [key, { family, value }] of sums) family.samples.push(`${key} ${value}`);
  return formatFamilies(families);
}

/** The counters and histograms of an exposition: what stays true when its process has ended. */
export function countsOf(text: string): string {
  const families = new Map<string, Family>();
  const reading = readExposition(families, text, (family, { line }) => {
    if (counted.includes(family.type)) family.samples.push(line);
  });
  ended(reading);
  return formatFamilies(families);
}

type Sample = { readonly key: string; readonly line: string };

/**
 * Enters the families of an exposition, and hands over each sample with the family it is of. Stops
 * after every few lines.
 */
function* readExposition(
  families: Map<string, Family>,
  text: string,
  onSample: (family: Family, sample: Sample) => void,
): Generator<undefined, void> {
  // The family whose lines are being read, and its type as this exposition declares it.
  let current = "";
  let type = "untyped";
  let lines = 0;
  for (let from = 0, end = 0; from < text.length; from = end + 1) {
    end = text.indexOf("\n", from);
    if (end === -1) end = text.length;
    const line = text.slice(from, end);
    lines += 1;
    if (lines % stepLines === 0) yield;
    const comment = line.startsWith("#") ? /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) : null;
    if (comment !== null) {
      const [, keyword, name = "", rest = ""] = comment;
      if (name !== current) type = "untyped";
      current = name;
      const family = familyOf(families, name);
      if (keyword === "HELP" && family.help === "") family.help = rest;
      if (keyword === "TYPE") type = rest;
      if (keyword === "TYPE" && family.type === "") family.type = rest;
    } else if (line !== "" && !line.startsWith("#")) {
      const key = seriesOf(line);
      const brace = key.indexOf("{");
      const name = brace === -1 ? key : key.slice(0, brace);
      const isCurrent = name.startsWith(current) && suffixes.has(name.slice(current.length));
      const family = familyOf(families, isCurrent ? current : name);
      if (family.type === "") family.type = "untyped";
      if (family.type === (isCurrent ? type : "untyped")) onSample(family, { key, line });
    }
  }
}

function familyOf(families: Map<string, Family>, name: string): Family {
  let family = families.get(name);
  if (family === undefined) {
    family = { help: "", type: "", samples: [] };
    families.set(name, family);
  }
  return family;
}

/** A sample line without its value: the name and the labels, whose values may hold anything. */
function seriesOf(line: string): string {
  // Nearly always there is no timestamp, and behind the last space is the value alone.
  const space = line.lastIndexOf(" ");
  if (line[space - 1] === "}") return line.slice(0, space);
  return /^[^\s{]+(\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?/.exec(line)?.[0] ?? line;
}

function withoutLabel(key: string, label: string): string {
  const brace = key.indexOf("{");
  if (brace < 0) return key;
  const labels = key.slice(brace).match(/[A-Za-z_][A-Za-z0-9_]*="(?:[^"\\]|\\.)*"/g) ?? [];
  const kept = labels.filter((text) => !text.startsWith(`${label}=`)).join(",");
  return key.slice(0, brace) + (kept === "" ? "" : `{${kept}}`);
}

/** A timestamp may follow, which no sum can have. */
function numberOf(line: string, key: string): number {
  return Number(line.slice(key.length).trim().split(" ")[0]);
}

function formatFamilies(families: ReadonlyMap<string, Family>): string {
  return [...families]
    .filter(([, family]) => family.samples.length > 0)
    .map(([name, family]) => formatFamily(name, family))
    .join("");
}

function formatFamily(name: string, { help, type, samples }: Family): string {
  const head = help === "" ? "" : `# HELP ${name} ${help}\n`;
  return `${head}# TYPE ${name} ${type}\n${samples.join("\n")}\n`;
}
