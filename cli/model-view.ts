import type { ModelVersion } from "#gen/sluice/control/v1/control_pb.ts";
import {
  type ModelDescription,
  ModelState,
  ModelStateSchema,
} from "#gen/sluice/control/v1/model_pb.ts";
import { formatTable, type Paint } from "./output.ts";
import { enumName } from "./plain-message.ts";

/** More inputs than these are counted instead of listed. */
const inputsMax = 2;

const columns = [
  { title: "MODEL" },
  { title: "VERSION", align: "right" as const },
  { title: "STATE" },
  { title: "REPLICAS" },
  { title: "BATCHING" },
  { title: "FEATURES", align: "right" as const },
  { title: "INPUTS" },
];

/** A table of versions; below it, why some are not ready and why some run unbatched. */
export function formatModels(versions: readonly ModelVersion[], paint: Paint): string {
  if (versions.length === 0) return "no models\n";
  const rows = versions.map((version) => toRow(version, paint));
  const remarks = versions.flatMap((version) => remarksOf(version, paint));
  return formatTable(columns, rows, paint) + remarks.map((line) => `${line}\n`).join("");
}

function toRow(version: ModelVersion, paint: Paint): string[] {
  const { model, state, description, replicas } = version;
  const ready = replicas.filter((each) => each.connected && each.state === ModelState.READY);
  return [
    model,
    version.version === 0 ? "-" : String(version.version),
    paint(colourOf(state), enumName(ModelStateSchema, state)),
    `${ready.length}/${replicas.length}`,
    description === undefined ? "-" : describeBatching(description),
    description === undefined ? "-" : String(description.features.length),
    description === undefined ? "-" : describeInputs(description),
  ];
}

function colourOf(state: ModelState): "green" | "red" | "yellow" {
  if (state === ModelState.READY) return "green";
  return state === ModelState.FAILED ? "red" : "yellow";
}

function describeBatching({ batching }: ModelDescription): string {
  return batching?.enabled === true ? `up to ${batching.rowsMax} rows` : "off";
}

function describeInputs({ inputs }: ModelDescription): string {
  const shown = inputs
    .slice(0, inputsMax)
    .map(({ name, datatype, shape }) => `${name} ${datatype} [${shape.join(",")}]`);
  const more = inputs.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function remarksOf(version: ModelVersion, paint: Paint): string[] {
  const name = version.version === 0 ? version.model : `${version.model}@${version.version}`;
  const { reason, description } = version;
  const off = description?.batching?.enabled === false ? description.batching.disabledReason : "";
  return [
    ...(reason === "" ? [] : [`${paint("red", name)}: ${reason}`]),
    ...(off === "" ? [] : [`${paint("yellow", name)} runs unbatched: ${off}`]),
  ];
}
