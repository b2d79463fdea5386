/**
 * The repository's own rules. Each looks at the tracked files as text and returns one line for
 * every breach, which names the place and the remedy.
 */
export type RepositoryFile = { readonly path: string; readonly text: string };

export type Rule = {
  /** What holds, as a sentence. */
  readonly name: string;
  readonly breaches: (files: readonly RepositoryFile[]) => string[];
  /** The smallest repository that breaks the rule. */
  readonly counterexample: readonly RepositoryFile[];
};

const fileLinesMax = 300;
const lineColumnsMax = 100;

export const rules: readonly Rule[] = [
  {
    name: "no hand-written file is longer than 300 lines",
    breaches: (files) =>
      code(files)
        .filter((file) => lines(file).length - 1 > fileLinesMax)
        .map((file) => `${file.path}: over ${fileLinesMax} lines; find the second idea in it`),
    counterexample: [{ path: "lib/core/a.ts", text: "\n".repeat(301) }],
  },
  {
    name: "no line of code is wider than 100 columns",
    breaches: (files) =>
      code(files).flatMap((file) =>
        lines(file)
          .map((text, index) => ({ text, number: index + 1 }))
          .filter(({ text }) => [...text].length > lineColumnsMax && !text.includes("biome-ignore"))
          .map(({ number }) => `${file.path}:${number}: over ${lineColumnsMax} columns; break it`),
      ),
    counterexample: [{ path: "lib/core/a.ts", text: `// ${"x".repeat(100)}` }],
  },
  {
    name: "only configuration reads the environment",
    breaches: (files) =>
      matches(
        product(files).filter(
          (file) => !/(^|\/)(config|telemetry)\.ts$|^cli\/main\.js$/.test(file.path),
        ),
        /process\.env\b/,
        "take the setting as a value from config.ts",
      ),
    counterexample: [{ path: "gateway/links.ts", text: "const x = process.env.SLUICE_X;" }],
  },
  {
    name: "lib/core draws no random numbers of its own",
    breaches: (files) =>
      matches(
        product(files).filter((file) => /^lib\/(core|wire)\//.test(file.path)),
        /Math\.random|crypto\./,
        "take the draw as an argument",
      ),
    counterexample: [{ path: "lib/core/a.ts", text: "export const a = Math.random();" }],
  },
  {
    name: "every file of lib/core and lib/wire that runs has a test beside it",
    breaches: (files) => {
      const paths = new Set(files.map((file) => file.path));
      return product(files)
        .filter((file) => /^lib\/(core|wire)\//.test(file.path) && runs(file))
        .filter((file) => !paths.has(file.path.replace(/\.ts$/, ".test.ts")))
        .map((file) => `${file.path}: has no test beside it; write one`);
    },
    counterexample: [{ path: "lib/core/a.ts", text: "export function a() {}" }],
  },
  {
    name: "every file is used",
    breaches: (files) => {
      const imported = importedPaths(files);
      return product(files)
        .filter((file) => !/(^|\/)main\.[jt]s$|-thread\.ts$|vitest\.config\.ts$/.test(file.path))
        .filter((file) => !imported.has(file.path))
        .map((file) => `${file.path}: nothing imports it; delete it`);
    },
    counterexample: [{ path: "lib/core/a.ts", text: "export const a = 1;" }],
  },
  {
    name: "no marker is left for later and no test is switched off",
    breaches: (files) =>
      matches(
        code(files).filter((file) => !file.path.startsWith("test/tidy")),
        /\b(TODO|FIXME|XXX|HACK)\b|\b(it|test|describe)\.(only|skip)\(|console\.log/,
        "do it, or open an issue",
      ),
    counterexample: [{ path: "lib/core/a.test.ts", text: "it.only('x', () => {});" }],
  },
  {
    name: "every setting is documented in docs/operations.md",
    breaches: (files) => {
      const manual = files.find((file) => file.path === "docs/operations.md")?.text ?? "";
      const settings = product(files).flatMap((file) =>
        [...file.text.matchAll(/"((?:SLUICE|OTEL|NATS)_[A-Z_]+)"/g)].map((match) => match[1] ?? ""),
      );
      return [...new Set(settings)]
        .filter((setting) => !manual.includes(`\`${setting}\``))
        .map((setting) => `docs/operations.md: does not tell about ${setting}`);
    },
    counterexample: [{ path: "gateway/config.ts", text: 'reader.port("SLUICE_PORT", 1)' }],
  },
  {
    name: "every file named in the documentation exists",
    breaches: (files) => {
      const paths = files.map((file) => file.path);
      return files
        .filter((file) => /^(README|CONTRIBUTING|docs\/).*\.md$/.test(file.path))
        .flatMap((file) => namedPaths(file).map((named) => ({ file, named })))
        .filter(
          ({ named }) => !paths.some((path) => path === named || path.startsWith(`${named}/`)),
        )
        .map(({ file, named }) => `${file.path}: names ${named}, which does not exist`);
    },
    counterexample: [{ path: "README.md", text: "see `lib/core/nothing.ts`" }],
  },
  {
    name: "the repository speaks of the product alone",
    breaches: (files) =>
      matches(
        files.filter(
          (file) => !file.path.startsWith("test/tidy") && file.path !== "package-lock.json",
        ),
        /(^|[\s"'`(=])\/(work|root|farm)\/|registry\.npmjs\.org|pypi\.org|deb\.debian\.org/,
        "no paths of one machine and no hosts of registries",
      ),
    counterexample: [{ path: "README.md", text: ["cd ", "work", "main"].join("/") }],
  },
];

function code(files: readonly RepositoryFile[]): RepositoryFile[] {
  const generated = /^(proto|client\/src)\/gen\//;
  const isCode = /(?<!\.d)\.tsx?$|^cli\/.*\.js$/;
  return files.filter(({ path }) => isCode.test(path) && !generated.test(path));
}

function product(files: readonly RepositoryFile[]): RepositoryFile[] {
  return code(files).filter(
    (file) => !file.path.endsWith(".test.ts") && !file.path.startsWith("test/"),
  );
}

function lines(file: RepositoryFile): string[] {
  return file.text.split("\n");
}

function matches(files: readonly RepositoryFile[], pattern: RegExp, remedy: string): string[] {
  return files.flatMap((file) =>
    lines(file)
      .map((text, index) => ({ text, number: index + 1 }))
      .filter(({ text }) => pattern.test(text))
      .map(({ text, number }) => `${file.path}:${number}: ${text.trim().slice(0, 60)}: ${remedy}`),
  );
}

/** False for files that hold types and constants alone. */
function runs(file: RepositoryFile): boolean {
  return /^export (async )?(function\*?|class)\b/m.test(file.text);
}

const aliases: Readonly<Record<string, string>> = {
  "#core/": "lib/core/",
  "#wire/": "lib/wire/",
  "#platform/": "lib/platform/",
  "#gen/": "proto/gen/",
  "#client/": "client/src/",
};

/** Every path that another file imports, from its own folder or by alias. */
function importedPaths(files: readonly RepositoryFile[]): Set<string> {
  const found = new Set<string>();
  for (const file of code(files)) {
    for (const match of file.text.matchAll(/["'](\.{1,2}\/|#\w+\/)([^"']+\.[jt]s)["']/g)) {
      const [, start = "", rest = ""] = match;
      const path = start.startsWith("#")
        ? `${aliases[start] ?? ""}${rest}`
        : resolve(file.path, start + rest);
      if (path !== file.path.replace(/\.test\.ts$/, ".ts")) found.add(path);
    }
  }
  return found;
}

function resolve(from: string, relative: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of relative.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/** Paths in code quotes that begin with one of our folders. */
function namedPaths(file: RepositoryFile): string[] {
  const folders = "proto|lib|gateway|services|cli|models|deploy|test|docs|client";
  const pattern = new RegExp(`\`((?:${folders})/[A-Za-z0-9_./-]*[A-Za-z0-9_-])/?\``, "g");
  return [...file.text.matchAll(pattern)].map((match) => match[1] ?? "");
}
