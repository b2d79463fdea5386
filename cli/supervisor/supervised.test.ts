import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Supervised, type SupervisedEvent } from "./supervised.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-supervised-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** What is told of a process with this main function, until it is given up or told enough. */
async function eventsOf(
  main: string,
  options: { readonly worksWhen: "ready" | "model"; readonly enough: number },
): Promise<readonly SupervisedEvent[]> {
  const program = join(folder, "main.mjs");
  await writeFile(program, main);
  const told: SupervisedEvent[] = [];
  const over = Promise.withResolvers<void>();
  const process = new Supervised({
    ...{ name: "one", program, folder, logsDir: folder, env: () => ({}), onOutput: undefined },
    worksWhen: options.worksWhen,
    onEvent: (event) => {
      told.push(event);
      if (event.type === "gave-up" || told.length >= options.enough) over.resolve();
    },
  });
  await over.promise;
  await process.stop(5_000);
  return told;
}

const readyThenDead = `process.send({ type: "ready", grpc: "h:1" }, () => process.exit(7));`;

it("starts a process that worked again, however often it ends", async () => {
  const told = await eventsOf(readyThenDead, { worksWhen: "ready", enough: 8 });
  expect(told.map(({ type }) => type)).toEqual(Array<string[]>(4).fill(["ready", "ended"]).flat());
});

it("gives up a worker whose process comes up but never its model", async () => {
  const told = await eventsOf(readyThenDead, { worksWhen: "model", enough: 100 });
  expect(told.filter(({ type }) => type === "ended")).toHaveLength(2);
  expect(told.at(-1)).toMatchObject({
    type: "gave-up",
    reason: expect.stringMatching(/^exit code 7, see .*one\.log$/),
  });
});

it("gives up at once what says itself that it cannot start", async () => {
  const main = `process.send({ type: "failed", reason: "no port" }, () => process.exit(1));`;
  const told = await eventsOf(main, { worksWhen: "ready", enough: 100 });
  expect(told).toEqual([{ type: "gave-up", reason: "no port" }]);
});

it("keeps what a process writes", async () => {
  await eventsOf(`process.stderr.write("no luck\\n");`, { worksWhen: "ready", enough: 100 });
  expect(await readFile(join(folder, "one.log"), "utf8")).toBe("no luck\n".repeat(3));
});
