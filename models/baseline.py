"""The house definition of a baseline: the distribution that live traffic is compared with.

1. Every value is rounded to the data type of the tensor it belongs to, then handled as a double.
   Live values arrive in that type, and an edge must fall on the same side of both.
2. Nulls, NaN and the infinities are counted apart and belong to no bin, sum or moment.
3. The edges for B bins are the type-7 quantiles (Hyndman & Fan 1996; numpy's "linear") of the
   finite values at i/B, i = 1..B-1, without repeats. A value that two or more quantiles hit is an
   atom: it brings two edges, itself and the next double above, and so owns a bin.
4. bin(x) is the number of edges <= x, so n edges make n + 1 bins, open at both ends.
5. Sums and moments are exactly rounded (Shewchuk 1997, `math.fsum`): they do not depend on the
   order of the rows. The standard deviation is the population's (ddof 0).
6. Categories go by count, largest first, then by name; beyond 256 they share one name.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

format_version = 1
bins_coarse = 10  # The bins of PSI: few enough that a window of 500 rows fills them.
bins_fine = 64  # The bins of Kolmogorov-Smirnov and Wasserstein distances.
categories_max = 256
category_other = "__other__"

numpy_types = {
    "FP32": np.float32,
    "FP64": np.float64,
    "INT64": np.int64,
    "INT32": np.int32,
}


def describe_number(name: str, dtype: str, values: Iterable[float | None]) -> dict:
    """The baseline of a numeric feature. None counts as null."""
    items = list(values)
    present = [value for value in items if value is not None]
    rounded = round_to_dtype(present, dtype)
    finite = rounded[np.isfinite(rounded)]
    edges_coarse = bin_edges(finite, bins_coarse)
    edges_fine = bin_edges(finite, bins_fine)
    return {
        "name": name,
        "type": "number",
        "dtype": dtype,
        "edges10": numbers(edges_coarse),
        "counts10": bin_counts(finite, edges_coarse),
        "edges64": numbers(edges_fine),
        "counts64": bin_counts(finite, edges_fine),
        "sums64": numbers(bin_sums(finite, edges_fine)),
        "categories": [],
        "nulls": len(items) - len(present),
        "nans": int(np.isnan(rounded).sum()),
        "posInf": int(np.isposinf(rounded).sum()),
        "negInf": int(np.isneginf(rounded).sum()),
        **moments(finite),
    }


def describe_category(name: str, dtype: str, values: Iterable[str | None]) -> dict:
    """The baseline of a categorical feature. None counts as null."""
    items = list(values)
    present = [value for value in items if value is not None]
    return {
        "name": name,
        "type": "category",
        "dtype": dtype,
        "edges10": [],
        "counts10": [],
        "edges64": [],
        "counts64": [],
        "sums64": [],
        "categories": category_counts(present),
        "nulls": len(items) - len(present),
        "nans": 0,
        "posInf": 0,
        "negInf": 0,
        "mean": None,
        "sd": None,
        "min": None,
        "max": None,
    }


def write_baseline(path: Path, header: dict, features: list[dict], outputs: list[dict]) -> None:
    """Writes the file with one feature a line, so that a changed feature is a changed line."""
    lines = [f"  {dump(key)}: {dump(value)}," for key, value in header.items()]
    lines += listing("features", features, ",") + listing("outputs", outputs, "")
    path.write_text("\n".join(["{", *lines, "}"]) + "\n", encoding="utf-8")


def bin_edges(finite: np.ndarray, bins: int) -> np.ndarray:
    if finite.size == 0:
        return np.empty(0)
    shares = np.arange(1, bins) / bins
    hits = Counter(np.quantile(finite, shares, method="linear").tolist())
    edges = set(hits)
    edges.update(float(np.nextafter(value, np.inf)) for value, n in hits.items() if n >= 2)
    return np.array(sorted(edges))


def bin_counts(finite: np.ndarray, edges: np.ndarray) -> list[int]:
    return np.bincount(bin_of(finite, edges), minlength=len(edges) + 1).tolist()


def bin_sums(finite: np.ndarray, edges: np.ndarray) -> list[float]:
    places = bin_of(finite, edges)
    return [math.fsum(finite[places == place]) for place in range(len(edges) + 1)]


def bin_of(finite: np.ndarray, edges: np.ndarray) -> np.ndarray:
    return np.searchsorted(edges, finite, side="right")


def category_counts(values: Sequence[str]) -> list[dict]:
    ranked = sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))
    kept, rest = ranked[:categories_max], ranked[categories_max:]
    if rest:
        kept.append((category_other, sum(count for _, count in rest)))
    return [{"value": value, "count": count} for value, count in kept]


def moments(finite: np.ndarray) -> dict:
    if finite.size == 0:
        return {"mean": None, "sd": None, "min": None, "max": None}
    mean = math.fsum(finite) / finite.size
    variance = math.fsum((finite - mean) ** 2) / finite.size
    values = numbers([mean, math.sqrt(variance), finite.min(), finite.max()])
    return dict(zip(["mean", "sd", "min", "max"], values, strict=True))


def round_to_dtype(values: Sequence[float], dtype: str) -> np.ndarray:
    # Adding zero turns -0 into 0, which is the same value under another spelling.
    return np.asarray(values).astype(numpy_types[dtype]).astype(np.float64) + 0.0


def numbers(values: Iterable[float]) -> list[float | int]:
    """Whole numbers lose their ".0": the same JSON number in fewer bytes."""
    doubles = [float(value) for value in values]
    return [int(value) if value.is_integer() else value for value in doubles]


def listing(key: str, features: list[dict], end: str) -> list[str]:
    rows = [f"    {dump(feature)}" for feature in features]
    return [f"  {dump(key)}: [", ",\n".join(rows), f"  ]{end}"]


def dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
