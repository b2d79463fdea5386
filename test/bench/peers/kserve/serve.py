"""The benchmark's model behind KServe's Python server, as its documentation has a custom predictor written."""

import sys

import onnxruntime
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer

name, onnx, grpc, http = sys.argv[1:]


class OnnxModel(Model):
    def __init__(self):
        super().__init__(name)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(onnx, options)
        self.ready = True

    def predict(self, payload: InferRequest, headers=None, response_headers=None) -> InferResponse:
        (answer,) = self._session.run(["y"], {"x": payload.inputs[0].as_numpy()})
        output = InferOutput(name="y", shape=list(answer.shape), datatype="FP32")
        output.set_data_from_numpy(answer, binary_data=True)
        return InferResponse(response_id=payload.id, model_name=name, infer_outputs=[output])


ModelServer(grpc_port=int(grpc), http_port=int(http), workers=1).start([OnnxModel()])
