import type { Constraints } from "#core/drift/constraints.ts";
import type { FeatureType } from "#core/model/spec.ts";
import type { Dtype } from "#core/tensor/dtype.ts";
import type { ColumnConstraints } from "./constraints.ts";

export type MappedConstraints = {
  readonly constraints: Constraints;
  /** What of the file has no equal here, and what happens instead. */
  readonly remarks: readonly string[];
};

const fractionalTypes: readonly Dtype[] = ["FP16", "FP32", "FP64"];

/** What a SageMaker baseline demands of a column, of the feature that it feeds. */
export function toConstraints(
  column: ColumnConstraints,
  feature: { readonly type: FeatureType; readonly dtype: Dtype },
): MappedConstraints {
  const { monitoring, completeness } = column;
  const emits = told(
    monitoring.emitMetrics === false,
    "emit_metrics is Disabled: metrics are told all the same",
  );
  if (monitoring.evaluate === false) {
    const remark = "evaluate_constraints is Disabled: nothing is checked of what is declared";
    return { constraints: {}, remarks: [...emits, remark] };
  }
  const own = feature.type === "number" ? ofNumber(column, feature.dtype) : ofCategory(column);
  return {
    constraints: { ...own.constraints, ...(completeness === undefined ? {} : { completeness }) },
    remarks: [
      ...emits,
      ...own.remarks,
      ...told(
        monitoring.compare === false,
        "perform_comparison is Disabled: drift is told all the same",
      ),
    ],
  };
}

function ofNumber(column: ColumnConstraints, dtype: Dtype): MappedConstraints {
  const { inferredType, isNonNegative, domains, monitoring } = column;
  const { compare = true, comparisonThreshold, datatypeThreshold, isRobust } = monitoring;
  const isTyped = inferredType === "Integral" || inferredType === "Fractional";
  // What a tensor of integers holds is integral.
  const integral = inferredType === "Integral" && fractionalTypes.includes(dtype);
  const isCompared = compare && comparisonThreshold !== undefined;
  return {
    constraints: {
      ...(isNonNegative ? { min: 0 } : {}),
      ...(integral ? { integral } : {}),
      ...(isTyped && datatypeThreshold !== undefined ? { type: datatypeThreshold } : {}),
      ...(isCompared ? { thresholds: { ks: comparisonThreshold } } : {}),
    },
    remarks: [
      ...told(!isTyped, `inferred_type is ${inferredType}, and the model takes numbers`),
      ...told(domains !== undefined, "string_constraints, and the model takes numbers"),
      ...told(
        isCompared && isRobust === false,
        "comparison_method is Simple: small windows have to be beyond chance, as with Robust",
      ),
    ],
  };
}

function ofCategory(column: ColumnConstraints): MappedConstraints {
  const { isNonNegative, domains, monitoring } = column;
  const { compare = true, domainThreshold, isChiSquared = false } = monitoring;
  const threshold = monitoring.categoricalThreshold ?? monitoring.comparisonThreshold;
  const domain = domains === undefined ? undefined : domainThreshold;
  const isCompared = compare && !isChiSquared && threshold !== undefined;
  return {
    constraints: {
      ...(domains === undefined ? {} : { categories: domains }),
      ...(domain === undefined ? {} : { domain }),
      ...(isCompared ? { thresholds: { linf: threshold } } : {}),
    },
    remarks: [
      ...told(isNonNegative, "is_non_negative, and the model takes categories"),
      ...told(
        compare && isChiSquared,
        "categorical_drift_method is ChiSquared: chi2 keeps the threshold it has here",
      ),
    ],
  };
}

function told(isSo: boolean, remark: string): string[] {
  return isSo ? [remark] : [];
}
