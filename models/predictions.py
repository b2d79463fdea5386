"""Predictions by output name, whoever made them.

Predictions are a dict of columns with one entry a row: `label` (names of classes), one
`probabilities.<label>` per class, or the name of a value. Texts are categories, floats numbers.
"""

from collections.abc import Iterable

import numpy as np
import onnxruntime
from sklearn.base import BaseEstimator, is_classifier

from declaration import Declaration

Predictions = dict[str, np.ndarray]

tolerance = 1e-5  # Of |a - b|, relative to max(1, |b|).


def predict_with_estimator(
    declaration: Declaration, estimator: BaseEstimator, rows: object
) -> Predictions:
    """What scikit-learn says, in doubles."""
    if not is_classifier(estimator):
        return {declaration.role("value").name: estimator.predict(rows)}
    return name_classes(
        declaration,
        labels=estimator.predict(rows),
        classes=estimator.classes_,
        probabilities=estimator.predict_proba(rows),
    )


def predict_with_onnx(
    declaration: Declaration, session: onnxruntime.InferenceSession, feeds: dict[str, np.ndarray]
) -> Predictions:
    """What the ONNX model says, in the floats it computes with."""
    names = [output.output for output in declaration.outputs]
    arrays = dict(zip(names, session.run(names, feeds), strict=True))
    if any(output.role == "value" for output in declaration.outputs):
        output = declaration.role("value")
        return {output.name: arrays[output.output].reshape(-1)}
    table = arrays[declaration.role("probabilities").output]
    if isinstance(table, list):  # A ZipMap: one dict a row, by class.
        classes = list(table[0])
        table = np.array([[row[key] for key in classes] for row in table], dtype=np.float32)
    else:
        classes = list(range(table.shape[1]))
    labels = arrays[declaration.role("label").output]
    return name_classes(declaration, labels=labels, classes=classes, probabilities=table)


def open_session(model: bytes) -> onnxruntime.InferenceSession:
    """One thread, on the processor: the same sums in the same order every time."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def difference(a: Predictions, b: Predictions) -> float:
    """The largest |a - b| / max(1, |b|). Infinite when any label differs."""
    assert list(a) == list(b), f"outputs differ: {list(a)} and {list(b)}"
    return max(column_difference(a[name], b[name]) for name in a)


def is_category(column: np.ndarray) -> bool:
    return column.dtype == np.object_


def name_classes(
    declaration: Declaration, *, labels: Iterable, classes: Iterable, probabilities: np.ndarray
) -> Predictions:
    label, output = declaration.role("label"), declaration.role("probabilities")
    named = {label.name: np.array([label.label_of(item) for item in labels], dtype=np.object_)}
    for column, key in enumerate(classes):
        named[f"{output.name}.{output.label_of(key)}"] = probabilities[:, column]
    return named


def column_difference(a: np.ndarray, b: np.ndarray) -> float:
    if is_category(a):
        return 0.0 if (a == b).all() else float("inf")
    wide, reference = a.astype(np.float64), b.astype(np.float64)
    return float((np.abs(wide - reference) / np.maximum(1, np.abs(reference))).max())
