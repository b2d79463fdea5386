"""Writes the vectors of this folder: what numpy and scipy say about the numbers of lib/core/drift.

Run it with the versions that models/requirements.txt names, then format what it wrote:
    python test/vectors/drift/make.py && npx biome check --write test/vectors/drift
"""

import json
import sys
from pathlib import Path

import numpy as np
import scipy
from scipy import stats
from scipy.spatial.distance import jensenshannon

folder = Path(__file__).parent
sys.dont_write_bytecode = True
sys.path.append(str(folder.parents[2] / "models"))

from baseline import describe_category, describe_number  # noqa: E402

alpha = 0.001


def write(name: str, cases: list | dict) -> None:
    (folder / name).write_text(json.dumps(cases), encoding="utf-8")


def chi_square() -> list:
    degrees = [1, 2, 3, 4, 5, 9, 10, 19, 63, 64, 100, 257, 1000]
    tails = [0.9, 0.5, 0.05, 0.01, 0.001, 1e-6, 1e-12]
    return [
        {"degrees": k, "tail": tail, "critical": float(stats.chi2.isf(tail, k))}
        for k in degrees
        for tail in tails
    ]


def of_shares(baseline: list, current: list) -> dict:
    """The statistics that compare counts in the same bins, with their floors."""
    p, q = np.array(baseline), np.array(current)
    used = (p + q) > 0
    p, q = p[used], q[used]
    spread = 1 / p.sum() + 1 / q.sum()
    if len(p) == 1:
        none = {"value": 0.0, "floor": 0.0}
        return {key: none for key in ["psi", "js2", "hellinger2", "linf", "chi2"]} | {"pValue": 1.0}
    critical = stats.chi2.isf(alpha, len(p) - 1)
    smooth_p, smooth_q = (p + 0.5) / (p + 0.5).sum(), (q + 0.5) / (q + 0.5).sum()
    stability = stats.entropy(smooth_p, smooth_q) + stats.entropy(smooth_q, smooth_p)
    homogeneity = stats.chi2_contingency(np.array([p, q]), correction=False)
    p, q = p / p.sum(), q / q.sum()
    values = {
        "psi": (stability, critical * spread),
        "js2": (jensenshannon(p, q, base=2) ** 2, critical * spread / (8 * np.log(2))),
        "hellinger2": (1 - np.sqrt(p * q).sum(), critical * spread / 8),
        "linf": (np.abs(p - q).max(), 3.9 * np.sqrt(spread / 4)),
        "chi2": (homogeneity.statistic, critical),
    }
    return {
        key: {"value": float(value), "floor": float(floor)} for key, (value, floor) in values.items()
    } | {"pValue": float(homogeneity.pvalue)}


def of_distributions(baseline: dict, current: dict) -> dict:
    """Each bin is the point of its mean for Wasserstein's distance, that of its place for the other."""
    sides = [(np.array(side["counts"]), np.array(side["sums"])) for side in (baseline, current)]
    spread = sum(1 / counts.sum() for counts, _ in sides)
    places = [np.repeat(np.arange(len(counts)), counts) for counts, _ in sides]
    means = [sums[counts > 0] / counts[counts > 0] for counts, sums in sides]
    weights = [counts[counts > 0] for counts, _ in sides]
    distance = float(stats.wasserstein_distance(*means, *weights))
    floor = float(4 * np.sqrt(spread))
    constant = baseline["min"] == baseline["max"]
    shift = {} if constant else {"w1sd": {"value": distance / baseline["sd"], "floor": floor}}
    ks = stats.ks_2samp(*places, method="asymp").statistic
    return {
        "ks": {"value": float(ks), "floor": float(1.949 * np.sqrt(spread))},
        "w1": {"value": distance},
        **shift,
    }


def counts() -> list:
    draw = np.random.default_rng(1)
    sides = [
        ([10, 20, 30], [10, 20, 30]),
        ([100], [7]),
        ([0, 0, 5], [0, 0, 9]),
        ([0, 10, 0], [4, 0, 0]),
        ([370, 130], [260, 240]),
        ([500, 500, 0], [0, 0, 700]),
    ]
    for bins in [2, 5, 10, 10, 10, 64, 257]:
        shares = draw.dirichlet(np.ones(bins))
        sides.append((draw.multinomial(1797, shares).tolist(), draw.multinomial(500, shares).tolist()))
    return [
        {"baseline": baseline, "current": current, "statistics": of_shares(baseline, current)}
        for baseline, current in sides
    ]


def samples() -> list:
    """Values as they come: the baseline's edges bin both sides, and all statistics follow."""
    draw = np.random.default_rng(3)
    cut = lambda values: np.round(values, 3)
    pairs = {
        "normal, moved by half": (cut(draw.normal(size=400)), cut(draw.normal(0.5, size=300))),
        "normal, the same": (cut(draw.normal(size=400)), cut(draw.normal(size=300))),
        "lognormal, wider": (cut(draw.lognormal(size=300)), cut(draw.lognormal(0, 1.5, size=200))),
        "many zeros": (
            np.where(draw.random(300) < 0.6, 0, cut(draw.exponential(size=300))),
            np.where(draw.random(300) < 0.4, 0, cut(draw.exponential(size=300))),
        ),
        "whole numbers": (draw.integers(-3, 9, size=250), draw.integers(-4, 8, size=250)),
        "two values": (draw.integers(0, 2, size=200), draw.integers(0, 3, size=200)),
        "one value": (np.full(120, 0.1), np.full(150, 0.1)),
        "one value that moved": (np.full(120, 0.1), np.full(150, 0.3)),
        "beyond both ends": (cut(draw.random(200)), cut(draw.random(200) * 20 - 10)),
        "as 32-bit floats": (draw.random(200), draw.random(150) ** 2),
    }
    return [sample(name, *pair) for name, pair in pairs.items()] + [
        category("categories", "abcd", "dcba", draw),
        category("new categories among the old", "abc", "cxy", draw),
        category("none but new categories", "ab", "xyz", draw),
        category("a single category", "a", "a", draw),
    ]


def sample(name: str, baseline: np.ndarray, current: np.ndarray) -> dict:
    dtype = "FP32" if name.startswith("as 32-bit") else "FP64"
    described = describe_number("x", dtype, baseline.tolist())
    live = current.astype(np.float32 if dtype == "FP32" else np.float64).astype(np.float64)
    coarse, _ = binned(live, described["edges10"])
    fine, sums = binned(live, described["edges64"])
    statistics = of_shares(described["counts10"], coarse.tolist())
    del statistics["pValue"]
    baseline_side = {
        "counts": described["counts64"],
        "sums": described["sums64"],
        **{key: described[key] for key in ["sd", "min", "max"]},
    }
    statistics |= of_distributions(baseline_side, {"counts": fine, "sums": sums})
    return {
        "name": name,
        "type": "number",
        "dtype": dtype,
        "baseline": baseline.tolist(),
        "current": current.tolist(),
        "statistics": statistics,
    }


def binned(values: np.ndarray, edges: list) -> tuple[np.ndarray, np.ndarray]:
    places = np.searchsorted(edges, values, side="right")
    bins = len(edges) + 1
    return np.bincount(places, minlength=bins), np.bincount(places, values, minlength=bins)


def category(name: str, baseline: str, current: str, draw: np.random.Generator) -> dict:
    values = draw.choice(list(baseline), 200).tolist()
    live = draw.choice(list(current), 150).tolist()
    named = describe_category("x", "BYTES", values)["categories"]
    known = [entry["value"] for entry in named]
    current_counts = [live.count(value) for value in known]
    current_counts.append(len(live) - sum(current_counts))
    statistics = of_shares([*(entry["count"] for entry in named), 0], current_counts)
    del statistics["pValue"]
    return {
        "name": name,
        "type": "category",
        "dtype": "BYTES",
        "baseline": values,
        "current": live,
        "statistics": statistics,
    }


def discoveries() -> list:
    draw = np.random.default_rng(4)
    lists = [[], [0.03], [0.01, 0.04, 0.03, 0.005], [1.0, 1.0], (draw.random(40) ** 3).tolist()]
    return [
        {"pValues": each, "adjusted": stats.false_discovery_control(each).tolist() if each else []}
        for each in lists
    ]


def edges() -> list:
    draw = np.random.default_rng(2)
    samples = {
        "normal": draw.normal(size=101),
        "lognormal as 32-bit floats": draw.lognormal(size=500).astype(np.float32),
        "many zeros": np.where(draw.random(300) < 0.6, 0, draw.exponential(size=300)),
        "whole numbers": draw.integers(-3, 9, size=250),
        "one value": np.full(12, -7.5),
        "two values": np.array([1.0, 2.0]),
        "wide": draw.normal(size=64) * 10.0 ** draw.integers(-200, 200, size=64),
    }
    return [
        {
            "name": name,
            "bins": bins,
            "values": values.astype(np.float64).tolist(),
            "edges": atoms(values.astype(np.float64), bins),
        }
        for name, values in samples.items()
        for bins in (10, 64)
    ]


def atoms(values: np.ndarray, bins: int) -> list:
    quantiles = np.quantile(values, np.arange(1, bins) / bins, method="linear")
    distinct, hits = np.unique(quantiles, return_counts=True)
    repeated = np.nextafter(distinct[hits > 1], np.inf)
    return np.unique(np.concatenate([distinct, repeated])).tolist()


versions = {"numpy": np.__version__, "scipy": scipy.__version__}

write("chi-square.json", chi_square())
write("edges.json", edges())
write(
    "statistics.json",
    {
        "versions": versions,
        "counts": counts(),
        "samples": samples(),
        "discoveries": discoveries(),
    },
)
