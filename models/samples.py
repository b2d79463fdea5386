"""The four samples: their data and their estimators."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes, load_digits, load_wine
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from applicants import draw_applicants

seed = 1
applicants_count = 20_000
credit_examples = 2_000


@dataclass(frozen=True)
class Sample:
    """`target` holds class indexes, class names or values; `estimators` are unfitted."""

    name: str
    columns: pd.DataFrame
    target: np.ndarray
    estimators: dict[int, BaseEstimator]
    zipmap: bool = True
    examples_max: int | None = None


def load_samples() -> list[Sample]:
    return [digits(), diabetes(), wine(), credit()]


def digits() -> Sample:
    data = load_digits(as_frame=True)
    # Strong regularisation keeps probabilities away from 0 and 1, where float32 has few digits.
    line = make_pipeline(MinMaxScaler(), LogisticRegression(C=0.3, max_iter=2000))
    network = MLPClassifier((48, 24), alpha=1.0, max_iter=2000, random_state=seed)
    return Sample(
        name="digits",
        columns=data.data,
        target=data.target.to_numpy(),
        estimators={1: line, 2: make_pipeline(MinMaxScaler(), network)},
        zipmap=False,
    )


def diabetes() -> Sample:
    data = load_diabetes(as_frame=True)
    # Chosen by cross-validation on the training rows; deeper or more trees do worse.
    trees = GradientBoostingRegressor(
        n_estimators=100,
        learning_rate=0.05,
        subsample=0.5,
        max_depth=2,
        min_samples_leaf=15,
        random_state=seed,
    )
    return Sample(
        name="diabetes",
        columns=data.data,
        target=data.target.to_numpy(),
        estimators={1: trees},
    )


def wine() -> Sample:
    data = load_wine(as_frame=True)
    return Sample(
        name="wine",
        # Slashes separate the parts of paths and addresses; a name has none.
        columns=data.data.rename(columns=lambda name: name.replace("/", "_")),
        target=data.target.to_numpy(),
        estimators={1: make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))},
    )


def credit() -> Sample:
    applicants = draw_applicants(applicants_count, seed)
    columns = applicants.drop(columns="decision")
    # Each kind of number has its own scaler: an ONNX input is not mixed with another type.
    encoder = ColumnTransformer(
        [
            ("floats", StandardScaler(), list(columns.select_dtypes("float64"))),
            ("integers", StandardScaler(), list(columns.select_dtypes("int64"))),
            ("texts", OneHotEncoder(handle_unknown="ignore"), ["employment", "home", "purpose"]),
        ]
    )
    return Sample(
        name="credit",
        columns=columns,
        target=applicants["decision"].to_numpy(dtype=np.object_),
        estimators={1: make_pipeline(encoder, LogisticRegression(max_iter=2000))},
        examples_max=credit_examples,
    )
