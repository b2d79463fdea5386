import { readFileSync } from "node:fs";
import * as v from "valibot";
import { parse } from "yaml";

export type ComposeService = {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string } | undefined;
  readonly command?: readonly string[] | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
  readonly depends_on: Readonly<Record<string, unknown>>;
  readonly healthcheck?: unknown;
};

export type Compose = {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};

/** What we use of the Compose file format, so that a misspelt key is found without Compose. */
const seconds = v.pipe(v.string(), v.regex(/^[0-9]+s$/));
const service = v.strictObject({
  image: v.pipe(v.string(), v.regex(/^[a-z0-9/.-]+(:[A-Za-z0-9.-]+)?$/)),
  build: v.optional(v.strictObject({ context: v.string(), dockerfile: v.string() })),
  command: v.optional(v.array(v.string())),
  environment: v.optional(v.record(v.string(), v.string()), {}),
  ports: v.optional(v.array(v.pipe(v.string(), v.regex(/^127\.0\.0\.1:[0-9]+:[0-9]+$/))), []),
  volumes: v.optional(v.array(v.string()), []),
  depends_on: v.optional(
    v.record(v.string(), v.strictObject({ condition: v.literal("service_healthy") })),
    {},
  ),
  healthcheck: v.optional(
    v.strictObject({
      test: v.pipe(v.array(v.string()), v.minLength(2)),
      interval: seconds,
      timeout: seconds,
      retries: v.number(),
    }),
  ),
  restart: v.literal("unless-stopped"),
  init: v.optional(v.boolean()),
  read_only: v.optional(v.boolean()),
  tmpfs: v.optional(v.array(v.string())),
  cap_drop: v.optional(v.array(v.string())),
  security_opt: v.optional(v.array(v.string())),
  stop_grace_period: v.optional(seconds),
});

const compose = v.strictObject({
  name: v.string(),
  services: v.record(v.string(), service),
  volumes: v.record(v.string(), v.null()),
});

/** `${NAME:-default}`, of an environment that has no such name. */
const interpolation = /\$\{[A-Z_]+:-([^}]*)\}/g;

/**
 * Reads a Compose file with its anchors and merge keys resolved and its `x-` fragments left out, as
 * where none of the settings is given that it takes from its environment.
 */
export function readCompose(path: URL): Compose {
  const filled = (_key: unknown, value: unknown) =>
    typeof value === "string" ? value.replaceAll(interpolation, "$1") : value;
  const text = readFileSync(path, "utf8");
  const document: Record<string, unknown> = parse(text, filled, { merge: true });
  const entries = Object.entries(document).filter(([key]) => !key.startsWith("x-"));
  return v.parse(compose, Object.fromEntries(entries));
}
