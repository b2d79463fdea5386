import type { Command } from "commander";
import { ModelVersionSchema } from "#gen/sluice/control/v1/control_pb.ts";
import { Gateway } from "../client.ts";
import { exitCode } from "../exit-code.ts";
import { findVersions, parseModelArgument } from "../model-argument.ts";
import { formatModels } from "../model-view.ts";
import { toPlain } from "../plain-message.ts";
import { conclude, type ShellFlags, withSharedFlags, writeJson } from "../shell.ts";

const examples = `
Examples:
  sluice models
  sluice models digits@2 --json`;

/** Adds `sluice models`. */
export function registerModels(program: Command): void {
  const command = program
    .command("models [model[@version]]")
    .description("what is served: versions, state, replicas, batching, inputs")
    .addHelpText("after", examples);
  withSharedFlags(command).action((model: string | undefined, flags: ShellFlags) =>
    conclude(flags, async ({ addresses, isJson, out }) => {
      const argument = model === undefined ? undefined : parseModelArgument(model);
      using gateway = new Gateway(addresses.server);
      const versions =
        argument === undefined ? await gateway.listModels() : await findVersions(gateway, argument);
      if (isJson) {
        writeJson(out, { models: versions.map((each) => toPlain(ModelVersionSchema, each)) });
      } else out.write(formatModels(versions, out.paint));
      return exitCode.done;
    }),
  );
}
