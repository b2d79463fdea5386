"""Writes the vectors of this folder: what scikit-learn, numpy and river say about the numbers of
lib/core/performance and lib/core/detect. Every file begins with the versions that wrote it.
The formatter of the repository then goes over them: npx biome format --write test/vectors."""

import json
import math
import random
from pathlib import Path

import numpy as np
import river
import sklearn
from river import drift
from sklearn import metrics
from sklearn.isotonic import IsotonicRegression

folder = Path(__file__).parent
versions = {"numpy": np.__version__, "scikit-learn": sklearn.__version__, "river": river.__version__}


def write(name: str, cases: list) -> None:
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    head = json.dumps(versions)
    text = f'{{"versions":{head},"cases":[\n{lines}\n]}}\n'
    (folder / name).write_text(text, encoding="utf-8")


def ece(scores: np.ndarray, hits: np.ndarray, bins: int = 10) -> float:
    place = np.minimum((scores * bins).astype(int), bins - 1)
    gaps = [abs(scores[place == b].sum() - hits[place == b].sum()) for b in range(bins)]
    return float(sum(gaps) / len(scores))


def log_loss(scores: np.ndarray, actual: np.ndarray) -> float:
    """Kept away from 0 and 1 after the score of the label is known; as scikit-learn elsewhere."""
    two = np.column_stack([1 - scores, scores]) if scores.ndim == 1 else scores
    kept = np.clip(two[np.arange(len(actual)), actual], 1e-15, 1 - 1e-15)
    found = float(-np.log(kept).mean())
    if kept.min() > 1e-15:
        assert abs(found - metrics.log_loss(actual, scores)) < 1e-12
    return found


def averages(actual, predicted) -> dict:
    found = {}
    for average in ["macro", "weighted"]:
        p, r, f, _ = metrics.precision_recall_fscore_support(
            actual, predicted, average=average, zero_division=0
        )
        found[average] = {"precision": float(p), "recall": float(r), "f1": float(f)}
    return found


def binary(name: str, scores: np.ndarray, actual: np.ndarray) -> dict:
    predicted = (scores >= 0.5).astype(int)
    p, r, f, _ = metrics.precision_recall_fscore_support(actual, predicted, average="binary")
    return {
        "name": name,
        "classes": 2,
        "predicted": predicted.tolist(),
        "scores": [[s] for s in scores.tolist()],
        "labels": actual.tolist(),
        "rows": len(actual),
        "accuracy": float(metrics.accuracy_score(actual, predicted)),
        "positive": {"precision": float(p), "recall": float(r), "f1": float(f)},
        **averages(actual, predicted),
        "auc": float(metrics.roc_auc_score(actual, scores)),
        "logLoss": log_loss(scores, actual),
        "brier": float(metrics.brier_score_loss(actual, scores)),
        "ece": ece(scores, actual),
    }


def multiclass(name: str, scores: np.ndarray, actual: np.ndarray) -> dict:
    predicted = scores.argmax(axis=1)
    classes = scores.shape[1]
    sides = [(actual == k, scores[:, k]) for k in range(classes)]
    areas = [float(metrics.roc_auc_score(*side)) for side in sides]
    return {
        "name": name,
        "classes": classes,
        "predicted": predicted.tolist(),
        "scores": scores.tolist(),
        "labels": actual.tolist(),
        "rows": len(actual),
        "accuracy": float(metrics.accuracy_score(actual, predicted)),
        **averages(actual, predicted),
        "auc": float(np.mean(areas)),
        "aucWeighted": float(np.average(areas, weights=np.bincount(actual))),
        "logLoss": log_loss(scores, actual),
        "brier": float(metrics.brier_score_loss(actual, scores)),
        "ece": ece(scores.max(axis=1), predicted == actual),
    }


def classification() -> list:
    draw = np.random.default_rng(1)
    grid = draw.integers(0, 256, 400) / 256
    free = draw.beta(0.6, 0.9, 400)
    whole = np.array([0.0, 1.0, 0.0, 1.0, 0.25, 0.75])
    logits = draw.integers(1, 60, (300, 3))
    parts = np.floor(256 * logits / logits.sum(axis=1, keepdims=True))
    parts[:, 0] = 256 - parts[:, 1:].sum(axis=1)
    shares = parts / 256
    likely = np.array([draw.choice(3, p=row) for row in shares])
    return [
        binary("on the grid", grid, (draw.random(400) < grid).astype(int)),
        binary("off the grid", free, (draw.random(400) < free**2).astype(int)),
        binary("certain and wrong", whole, np.array([0, 1, 1, 0, 1, 1])),
        multiclass("three classes", shares, likely),
        multiclass("three classes, guessed", shares, draw.integers(0, 3, 300)),
    ]


def regression() -> list:
    draw = np.random.default_rng(2)
    cases = []
    for name, offset, spread in [("plain", 0, 1), ("far from zero", 1e9, 1), ("tiny", 0, 1e-9)]:
        actual = offset + spread * draw.normal(size=200)
        predicted = actual + 0.3 * spread * draw.normal(size=200) + 0.1 * spread
        cases.append(
            {
                "name": name,
                "predicted": predicted.tolist(),
                "labels": actual.tolist(),
                "rows": 200,
                "mae": float(metrics.mean_absolute_error(actual, predicted)),
                "rmse": float(metrics.root_mean_squared_error(actual, predicted)),
                "r2": float(metrics.r2_score(actual, predicted)),
                "meanError": math.fsum(predicted - actual) / 200,
            }
        )
    return cases


def streams() -> list:
    """Values have few digits, so that the file is small and reading it back loses nothing."""
    draw = random.Random(12345)
    steps = draw.choices([0, 1], k=1000) + draw.choices(range(4, 8), k=1000)
    noise = [round(draw.gauss(0, 1), 3) for _ in range(3000)]
    levels = [0.0, 0.8, 0.8, -0.4, 3.0, 0.0]
    shifts = [round(draw.gauss(level, 1), 3) for level in levels for _ in range(700)]
    errors = [int(draw.random() < rate) for rate in [0.1, 0.1, 0.25, 0.6, 0.1] for _ in range(800)]
    ramp = [round(row / 500 + draw.gauss(0, 0.5), 3) for row in range(3000)]
    waits = [round(draw.lognormvariate(2, 0.5) * (3 if row > 2000 else 1), 2) for row in range(3500)]
    named = {"steps": steps, "noise": noise, "shifts": shifts, "errors": errors, "ramp": ramp}
    return [*named.items(), ("waits", waits)]


def changes(detector, values: list) -> list:
    found = []
    for place, value in enumerate(values):
        detector.update(value)
        if detector.drift_detected:
            found.append(place)
    return found


def detectors() -> list:
    return [
        {
            "name": name,
            "adwin": changes(drift.ADWIN(), values),
            "adwinEager": changes(drift.ADWIN(delta=0.05, clock=1, max_buckets=3), values),
            "pageHinkley": changes(drift.PageHinkley(), values),
            "pageHinkleyEager": changes(
                drift.PageHinkley(min_instances=10, delta=0.1, threshold=8, alpha=0.999), values
            ),
            "values": values,
        }
        for name, values in streams()
    ]


def mulberry32(seed: int):
    """The draws of lib/core/random.ts."""
    state = seed

    def draw() -> float:
        nonlocal state
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        mixed = ((state ^ (state >> 15)) * (1 | state)) & 0xFFFFFFFF
        mixed ^= (mixed + (((mixed ^ (mixed >> 7)) * (61 | mixed)) & 0xFFFFFFFF)) & 0xFFFFFFFF
        return (mixed ^ (mixed >> 14)) / 4294967296

    return draw


def folds(labels: np.ndarray, draw) -> np.ndarray:
    fold = np.zeros(len(labels), dtype=int)
    for side in [0, 1]:
        rows = np.flatnonzero(labels == side)
        order = list(range(len(rows)))
        for last in range(len(rows) - 1, 0, -1):
            other = int(draw() * (last + 1))
            order[last], order[other] = order[other], order[last]
        fold[rows[order]] = np.arange(len(rows)) % 10
    return fold


def band(value: float, gradient: np.ndarray, chances: np.ndarray) -> list:
    reach = 3 * np.sqrt(np.sum(gradient**2 * chances * (1 - chances)))
    return [float(value), float(max(0, value - reach)), float(min(1, value + reach))]


def estimates(scores: np.ndarray, chances: np.ndarray) -> dict:
    """Bands by complex steps: the derivative of a metric by each row's label, row by row."""
    positive = scores >= 0.5
    rows, predicted = len(scores), positive.sum()
    formulas = {
        "accuracy": lambda y: (y[positive].sum() + (1 - y[~positive]).sum()) / rows,
        "precision": lambda y: y[positive].sum() / predicted,
        "recall": lambda y: y[positive].sum() / y.sum(),
        "f1": lambda y: 2 * y[positive].sum() / (predicted + y.sum()),
    }
    found = {}
    for name, formula in formulas.items():
        steps = [formula(chances + 1e-30j * (np.arange(rows) == row)) for row in range(rows)]
        found[name] = band(formula(chances), np.imag(steps) / 1e-30, chances)
    order = np.argsort(scores, kind="stable")
    s, p = scores[order], chances[order]
    wins = (s[:, None] > s[None, :]) + 0.5 * (s[:, None] == s[None, :])
    n1, n0 = p.sum(), (1 - p).sum()
    auc = float(p @ wins @ (1 - p) / (n1 * n0))
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (n1 - 1) * (q1 - auc**2) + (n0 - 1) * (q2 - auc**2)
    reach = 3 * math.sqrt(spread / (n1 * n0))
    return {**found, "auc": [auc, float(max(0, auc - reach)), float(min(1, auc + reach))]}


def estimation() -> list:
    draw = np.random.default_rng(3)
    cases = []
    kinds = [("overconfident", 2.5, 400), ("honest", 1, 400), ("honest again", 1, 150)]
    for name, power, count in [*kinds, ("few", 1, 24), ("rare", 12, 60), ("exact", 1, 200)]:
        scores = draw.integers(1, 256, count) / 256
        labels = (draw.random(count) < scores**power).astype(int)
        if name == "exact":
            scores = np.tile([0.25, 0.75], count // 2)
            labels = np.tile([0, 1, 0, 1, 1, 1, 0, 0], count // 8)
        fold = folds(labels, mulberry32(1))
        before = after = 0.0
        for held in range(10):
            fitted = IsotonicRegression(out_of_bounds="clip").fit(
                scores[fold != held], labels[fold != held]
            )
            before += ece(scores[fold == held], labels[fold == held])
            after += ece(fitted.predict(scores[fold == held]), labels[fold == held])
        fitted = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
        asked = np.sort(draw.random(40))
        live = draw.integers(0, 257, 120) / 256
        live = np.minimum(live, 255 / 256)
        enough = min(np.bincount(labels)) >= 10
        used = bool(enough and after < before)
        cases.append(
            {
                "name": name,
                "scores": scores.tolist(),
                "labels": labels.tolist(),
                "asked": asked.tolist(),
                "calibrated": fitted.predict(asked).tolist(),
                "isUsed": used,
                "live": live.tolist(),
                **estimates(live, fitted.predict(live) if used else live),
            }
        )
    return cases


write("estimation.json", estimation())
write("classification.json", classification())
write("regression.json", regression())
write("detectors.json", detectors())
