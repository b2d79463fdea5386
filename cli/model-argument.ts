import { closest } from "#core/closest.ts";
import { Failure } from "#core/failure.ts";
import { isModelName, parseVersion } from "#core/model/name.ts";
import type { ModelVersion } from "#gen/sluice/control/v1/control_pb.ts";
import { type ModelDescription, ModelState } from "#gen/sluice/control/v1/model_pb.ts";
import type { Gateway } from "./client.ts";
import { UsageError } from "./exit-code.ts";

/** `wine` or `wine@1`, as it is given on the command line. */
export type ModelArgument = { readonly model: string; readonly version: number | undefined };

/** A version that is served, with what it takes and answers. */
export type ServedModel = {
  readonly model: string;
  readonly version: number;
  readonly description: ModelDescription;
};

/** Throws a UsageError where the text is neither. */
export function parseModelArgument(text: string): ModelArgument {
  const [model = "", versionText, ...rest] = text.split("@");
  const version = versionText === undefined ? undefined : parseVersion(versionText);
  if (!isModelName(model) || rest.length > 0) {
    throw new UsageError(`"${text}" is no model: expected a name such as wine or wine@1`);
  }
  if (versionText !== undefined && version === undefined) {
    throw new UsageError(`"${versionText}" is no version: expected a whole number from 1`);
  }
  return { model, version };
}

/** The version asked for, or the highest one that is ready. */
export async function findServed(gateway: Gateway, argument: ModelArgument): Promise<ServedModel> {
  return chooseServed(argument, await findVersions(gateway, argument));
}

/** The version asked for, or all of the model. Throws a Failure where there is none. */
export async function findVersions(
  gateway: Gateway,
  argument: ModelArgument,
): Promise<ModelVersion[]> {
  const versions = await gateway.listModels(argument.model);
  if (versions.length > 0) return chooseAsked(argument, versions);
  const known = new Set((await gateway.listModels()).map(({ model }) => model));
  const meant = closest(argument.model, [...known]);
  const hint = meant === undefined ? "" : ` Did you mean ${meant}?`;
  const all = known.size === 0 ? "none" : [...known].join(", ");
  throw new Failure("not-found", `no model "${argument.model}".${hint} Models here: ${all}`);
}

/**
 * The version to ask, from a list that is not empty. Throws a Failure that says why there is none.
 */
export function chooseServed(
  argument: ModelArgument,
  versions: readonly ModelVersion[],
): ServedModel {
  const { model } = argument;
  const byVersion = chooseAsked(argument, versions).toSorted(
    (one, other) => other.version - one.version,
  );
  const ready = byVersion.find((each) => each.state === ModelState.READY);
  if (ready?.description !== undefined) {
    return { model, version: ready.version, description: ready.description };
  }
  const [first] = byVersion;
  const name = first?.version ? `${model}@${first.version}` : model;
  const reason = first?.reason || "it is still loading";
  throw new Failure("unavailable", `${name} is not ready: ${reason}`);
}

function chooseAsked(
  { model, version }: ModelArgument,
  versions: readonly ModelVersion[],
): ModelVersion[] {
  const asked = versions.filter((each) => version === undefined || each.version === version);
  if (asked.length > 0) return asked;
  const known = versions.map((each) => each.version).join(", ");
  throw new Failure("not-found", `model "${model}" has no version ${version}, but ${known}`);
}
