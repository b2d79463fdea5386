"""From a table of features to what a model is fed, in scikit-learn and in ONNX Runtime.

A model has either one input, a matrix of all features, or one input of shape [N, 1] per feature.
"""

import numpy as np
import pandas as pd
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType

from declaration import Declaration

tensor_types = {"FP32": FloatTensorType, "INT64": Int64TensorType, "BYTES": StringTensorType}
array_types = {"FP32": np.float32, "INT64": np.int64, "BYTES": np.object_}


def dtype_of(column: pd.Series) -> str:
    """The data type of a column's tensor, by its Open Inference Protocol name."""
    if pd.api.types.is_float_dtype(column):
        return "FP32"
    return "INT64" if pd.api.types.is_integer_dtype(column) else "BYTES"


def round_columns(columns: pd.DataFrame) -> pd.DataFrame:
    """The table as the model will see it: floats rounded to 32 bits, but kept as doubles."""
    floats = [name for name in columns if dtype_of(columns[name]) == "FP32"]
    return columns.assign(**{name: columns[name].astype("f4").astype("f8") for name in floats})


def estimator_input(declaration: Declaration, columns: pd.DataFrame) -> np.ndarray | pd.DataFrame:
    """What scikit-learn is given, in fitting and predicting: doubles, never 32-bit arithmetic."""
    rounded = round_columns(columns)
    return rounded if len(declaration.inputs) > 1 else rounded.to_numpy(dtype=np.float64)


def input_types(declaration: Declaration, columns: pd.DataFrame) -> list[tuple]:
    """The inputs to declare in the ONNX model, with a batch of any size."""
    return [
        (name, tensor_types[dtype_of(columns[features[0]])]([None, len(features)]))
        for name, features in declaration.inputs.items()
    ]


def feeds(declaration: Declaration, columns: pd.DataFrame) -> dict[str, np.ndarray]:
    """What ONNX Runtime is given."""
    return {
        name: columns[features].to_numpy(dtype=array_types[dtype_of(columns[features[0]])])
        for name, features in declaration.inputs.items()
    }
