"""From a fitted estimator to an ONNX model that is proven to say the same.

The proof covers every row of the data set: against scikit-learn, and one row at a time against
all rows at once, because the server joins and splits requests as it pleases.
"""

from dataclasses import dataclass

import numpy as np
import onnx
import pandas as pd
from onnxruntime import InferenceSession
from skl2onnx import to_onnx
from sklearn.base import BaseEstimator, is_classifier

from declaration import Declaration
from predictions import (
    Predictions,
    difference,
    open_session,
    predict_with_estimator,
    predict_with_onnx,
    tolerance,
)
from tensors import estimator_input, feeds, input_types

# Operator sets that every ONNX Runtime since 1.14 knows.
opsets = {"": 18, "ai.onnx.ml": 3}


@dataclass(frozen=True)
class Export:
    model: bytes
    by_estimator: Predictions
    by_onnx: Predictions
    difference: float
    batch_difference: float


def export(
    name: str,
    declaration: Declaration,
    estimator: BaseEstimator,
    columns: pd.DataFrame,
    *,
    zipmap: bool,
) -> Export:
    """Converts, runs both on every row, and fails unless they agree within `tolerance`."""
    model = convert(name, declaration, estimator, columns, zipmap=zipmap)
    session = open_session(model)
    rows = feeds(declaration, columns)
    by_onnx = predict_with_onnx(declaration, session, rows)
    by_estimator = predict_with_estimator(
        declaration, estimator, estimator_input(declaration, columns)
    )
    singly = predict_singly(declaration, session, rows)
    result = Export(
        model=model,
        by_estimator=by_estimator,
        by_onnx=by_onnx,
        difference=difference(by_onnx, by_estimator),
        batch_difference=difference(singly, by_onnx),
    )
    assert result.difference <= tolerance, f"{name}: off by {result.difference}"
    assert result.batch_difference <= tolerance, f"{name}: batches by {result.batch_difference}"
    return result


def convert(
    name: str,
    declaration: Declaration,
    estimator: BaseEstimator,
    columns: pd.DataFrame,
    *,
    zipmap: bool,
) -> bytes:
    model = to_onnx(
        estimator,
        name=name,  # Otherwise the graph is named at random.
        initial_types=input_types(declaration, columns),
        options=None if zipmap or not is_classifier(estimator) else {"zipmap": False},
        target_opset=opsets,
    )
    # The converter lists operator sets in the order of a hash, and that of tree ensembles lists one
    # of them twice, which ONNX does not allow.
    imports = {entry.domain: entry.version for entry in model.opset_import}
    del model.opset_import[:]
    model.opset_import.extend(onnx.helper.make_opsetid(*entry) for entry in sorted(imports.items()))
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def predict_singly(
    declaration: Declaration, session: InferenceSession, rows: dict[str, np.ndarray]
) -> Predictions:
    count = len(next(iter(rows.values())))
    singles = [
        predict_with_onnx(declaration, session, {key: rows[key][at : at + 1] for key in rows})
        for at in range(count)
    ]
    return {name: np.concatenate([single[name] for single in singles]) for name in singles[0]}
