"""How a sample becomes a folder of the model repository.

1. A seeded quarter of the rows is held out, in the proportions of the classes.
2. Every version learns from the other rows and becomes ONNX, proven equal on all rows.
3. The baseline is made from all rows: what the model is fed, and what the ONNX model answers.
4. `examples.csv` holds the rows with scikit-learn's answers of every version.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.metrics import mean_absolute_error, roc_auc_score
from sklearn.model_selection import train_test_split

from baseline import describe_category, describe_number, format_version, write_baseline
from declaration import Declaration, Feature, read_declaration
from examples import write_examples
from export import Export, export
from predictions import is_category
from samples import Sample, seed
from tensors import dtype_of, estimator_input

test_share = 0.25
# A constant, not the time of the run: a second run must write the same bytes.
created_at = "2026-11-01T00:00:00.000Z"


def train_sample(sample: Sample, models: Path) -> Iterator[str]:
    """Writes all files of a sample but its `model.yaml`. Yields a line of results per version."""
    folder = models / sample.name
    declaration = read_declaration(folder / "model.yaml")
    check_declaration(declaration, sample)
    split = draw_split(sample)
    rows = estimator_input(declaration, sample.columns)
    columns = {
        **{name: sample.columns[name].to_numpy() for name in sample.columns},
        "split": split,
        "actual": name_actuals(declaration, sample),
    }
    for version, estimator in sample.estimators.items():
        fitted = clone(estimator).fit(rows[split == "train"], sample.target[split == "train"])
        exported = export(sample.name, declaration, fitted, sample.columns, zipmap=sample.zipmap)
        write_version(folder / str(version), declaration, sample, exported)
        columns |= {f"v{version}.{name}": of for name, of in exported.by_estimator.items()}
        held_out = split == "test"
        score = describe_score(fitted, rows[held_out], sample.target[held_out])
        yield (
            f"{sample.name} {version}: {score}; off by {exported.difference:.1e},"
            f" by batch {exported.batch_difference:.1e}; {len(exported.model)} bytes"
        )
    write_examples(folder / "examples.csv", columns, draw_examples(sample))


def write_version(folder: Path, declaration: Declaration, sample: Sample, exported: Export) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "model.onnx").write_bytes(exported.model)
    header = {
        "format": format_version,
        "model": sample.name,
        "version": int(folder.name),
        "digest": hashlib.sha256(exported.model).hexdigest(),
        "rows": len(sample.columns),
        "createdAt": created_at,
    }
    write_baseline(
        folder / "baseline.json",
        header,
        features=[describe_feature(sample, feature) for feature in declaration.features],
        outputs=[describe_output(sample, *column) for column in exported.by_onnx.items()],
    )


def describe_feature(sample: Sample, feature: Feature) -> dict:
    column = sample.columns[feature.name]
    describe = describe_category if feature.type == "category" else describe_number
    return describe(feature.name, dtype_of(column), column.tolist())


def describe_output(sample: Sample, name: str, values: np.ndarray) -> dict:
    if not is_category(values):
        return describe_number(name, "FP32", values.tolist())
    # The data type is the tensor's; the values are the classes' names all the same.
    texts = isinstance(sample.target[0], str)
    return describe_category(name, "BYTES" if texts else "INT64", values.tolist())


def draw_split(sample: Sample) -> np.ndarray:
    classes = sample.target if is_classifier(sample.estimators[1]) else None
    places = np.arange(len(sample.columns))
    _, held_out = train_test_split(
        places, test_size=test_share, random_state=seed, stratify=classes
    )
    return np.where(np.isin(places, held_out), "test", "train")


def draw_examples(sample: Sample) -> np.ndarray:
    """The rows that `examples.csv` holds, in the order of the data set."""
    places = np.arange(len(sample.columns))
    if sample.examples_max is None:
        return places
    random = np.random.default_rng(seed)
    return np.sort(random.choice(places, sample.examples_max, replace=False))


def name_actuals(declaration: Declaration, sample: Sample) -> np.ndarray:
    if not is_classifier(sample.estimators[1]):
        return sample.target
    label = declaration.role("label")
    return np.array([label.label_of(target) for target in sample.target], dtype=np.object_)


def describe_score(fitted: BaseEstimator, rows: object, target: np.ndarray) -> str:
    if not is_classifier(fitted):
        error = mean_absolute_error(target, fitted.predict(rows))
        return f"R2 {fitted.score(rows, target):.3f}, mean absolute error {error:.1f}"
    accuracy = f"accuracy {fitted.score(rows, target):.3f}"
    if len(fitted.classes_) > 2:
        return accuracy
    area = roc_auc_score(target == fitted.classes_[1], fitted.predict_proba(rows)[:, 1])
    return f"{accuracy}, area under the curve {area:.3f}"


def check_declaration(declaration: Declaration, sample: Sample) -> None:
    names = list(sample.columns)
    assert declaration.feature_names == names, f"{sample.name}: model.yaml does not name {names}"
    for feature in declaration.features:
        if feature.type == "category":
            unknown = set(sample.columns[feature.name]) - set(feature.categories)
            assert not unknown, f"{sample.name}.{feature.name}: undeclared {sorted(unknown)}"
