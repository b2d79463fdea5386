"""What `model.yaml` says of a model, as far as training needs it.

The file is written by hand and only read here: it alone gives names, inputs, columns and labels.
"""

from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Feature:
    name: str
    input: str
    column: int | None
    type: str
    categories: tuple[str, ...]


@dataclass(frozen=True)
class Output:
    name: str
    output: str
    role: str
    labels: tuple[str, ...]

    def label_of(self, label: object) -> str:
        """The name of a class as the model gives it: an index into `labels`, or itself a name."""
        return self.labels[int(label)] if self.labels else str(label)


@dataclass(frozen=True)
class Declaration:
    features: tuple[Feature, ...]
    outputs: tuple[Output, ...]

    @property
    def feature_names(self) -> list[str]:
        return [feature.name for feature in self.features]

    @property
    def inputs(self) -> dict[str, list[str]]:
        """The feature names of each model input, in column order."""
        inputs: dict[str, list[str]] = {}
        for feature in self.features:
            names = inputs.setdefault(feature.input, [])
            assert feature.column in (None, len(names)), f"{feature.name}: out of column order"
            names.append(feature.name)
        return inputs

    def role(self, role: str) -> Output:
        return next(output for output in self.outputs if output.role == role)


def read_declaration(path: Path) -> Declaration:
    text = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Declaration(
        features=tuple(feature(entry) for entry in text["features"]),
        outputs=tuple(output(entry) for entry in text["outputs"]),
    )


def feature(entry: dict) -> Feature:
    return Feature(
        name=entry["name"],
        input=entry["input"],
        column=entry.get("column"),
        type=entry["type"],
        categories=tuple(entry.get("categories", [])),
    )


def output(entry: dict) -> Output:
    return Output(
        name=entry["name"],
        output=entry["output"],
        role=entry["role"],
        labels=tuple(entry.get("labels", [])),
    )
