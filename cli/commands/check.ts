import type { Command } from "commander";
import { Failure, messageOf } from "#core/failure.ts";
import { formatRef } from "#core/model/name.ts";
import type { ModelSettings } from "#core/model/settings.ts";
import { type FoundModel, scanRepository } from "#platform/model-repository.ts";
import { checkVersion } from "../check/check-model.ts";
import type { Finding, VersionFindings } from "../check/finding.ts";
import { openSingleModel } from "../check/single-model.ts";
import { Gateway } from "../client.ts";
import { readEnv } from "../config.ts";
import { type ExitCode, exitCode } from "../exit-code.ts";
import { type ModelArgument, parseModelArgument } from "../model-argument.ts";
import { alignRows, type Paint } from "../output.ts";
import { Progress } from "../progress.ts";
import {
  conclude,
  onInterrupt,
  type Shell,
  type ShellFlags,
  withModelsFlag,
  writeJson,
} from "../shell.ts";
import { startCluster } from "../supervisor/cluster.ts";
import { toClusterOptions } from "../supervisor/config.ts";

const examples = `
The model is served by a small cluster of its own, on free ports, so no cluster needs to run.

Examples:
  sluice check mine              before it is put in service
  sluice check digits@2 --json

Exit code 1 when anything fails: model.yaml, loading, the baseline's fit, or an example that
predicts something else.`;

/** Adds `sluice check`. */
export function registerCheck(program: Command): void {
  const command = program
    .command("check <model[@version]>")
    .description("does it load, does it batch, does its baseline fit, do its examples reproduce")
    .option("--json", "print JSON")
    .addHelpText("after", examples);
  withModelsFlag(command).action((model: string, flags: ShellFlags) =>
    conclude(flags, (shell) => check(shell, parseModelArgument(model))),
  );
}

async function check(shell: Shell, argument: ModelArgument): Promise<ExitCode> {
  const root = shell.addresses.modelsDir;
  const found = await findModel(root, argument.model);
  const versions = argument.version === undefined ? found.versions : [argument.version];
  const results =
    found.settings === undefined || (found.problem !== undefined && argument.version === undefined)
      ? [keptOut(found)]
      : await checkAll(shell, { model: found.model, settings: found.settings, versions });
  const isGood = results.every(({ findings }) =>
    findings.every(({ outcome }) => outcome !== "failed"),
  );
  if (shell.isJson) writeJson(shell.out, { ok: isGood, versions: results });
  else shell.out.write(results.map((result) => format(result, shell.out.paint)).join("\n"));
  return isGood ? exitCode.done : exitCode.failed;
}

async function findModel(root: string, model: string): Promise<FoundModel> {
  const { models } = await scanRepository(root);
  const found = models.find((each) => each.model === model);
  if (found !== undefined) return found;
  throw new Failure("not-found", `there is no model "${model}" in ${root}`);
}

function keptOut({ model, problem = "" }: FoundModel): VersionFindings {
  const findings: Finding[] = [{ check: "model.yaml", outcome: "failed", text: problem }];
  return { model, version: 0, findings };
}

type ModelToCheck = {
  readonly model: string;
  readonly settings: ModelSettings;
  readonly versions: readonly number[];
};

async function checkAll(
  shell: Shell,
  { model, settings, versions }: ModelToCheck,
): Promise<VersionFindings[]> {
  using interrupt = onInterrupt();
  using progress = new Progress(shell.err);
  const root = shell.addresses.modelsDir;
  await using single = await openSingleModel(root, model, versions);
  progress.update(undefined, `starting ${model}`);
  const { signal } = interrupt;
  await using cluster = await startPrivateCluster(single, signal);
  using gateway = new Gateway(cluster.addresses.gateway?.["grpc"] ?? "");
  const results: VersionFindings[] = [];
  for (const version of versions) {
    const ref = { model, version };
    const onProgress = (text: string) => progress.update(undefined, `${formatRef(ref)}  ${text}`);
    const findings = await checkVersion(gateway, { root, ref, settings, signal, onProgress });
    const settingsFound: Finding = { check: "model.yaml", outcome: "ok", text: "valid" };
    results.push({ model, version, findings: [settingsFound, ...findings] });
  }
  return results;
}

/** Without NATS and monitor, on free ports. */
async function startPrivateCluster(
  folders: { readonly modelsDir: string; readonly dataDir: string },
  signal: AbortSignal,
) {
  const env = { ...readEnv(), NATS_URL: "off", SLUICE_MONITOR: "false" };
  const options = toClusterOptions(env, { onReport: () => {} });
  const ports = { grpc: 0, metrics: 0, monitorGrpc: 0, monitorHttp: 0, monitorMetrics: 0, otlp: 0 };
  const { modelsDir, dataDir } = folders;
  const own = { modelsDir, dataDir, ports, host: "127.0.0.1", gateways: 1, cluster: "check" };
  try {
    return await startCluster({ ...options, ...own }, signal);
  } catch (error) {
    throw new Failure("unavailable", `cannot serve the model to check it: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

const marks = { ok: ["green", "ok"], failed: ["red", "failed"], none: ["yellow", "none"] } as const;

function format({ model, version, findings }: VersionFindings, paint: Paint): string {
  const rows = findings.map(({ check: name, outcome, text }) => {
    const [colour, mark] = marks[outcome];
    return [`  ${name}`, paint(colour, mark), text];
  });
  const title = version === 0 ? model : formatRef({ model, version });
  return `${paint("bold", title)}\n${alignRows(rows)}`;
}
