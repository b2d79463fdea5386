/**
 * vocabulary.txt, beside the baseline.json it was made with: a token a line, those of a feature
 * below a line with its name as JSON has it. No token begins with a `#`.
 */
import { Failure } from "#core/failure.ts";
import { tokenBytesMax } from "#core/text/tokens.ts";
import { vocabularyTokensMax } from "#core/text/vocabulary.ts";

/** Changes where the same text comes to other tokens, too. */
const firstLine = "# sluice vocabulary 1";
/** Some sixty texts with long tokens; a worker reads it whole before it serves. */
export const vocabularyBytesMax: number = 32 * 1024 * 1024;

export type TokensByFeature = ReadonlyMap<string, readonly string[]>;

export function formatVocabulary(tokens: TokensByFeature): string {
  const parts = [...tokens].flatMap(([name, list]) => [`# ${JSON.stringify(name)}`, ...list]);
  return `${[firstLine, ...parts].join("\n")}\n`;
}

/** Fails with `invalid-argument` on what `formatVocabulary` does not write. */
export function parseVocabulary(text: string): Map<string, string[]> {
  const [first, ...lines] = text.split("\n");
  if (first !== firstLine) throw invalid(`its first line is not ${JSON.stringify(firstLine)}`);
  if (lines.pop() !== "") throw invalid("its last line is not whole");
  const tokens = new Map<string, string[]>();
  let list: string[] | undefined;
  for (const [index, line] of lines.entries()) {
    const place = `line ${index + 2}`;
    if (line.startsWith("#")) {
      const name = nameOf(line.slice(1), place);
      if (tokens.has(name)) throw invalid(`${place}: ${JSON.stringify(name)} appears twice`);
      list = [];
      tokens.set(name, list);
    } else {
      if (list === undefined) throw invalid(`${place}: a token before the name of a feature`);
      if (line === "" || line.length > tokenBytesMax) throw invalid(`${place}: not a token`);
      if (list.length >= vocabularyTokensMax) {
        throw invalid(`${place}: more than ${vocabularyTokensMax} tokens of a feature`);
      }
      list.push(line);
    }
  }
  return tokens;
}

function nameOf(text: string, place: string): string {
  try {
    const name: unknown = JSON.parse(text);
    if (typeof name === "string") return name;
  } catch {
    // Told below.
  }
  throw invalid(`${place}: not the name of a feature`);
}

function invalid(problem: string): Failure {
  return new Failure("invalid-argument", `vocabulary.txt cannot be used: ${problem}`);
}
