import { create, toBinary } from "@bufbuild/protobuf";
import type { EventColumn, PredictionEvent, ProducerEnd } from "#core/prediction/event.ts";
import { packedBytes } from "#core/tensor/dtype.ts";
import { ColumnKind, PredictionMessageSchema, Role } from "#gen/sluice/event/v1/event_pb.ts";

const roles = {
  primary: Role.PRIMARY,
  hedge: Role.HEDGE,
  shadow: Role.SHADOW,
};

/** A PredictionMessage with an event. */
export function encodePredictionEvent(event: PredictionEvent): Uint8Array {
  const { requests } = event;
  const message = create(PredictionMessageSchema, {
    body: {
      case: "event",
      value: {
        ...event,
        seq: BigInt(event.seq),
        rowsTotal: BigInt(event.rowsTotal),
        rowsCovered: BigInt(event.rowsCovered),
        rowsFailed: BigInt(event.rowsFailed),
        requests: {
          ...requests,
          rows: [...requests.rows],
          attempts: [...requests.attempts],
          roles: requests.roles.map((role) => roles[role]),
          eventTimesUs: requests.eventTimesUs.map(BigInt),
          statuses: [...requests.statuses],
          queueUs: [...requests.queueUs],
          runUs: [...requests.runUs],
          requestIds: [...requests.requestIds],
        },
        row: [...event.rows],
        columns: event.columns.map(toColumn),
      },
    },
  });
  return toBinary(PredictionMessageSchema, message);
}

/** A PredictionMessage that tells the last total a gateway saw of a producer. */
export function encodeProducerEnd(end: ProducerEnd): Uint8Array {
  const message = create(PredictionMessageSchema, {
    body: { case: "producerEnd", value: { ...end, answered: BigInt(end.answered) } },
  });
  return toBinary(PredictionMessageSchema, message);
}

function toColumn({ name, kind, dtype, nulls, values }: EventColumn) {
  const isFeature = kind === "feature";
  return {
    name,
    kind: isFeature ? ColumnKind.FEATURE : ColumnKind.OUTPUT,
    datatype: dtype,
    nulls,
    values: values.kind === "numbers" ? packedBytes(values.data) : new Uint8Array(0),
    dictionary: values.kind === "texts" ? [...values.dictionary] : [],
    codes: values.kind === "texts" ? [...values.codes] : [],
  };
}
