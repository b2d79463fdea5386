"""The benchmark's model behind Triton's own server, with the decorator PyTriton recommends for batches."""

import sys

import numpy
import onnxruntime
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

model, onnx, grpc, http, metrics = sys.argv[1:]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(onnx, options)


@batch
def infer(x):
    return session.run(["y"], {"x": x})


def columns(value):
    return tuple(value.shape[1:])


config = TritonConfig(
    grpc_address="127.0.0.1",
    grpc_port=int(grpc),
    http_address="127.0.0.1",
    http_port=int(http),
    metrics_port=int(metrics),
)
with Triton(config=config) as triton:
    triton.bind(
        model_name=model,
        infer_func=infer,
        inputs=[Tensor(name="x", dtype=numpy.float32, shape=columns(session.get_inputs()[0]))],
        outputs=[Tensor(name="y", dtype=numpy.float32, shape=columns(session.get_outputs()[0]))],
        config=ModelConfig(max_batch_size=64, batcher=DynamicBatcher(max_queue_delay_microseconds=0)),
    )
    triton.serve()
