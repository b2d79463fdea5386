import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { messageOf } from "#core/failure.ts";
import { Vocabulary } from "#core/text/vocabulary.ts";
import { parseBaseline } from "#wire/baseline.ts";
import { parseVocabulary, vocabularyBytesMax } from "#wire/vocabulary.ts";
import type { ModelPaths } from "./model-repository.ts";

export type ReadVocabularies = {
  readonly vocabularies: ReadonlyMap<string, Vocabulary>;
  /** Why features are not among them; undefined where all are. */
  readonly problem: string | undefined;
};

/**
 * Reads what `sluice baseline` wrote of some features of type text. Where it is not the one its
 * baseline.json speaks of there is none: shares of unknown tokens could not be compared. Never
 * rejects.
 */
export async function readVocabularies(
  paths: Pick<ModelPaths, "vocabulary" | "baseline">,
  features: readonly string[],
): Promise<ReadVocabularies> {
  const none = new Map<string, Vocabulary>();
  try {
    const { size } = await stat(paths.vocabulary);
    if (size > vocabularyBytesMax) {
      const problem = `vocabulary.txt has ${size} bytes, limit ${vocabularyBytesMax}`;
      return { vocabularies: none, problem };
    }
    const text = await readFile(paths.vocabulary);
    const { vocabulary } = parseBaseline(await readFile(paths.baseline, "utf8"));
    if (createHash("sha256").update(text).digest("hex") !== vocabulary) {
      const problem = "vocabulary.txt is not the one that baseline.json was made with";
      return { vocabularies: none, problem };
    }
    const tokens = parseVocabulary(text.toString("utf8"));
    const missing = features.filter((name) => !tokens.has(name));
    const vocabularies = new Map(
      features.flatMap((name) => {
        const list = tokens.get(name);
        return list === undefined ? [] : [[name, new Vocabulary(list)]];
      }),
    );
    const problem =
      missing.length === 0 ? undefined : `vocabulary.txt has no ${missing.join(", ")}`;
    return { vocabularies, problem };
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const which = isMissing && "path" in error ? String(error.path) : "vocabulary.txt";
    const problem = isMissing ? `there is no ${which}` : messageOf(error);
    return { vocabularies: none, problem };
  }
}
