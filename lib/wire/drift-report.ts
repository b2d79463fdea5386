import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Quality } from "#core/drift/quality.ts";
import type { FeatureReport, Verdict } from "#core/drift/verdict.ts";
import type { Counters } from "#core/monitor/counters.ts";
import type { ModelReport } from "#core/monitor/model-watch.ts";
import type { WindowReport } from "#core/monitor/window-report.ts";
import {
  type CountersSchema,
  type FeatureReportSchema,
  type QualitySchema,
  type ReportSchema,
  Verdict as VerdictMessage,
  type WindowSchema,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";

const verdicts: Readonly<Record<Verdict, VerdictMessage>> = {
  ok: VerdictMessage.OK,
  warn: VerdictMessage.WARN,
  alarm: VerdictMessage.ALARM,
  insufficient: VerdictMessage.INSUFFICIENT,
};

/** A report as the MonitorService tells it. */
export function toReportMessage(report: ModelReport): MessageInitShape<typeof ReportSchema> {
  const { closed, open, counters, baselineRows, monitorTimeMs, ...same } = report;
  return {
    ...same,
    baselineRows: BigInt(baselineRows),
    counters: toCounters(counters),
    monitorTimeMs: BigInt(Math.trunc(monitorTimeMs)),
    ...(closed === undefined ? {} : { closed: toWindowMessage(closed) }),
    ...(open === undefined ? {} : { open: toWindowMessage(open) }),
  };
}

/** A window as the MonitorService tells it. */
export function toWindowMessage(window: WindowReport): MessageInitShape<typeof WindowSchema> {
  const { startMs, endMs, rows, verdict, provisional, revised, features, outputs } = window;
  return {
    startMs: BigInt(startMs),
    endMs: BigInt(endMs),
    rows: BigInt(rows),
    verdict: verdicts[verdict],
    provisional,
    revised,
    features: features.map(toFeature),
    outputs: outputs.map(toFeature),
  };
}

function toFeature(report: FeatureReport): MessageInitShape<typeof FeatureReportSchema> {
  const { name, type, rowsBaseline, rowsCurrent, verdict, quality, statistics } = report;
  const { meanBaseline, meanCurrent } = report;
  return {
    name,
    type,
    rowsBaseline: BigInt(rowsBaseline),
    rowsCurrent: BigInt(rowsCurrent),
    verdict: verdicts[verdict],
    quality: toQuality(quality),
    statistics: statistics.map((each) => ({ ...each, verdict: verdicts[each.verdict] })),
    ...(meanBaseline === undefined ? {} : { meanBaseline }),
    ...(meanCurrent === undefined ? {} : { meanCurrent }),
  };
}

function toQuality(quality: Quality): MessageInitShape<typeof QualitySchema> {
  return {
    nulls: BigInt(quality.nulls),
    nans: BigInt(quality.nans),
    posInf: BigInt(quality.posInf),
    negInf: BigInt(quality.negInf),
    typeErrors: BigInt(quality.typeErrors),
    unseen: BigInt(quality.unseen),
  };
}

function toCounters(counters: Counters): MessageInitShape<typeof CountersSchema> {
  return {
    rowsTotal: BigInt(counters.rowsTotal),
    rowsIncluded: BigInt(counters.rowsIncluded),
    rowsSampledOut: BigInt(counters.rowsSampledOut),
    rowsLost: BigInt(counters.rowsLost),
    rowsLate: BigInt(counters.rowsLate),
    rowsDuplicate: BigInt(counters.rowsDuplicate),
    rowsShadow: BigInt(counters.rowsShadow),
    rowsFailed: BigInt(counters.rowsFailed),
    rowsUnremembered: BigInt(counters.rowsUnremembered),
    messages: BigInt(counters.messages),
    messagesDuplicate: BigInt(counters.messagesDuplicate),
    messagesMissing: BigInt(counters.messagesMissing),
    messagesPurged: BigInt(counters.messagesPurged),
    messagesQuarantined: BigInt(counters.messagesQuarantined),
    producers: BigInt(counters.producers),
  };
}
