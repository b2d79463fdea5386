"""`examples.csv`: rows of the data set with what scikit-learn predicts for them."""

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np


def write_examples(path: Path, columns: dict[str, Iterable], rows: Iterable[int]) -> None:
    """Writes the given rows of the columns. Every number is the shortest that reads back equal."""
    texts = {name: [to_text(value) for value in values] for name, values in columns.items()}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(texts)
        writer.writerows([[texts[name][row] for name in texts] for row in rows])


def to_text(value: object) -> str:
    if isinstance(value, (float, np.floating)):
        double = float(value)
        return str(int(double)) if double.is_integer() else repr(double)
    return str(value)
