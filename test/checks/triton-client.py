"""Sends every row of every examples.csv through Triton's own Python client and compares with scikit-learn.

Equal means labels equal and |a - b| <= 1e-5 * max(1, |b|). Rows go one at a time (the first 50) and in
batches of 37, so that batched and unbatched paths are both seen.
"""

import csv
import os
import pathlib
import queue
import sys

import numpy as np
import tritonclient.grpc as triton
import yaml
from tritonclient.utils import InferenceServerException, triton_to_np_dtype

MODELS = pathlib.Path(__file__).resolve().parents[2] / "models"


def tensors(metadata, settings, rows):
    """The rows as one InferInput per model input, columns placed as model.yaml says."""
    inputs = []
    for declared in metadata.inputs:
        features = [f for f in settings["features"] if f["input"] == declared.name]
        features.sort(key=lambda f: f.get("column", 0))
        columns = [[row[f["name"]] for row in rows] for f in features]
        if declared.datatype == "BYTES":
            data = np.array(columns, dtype=np.object_).T
        else:
            data = np.array(columns, dtype=np.float64).T
            data = np.ascontiguousarray(data.astype(triton_to_np_dtype(declared.datatype)))
        tensor = triton.InferInput(declared.name, list(data.shape), declared.datatype)
        tensor.set_data_from_numpy(data)
        inputs.append(tensor)
    return inputs


def differences(reply, settings, version, rows):
    """How many recorded predictions of these rows the reply does not repeat."""
    wrong = 0
    for output in settings["outputs"]:
        name = f"v{version}.{output['name']}"
        values = reply.as_numpy(output["output"])
        labels = output.get("labels")
        for index, row in enumerate(rows):
            if output["role"] == "label":
                value = values[index]
                text = value.decode() if isinstance(value, bytes) else str(value)
                wrong += (labels[int(text)] if labels else text) != row[name]
            elif output["role"] == "probabilities":
                recorded = [float(row[key]) for key in row if key.startswith(name + ".")]
                wrong += not close(values[index], np.array(recorded))
            else:
                wrong += not close(values[index], np.array([float(row[name])]))
    return wrong


def close(values, recorded):
    values = np.asarray(values, dtype=np.float64).reshape(-1)
    return values.shape == recorded.shape and bool(
        np.all(np.abs(values - recorded) <= 1e-5 * np.maximum(1, np.abs(recorded)))
    )


def check_model(client, folder):
    settings = yaml.safe_load((folder / "model.yaml").read_text())
    rows = list(csv.DictReader((folder / "examples.csv").open()))
    versions = [path.name for path in folder.iterdir() if path.name.isdigit()]
    wrong = 0
    for version in versions:
        metadata = client.get_model_metadata(folder.name, version)
        chunks = [rows[index : index + 1] for index in range(50)]
        chunks += [rows[start : start + 37] for start in range(50, len(rows), 37)]
        for chunk in chunks:
            reply = client.infer(folder.name, tensors(metadata, settings, chunk), version)
            wrong += differences(reply, settings, version, chunk)
        print(f"{folder.name}@{version}: {len(rows)} rows, {wrong} differ")
    return wrong


def check_refusals(client):
    """Unknown names and wrong types come back with the status and the words a caller needs."""
    asked = triton.InferInput("features", [1, 13], "FP64")
    asked.set_data_from_numpy(np.zeros((1, 13)))
    cases = [
        ("StatusCode.NOT_FOUND", lambda: client.infer("nothing", [asked])),
        ("StatusCode.NOT_FOUND", lambda: client.is_model_ready("wine", "99")),
        ("StatusCode.INVALID_ARGUMENT", lambda: client.infer("wine", [asked])),
    ]
    for expected, call in cases:
        try:
            call()
        except InferenceServerException as error:
            if error.status() == expected:
                continue
            print(f"expected {expected}, got {error}")
        else:
            print(f"expected {expected}, got an answer")
        return 1
    return 0


def check_stream(client):
    """Ten requests on one stream come back in their order, and one that fails ends nothing."""
    folder = MODELS / "wine"
    settings = yaml.safe_load((folder / "model.yaml").read_text())
    rows = list(csv.DictReader((folder / "examples.csv").open()))
    metadata = client.get_model_metadata("wine", "1")
    answers = queue.Queue()
    client.start_stream(callback=lambda result, error: answers.put((result, error)))
    for index in range(10):
        inputs = tensors(metadata, settings, rows[index : index + 1])
        client.async_stream_infer(
            "nothing" if index == 4 else "wine",
            inputs,
            request_id=str(index),
            enable_empty_final_response=True,
        )
    wrong = 0
    for index in range(10):
        result, error = answers.get(timeout=30)
        if index == 4:
            wrong += error is None or "not found" not in error.message()
            continue
        response = result.get_response()
        wrong += error is not None or response.id != str(index)
        wrong += not response.parameters["triton_final_response"].bool_param
        wrong += differences(result, settings, "1", rows[index : index + 1])
    client.stop_stream()
    print(f"stream: {wrong} wrong")
    return wrong


def check_readme():
    """The Python of the README, as it stands there, but for the address."""
    readme = (MODELS.parent / "README.md").read_text()
    snippet = readme.split("```python\n")[1].split("```")[0]
    exec(snippet.replace("127.0.0.1:8001", os.environ["SLUICE_SERVER"]), {})


def main():
    check_readme()
    client = triton.InferenceServerClient(os.environ["SLUICE_SERVER"])
    assert client.is_server_live() and client.is_server_ready()
    folders = sorted(path.parent for path in MODELS.glob("*/model.yaml"))
    assert folders, "no sample models"
    wrong = sum(check_model(client, folder) for folder in folders) + check_stream(client)
    statistics = client.get_inference_statistics("wine")
    assert statistics.model_stats[0].inference_count >= 178, statistics
    return 1 if wrong or check_refusals(client) else 0


sys.exit(main())
