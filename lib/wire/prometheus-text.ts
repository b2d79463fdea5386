type Family = {
  help: string;
  type: string;
  readonly samples: string[];
};

const suffixes = ["", "_bucket", "_sum", "_count"];

/**
 * Joins expositions in the Prometheus text format (0.0.4) into one in which every family occurs
 * once, as the format demands. Help and type are those of the first exposition that has the family;
 * samples of a family whose type differs from that are left out, as are repeats of a series and
 * comments of other kinds.
 */
export function mergeExpositions(texts: readonly string[]): string {
  const families = new Map<string, Family>();
  const series = new Set<string>();
  for (const text of texts) addExposition(families, series, text);
  return [...families]
    .filter(([, family]) => family.samples.length > 0)
    .map(([name, family]) => formatFamily(name, family))
    .join("");
}

function addExposition(families: Map<string, Family>, series: Set<string>, text: string): void {
  // The family whose lines are being read, and its type as this exposition declares it.
  let current = "";
  let type = "untyped";
  for (const line of text.split("\n")) {
    const comment = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line);
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
      const name = key.replace(/\{.*$/s, "");
      const isCurrent = suffixes.some((suffix) => name === current + suffix);
      const family = familyOf(families, isCurrent ? current : name);
      if (family.type === "") family.type = "untyped";
      if (family.type !== (isCurrent ? type : "untyped") || series.has(key)) continue;
      series.add(key);
      family.samples.push(line);
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
  return /^[^\s{]+(\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?/.exec(line)?.[0] ?? line;
}

function formatFamily(name: string, { help, type, samples }: Family): string {
  const head = help === "" ? "" : `# HELP ${name} ${help}\n`;
  return `${head}# TYPE ${name} ${type}\n${samples.join("\n")}\n`;
}
