/**
 * What a model's declarations and a SageMaker baseline say of values, kept by a monitor that is a
 * process of its own: rows that break it are found, told, and not forgotten by a restart.
 */
import { appendFile, cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { expect, it } from "vitest";
import type { ModelReport } from "#core/monitor/model-report.ts";
import type { EventColumn } from "#core/prediction/event.ts";
import { openBus } from "#platform/bus/nats.ts";
import { predictionStream } from "#platform/bus/streams.ts";
import { silentLog } from "#platform/log.ts";
import { parseBaseline } from "#wire/baseline.ts";
import { encodePredictionEvent } from "#wire/event/encode.ts";
import { predictionSubject } from "#wire/event/subject.ts";
import { runProgram } from "../../cli/program.ts";
import { eventually, readJson } from "../support/monitor.ts";
import { startTestNats } from "../support/nats.ts";
import { makeEvent } from "../support/prediction-events.ts";
import {
  constraintsFile,
  numberColumn,
  statisticsFile,
  textColumn,
} from "../support/sagemaker-files.ts";
import { monitorEnv, spawnMonitor } from "../support/spawn-monitor.ts";
import { type TempDir, tempDir } from "../support/temp.ts";

const samples = new URL("../../models/", import.meta.url).pathname;
const windowMs = 2000;
const rows = 20;

it("finds every value that is not allowed, across a restart", async () => {
  await using models = await importedCredit();
  await using nats = await startTestNats();
  await using bus = await openBus({ url: nats.url, name: "test", log: silentLog });
  const env = monitorEnv(nats.url, models.path);
  const text = await readFile(join(models.path, "credit", "1", "baseline.json"), "utf8");
  const { digest, features } = parseBaseline(text);
  const odd: Record<string, number[]> = {
    age: [17, 18, 120],
    income: [-1, 0],
    employment_years: [0.5, 1.5],
  };
  const columns = features.flatMap(({ name, dtype, type }): EventColumn[] => {
    if (name === "purpose") return [];
    const head = { name, dtype, kind: "feature", nulls: new Uint8Array(0) } as const;
    if (type === "category") {
      const codes = Array.from({ length: rows }, (_, row) => (row === 7 ? 1 : 0));
      const known = name === "home" ? "own" : "permanent";
      const dictionary = [known, name === "home" ? "castle" : known];
      return [{ ...head, values: { kind: "texts", dictionary, codes } }];
    }
    const usual = name === "debt_ratio" ? 1 : 40;
    const numbers = new Array<number>(rows).fill(usual);
    for (const [row, value] of (odd[name] ?? []).entries()) numbers[row] = value;
    const data =
      dtype === "INT64" ? BigInt64Array.from(numbers, BigInt) : Float32Array.from(numbers);
    return [{ ...head, values: { kind: "numbers", data } }];
  });

  const x = Array.from({ length: rows }, () => 0);
  const send = async (seq: number) => {
    const of = [{ id: seq, timeMs: Date.now(), x }];
    const given = { model: "credit", digest, columns, of, seq, rowsTotal: seq * rows };
    const event = makeEvent(given);
    await bus.publish(predictionSubject(event), encodePredictionEvent(event));
  };
  const found = await (async () => {
    await using monitor = await spawnMonitor(env);
    await eventually(() => bus.ensureStream(predictionStream));
    await send(1);
    return await findingsOf(monitor.addresses["http"] ?? "");
  })();
  expect(found).toEqual({
    age: ["limit 1 of 20, at least 1"],
    home: ["domain 1 of 20, at least 1"],
    income: ["limit 1 of 20, at least 1"],
    employment_years: ["type 2 of 20, at least 0.95"],
    purpose: ["absent 20 of 20, at least 1"],
  });
  await using again = await spawnMonitor(env);
  const { http = "", metrics = "" } = again.addresses;
  expect(await findingsOf(http)).toEqual(found);
  const shares = await eventually(async () => {
    await send(2);
    const told = await (await fetch(`http://${metrics}/metrics`)).text();
    return told.includes("sluice_quality_share{") ? told : undefined;
  });
  expect(shares).toMatch(/sluice_quality_share\{[^}]*feature="age"[^}]*check="limit"[^}]*\} 0\.05/);
}, 60_000);

/** Credit, its baseline made of SageMaker's files. */
async function importedCredit(): Promise<TempDir> {
  const folder = await tempDir();
  await cp(join(samples, "credit"), join(folder.path, "credit"), { recursive: true });
  const settings = join(folder.path, "credit", "model.yaml");
  await appendFile(settings, `monitoring: { windowMs: ${windowMs} }\n`);
  const text = await readFile(join(samples, "credit", "examples.csv"), "utf8");
  const examples: Record<string, string>[] = parse(text, { columns: true });
  const from = join(samples, "credit", "1", "baseline.json");
  const { features } = parseBaseline(await readFile(from, "utf8"));
  const columns = features.map(({ name, type }) => {
    const cells = examples.map((row) => row[name] ?? "");
    return type === "number" ? numberColumn(name, cells.map(Number)) : textColumn(name, cells);
  });
  const rules = [
    {
      ...{ name: "income", inferred_type: "Fractional", completeness: 1 },
      num_constraints: { is_non_negative: true },
    },
    { name: "employment_years", inferred_type: "Integral", completeness: 1 },
  ];
  await writeFile(join(folder.path, "statistics.json"), statisticsFile(examples.length, columns));
  const monitoring = { datatype_check_threshold: 0.95 };
  await writeFile(join(folder.path, "constraints.json"), constraintsFile(rules, monitoring));
  const where = ["--from-sagemaker", folder.path, "--models", folder.path];
  await runProgram(["baseline", "credit", ...where, "--json"]);
  expect(process.exitCode).toBe(0);
  return folder;
}

/** What is told of declarations of credit@1, once it has rows and is saved. */
async function findingsOf(address: string): Promise<Record<string, string[]>> {
  const report = await eventually(async () => {
    const told = await readJson<ModelReport>(address, "/reports/credit/1");
    return (told.closed ?? told.open) === undefined ? undefined : told;
  });
  const window = report.closed ?? report.open;
  return Object.fromEntries(
    (window?.features ?? []).flatMap(({ name, findings }) => {
      const hard = findings.filter(({ least }) => least !== undefined);
      const shown = hard.map(({ check, rows: wrong, least }) => {
        return `${check} ${wrong} of ${rows}, at least ${least}`;
      });
      return shown.length === 0 ? [] : [[name, shown]];
    }),
  );
}
