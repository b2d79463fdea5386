import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Alert } from "#core/alert/alert.ts";
import type { RetrainState } from "#core/alert/retrain-gate.ts";
import type { ChangePoint } from "#core/detect/change-point.ts";
import type { Quality } from "#core/drift/quality.ts";
import type { FeatureReport, StatisticReport, Verdict } from "#core/drift/verdict.ts";
import type { Counters } from "#core/monitor/counters.ts";
import type { ModelReport } from "#core/monitor/model-report.ts";
import type { SlidingReport } from "#core/monitor/sliding-window.ts";
import type { WindowPeriod, WindowReport } from "#core/monitor/window-report.ts";
import {
  type AlertSchema,
  AlertState,
  type CountersSchema,
  type FeatureReportSchema,
  type PeriodSchema,
  type QualitySchema,
  type ReportSchema,
  type RetrainingSchema,
  type SlidingWindowSchema,
  type StatisticSchema,
  Verdict as VerdictMessage,
  type WindowSchema,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { toPerformanceMessage } from "./performance-report.ts";

const verdicts: Readonly<Record<Verdict, VerdictMessage>> = {
  ok: VerdictMessage.OK,
  warn: VerdictMessage.WARN,
  alarm: VerdictMessage.ALARM,
  insufficient: VerdictMessage.INSUFFICIENT,
};

/** A report as the MonitorService tells it. */
export function toReportMessage(report: ModelReport): MessageInitShape<typeof ReportSchema> {
  const { closed, open, counters, baselineRows, monitorTimeMs, ...others } = report;
  const { performance, alerts, changes, changeCounts: _, retrain, sliding, ...same } = others;
  return {
    ...same,
    baselineRows: BigInt(baselineRows),
    counters: toCounters(counters),
    monitorTimeMs: BigInt(Math.trunc(monitorTimeMs)),
    alerts: alerts.map(toAlertMessage),
    changes: changes.map(toChangeMessage),
    ...(retrain === undefined ? {} : { retraining: toRetraining(retrain) }),
    ...(closed === undefined ? {} : { closed: toWindowMessage(closed) }),
    ...(open === undefined ? {} : { open: toWindowMessage(open) }),
    ...(sliding && { sliding: toSliding(sliding) }),
    ...(performance === undefined ? {} : { performance: toPerformanceMessage(performance) }),
  };
}

function toSliding(of: SlidingReport): MessageInitShape<typeof SlidingWindowSchema> {
  const { windows, window, problem } = of;
  return { windows, problem, ...(window && { window: toWindowMessage(window) }) };
}

function toRetraining(of: RetrainState): MessageInitShape<typeof RetrainingSchema> {
  const { timeMs, version, digest } = of;
  return { sinceMs: BigInt(timeMs), version, digest };
}

const alertStates: Readonly<Record<Alert["state"]["kind"], AlertState>> = {
  ok: AlertState.UNSPECIFIED,
  pending: AlertState.PENDING,
  firing: AlertState.FIRING,
  clearing: AlertState.CLEARING,
};

function toAlertMessage(alert: Alert): MessageInitShape<typeof AlertSchema> {
  const { side, feature, statistic, state, sinceMs, evidence } = alert;
  const { value, threshold, floor, startMs, endMs, rows, traceIds } = evidence;
  return {
    ...{ side, feature, statistic, value, traceIds: [...traceIds] },
    state: alertStates[state.kind],
    sinceMs: BigInt(sinceMs),
    startMs: BigInt(startMs),
    endMs: BigInt(endMs),
    rows: BigInt(rows),
    ...(threshold === undefined ? {} : { threshold }),
    ...(floor === undefined ? {} : { floor }),
  };
}

function toChangeMessage({ timeMs, seq, ...same }: ChangePoint) {
  return { ...same, timeMs: BigInt(Math.trunc(timeMs)), seq: BigInt(seq) };
}

/** A window as the MonitorService tells it. */
export function toWindowMessage(window: WindowReport): MessageInitShape<typeof WindowSchema> {
  const { startMs, endMs, rows, verdict, provisional, revised, features, outputs } = window;
  const { volume, period } = window;
  return {
    startMs: BigInt(startMs),
    endMs: BigInt(endMs),
    rows: BigInt(rows),
    verdict: verdicts[verdict],
    provisional,
    revised,
    features: features.map(toFeatureMessage),
    outputs: outputs.map(toFeatureMessage),
    ...(volume && { rowsUsual: volume.usual, rowsUnusual: volume.isUnusual }),
    ...(period && { period: toPeriod(period) }),
  };
}

function toPeriod(period: WindowPeriod): MessageInitShape<typeof PeriodSchema> {
  const { startMs, endMs, rows, isUsed, problem } = period;
  return {
    ...{ startMs: BigInt(startMs), endMs: BigInt(endMs), rows: BigInt(rows) },
    ...{ used: isUsed, problem },
  };
}

/** A feature's report as the MonitorService tells it. */
export function toFeatureMessage(
  report: FeatureReport,
): MessageInitShape<typeof FeatureReportSchema> {
  const { name, type, rowsBaseline, rowsCurrent, verdict, quality, statistics } = report;
  // Windows that were saved before there were findings have none.
  const { pValue, pAdjusted, meanBaseline, meanCurrent, findings = [] } = report;
  const { distinct, distinctExpected, unseenValues = [] } = report;
  return {
    name,
    type,
    rowsBaseline: BigInt(rowsBaseline),
    rowsCurrent: BigInt(rowsCurrent),
    verdict: verdicts[verdict],
    quality: toQuality(quality),
    statistics: statistics.map(toStatistic),
    findings: findings.map(({ rows, ...finding }) => ({ ...finding, rows: BigInt(rows) })),
    ...(pValue === undefined ? {} : { pValue }),
    ...(pAdjusted === undefined ? {} : { pAdjusted }),
    ...(meanBaseline === undefined ? {} : { meanBaseline }),
    ...(meanCurrent === undefined ? {} : { meanCurrent }),
    ofPeriod: report.isOfPeriod === true,
    ...(distinct === undefined ? {} : { distinct: BigInt(distinct) }),
    ...(distinctExpected === undefined ? {} : { distinctExpected }),
    unseenValues: unseenValues.map(({ value, rows }) => ({ value, rows: BigInt(rows) })),
  };
}

function toStatistic(report: StatisticReport): MessageInitShape<typeof StatisticSchema> {
  const { id, value, threshold = 0, floor = 0, verdict } = report;
  return { id, value, threshold, floor, verdict: verdicts[verdict] };
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
    rowsTotal: toCount(counters.rowsTotal),
    rowsIncluded: toCount(counters.rowsIncluded),
    rowsSampledOut: toCount(counters.rowsSampledOut),
    rowsLost: toCount(counters.rowsLost),
    rowsLate: toCount(counters.rowsLate),
    rowsDuplicate: toCount(counters.rowsDuplicate),
    rowsShadow: toCount(counters.rowsShadow),
    rowsFailed: toCount(counters.rowsFailed),
    rowsUnremembered: toCount(counters.rowsUnremembered),
    messages: toCount(counters.messages),
    messagesDuplicate: toCount(counters.messagesDuplicate),
    messagesMissing: toCount(counters.messagesMissing),
    messagesPurged: toCount(counters.messagesPurged),
    messagesQuarantined: toCount(counters.messagesQuarantined),
    producers: toCount(counters.producers),
  };
}

/** Sums of what many producers claim may pass what a double counts in ones. */
function toCount(sum: number): bigint {
  return BigInt(Math.min(sum, Number.MAX_SAFE_INTEGER));
}
