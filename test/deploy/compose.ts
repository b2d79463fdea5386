import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";

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
const service = z.strictObject({
  image: z.string().regex(/^[a-z0-9/.-]+(:[A-Za-z0-9.-]+)?$/),
  build: z.strictObject({ context: z.string(), dockerfile: z.string() }).optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string().regex(/^127\.0\.0\.1:[0-9]+:[0-9]+$/)).default([]),
  volumes: z.array(z.string()).default([]),
  depends_on: z
    .record(z.string(), z.strictObject({ condition: z.literal("service_healthy") }))
    .default({}),
  healthcheck: z
    .strictObject({
      test: z.array(z.string()).min(2),
      interval: z.string().regex(/^[0-9]+s$/),
      timeout: z.string().regex(/^[0-9]+s$/),
      retries: z.number(),
    })
    .optional(),
  restart: z.literal("unless-stopped"),
  init: z.boolean().optional(),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string()).optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  stop_grace_period: z
    .string()
    .regex(/^[0-9]+s$/)
    .optional(),
});

const compose = z.strictObject({
  name: z.string(),
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.null()),
});

/**
 * Reads a Compose file with its anchors and merge keys resolved and its `x-` fragments left out.
 */
export function readCompose(path: URL): Compose {
  const document: Record<string, unknown> = parse(readFileSync(path, "utf8"), { merge: true });
  const entries = Object.entries(document).filter(([key]) => !key.startsWith("x-"));
  return compose.parse(Object.fromEntries(entries));
}
