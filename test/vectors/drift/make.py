"""Writes the vectors of this folder: what numpy and scipy say about the numbers of lib/core/drift."""

import json
from pathlib import Path

import numpy as np
from scipy import stats

folder = Path(__file__).parent


def write(name: str, cases: list) -> None:
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (folder / name).write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def chi_square() -> list:
    degrees = [1, 2, 3, 4, 5, 9, 10, 19, 63, 64, 100, 257, 1000]
    tails = [0.9, 0.5, 0.05, 0.01, 0.001, 1e-6, 1e-12]
    return [
        {"degrees": k, "tail": tail, "critical": float(stats.chi2.isf(tail, k))}
        for k in degrees
        for tail in tails
    ]


def psi(p: np.ndarray, q: np.ndarray) -> float:
    """Half a count is added to every bin that is not empty on both sides."""
    used = (p + q) > 0
    p, q = p[used] + 0.5, q[used] + 0.5
    p, q = p / p.sum(), q / q.sum()
    return float(stats.entropy(p, q) + stats.entropy(q, p))


def stability() -> list:
    draw = np.random.default_rng(1)
    sides = [
        ([10, 20, 30], [10, 20, 30]),
        ([100], [7]),
        ([0, 0, 5], [0, 0, 9]),
        ([0, 10, 0], [4, 0, 0]),
        ([370, 130], [260, 240]),
    ]
    for bins in [2, 5, 10, 10, 10, 64]:
        shares = draw.dirichlet(np.ones(bins))
        sides.append((draw.multinomial(1797, shares).tolist(), draw.multinomial(500, shares).tolist()))
    cases = []
    for baseline, current in sides:
        p, q = np.array(baseline), np.array(current)
        bins = int(((p + q) > 0).sum())
        spread = 1 / p.sum() + 1 / q.sum()
        cases.append(
            {
                "baseline": baseline,
                "current": current,
                "value": psi(p, q),
                "floor": float(stats.chi2.isf(0.001, bins - 1) * spread) if bins > 1 else 0.0,
            }
        )
    return cases


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


write("chi-square.json", chi_square())
write("psi.json", stability())
write("edges.json", edges())
