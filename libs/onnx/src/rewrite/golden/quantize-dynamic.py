"""Golden values for quantizeInt8: the same small models through onnxruntime.quantization.quantize_dynamic.

    python3 -m pip install numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0
    python3 quantize-dynamic.py > quantize-dynamic.json

Seed 20261124. Outputs are given for the reduced range only: the full range saturates on x86 without VNNI.
"""

import base64
import json
import os
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

rng = np.random.default_rng(20261124)
ROWS = 6


def normal(*shape):
    return rng.normal(size=shape).astype(np.float32)


def build(name, nodes, constants, inputs):
    constants = {**constants, "one_per_row": np.array([-1])}
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(key, TensorProto.FLOAT, ["n", *shape]) for key, shape in inputs.items()],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["n"])],
        [numpy_helper.from_array(value, key) for key, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def last(value):
    return [helper.make_node("Reshape", [value, "one_per_row"], ["probability"], name="last")]


def models():
    yield "MatMul", {"features": [5]}, (
        [
            helper.make_node("MatMul", ["features", "w0"], ["h0"], name="first"),
            helper.make_node("Tanh", ["h0"], ["h1"], name="tanh"),
            helper.make_node("MatMul", ["h1", "w1"], ["h2"], name="second"),
        ]
        + last("h2"),
        {"w0": normal(5, 4), "w1": normal(4, 1)},
    )
    zeros = normal(4, 5)
    zeros[2] = 0
    yield "Gemm, transposed, with a unit of zeros", {"features": [5]}, (
        [
            helper.make_node("Gemm", ["features", "w0", "b0"], ["h0"], name="first", transB=1),
            helper.make_node("Relu", ["h0"], ["h1"], name="relu"),
            helper.make_node("Gemm", ["h1", "w1", "b1"], ["h2"], name="second"),
        ]
        + last("h2"),
        {"w0": zeros, "b0": normal(4), "w1": normal(4, 1), "b1": normal(1)},
    )
    for direction, directions in (("forward", 1), ("bidirectional", 2)):
        yield f"LSTM {direction}", {"sequence": [7, 2]}, (
            [
                helper.make_node("Transpose", ["sequence"], ["steps"], name="steps", perm=[1, 0, 2]),
                helper.make_node(
                    "LSTM", ["steps", "w", "r", "b"], ["", "state"], name="lstm", hidden_size=3, direction=direction
                ),
                helper.make_node("ReduceSum", ["state", "axes"], ["sum"], name="sum"),
            ]
            + last("sum"),
            {
                "w": normal(directions, 12, 2),
                "r": normal(directions, 12, 3),
                "b": normal(directions, 24),
                "axes": np.array([0, 2]),
            },
        )


def quantized(model, per_channel, reduce_range):
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "quantized.onnx")
        quantize_dynamic(
            model, path, per_channel=per_channel, reduce_range=reduce_range, weight_type=QuantType.QInt8
        )
        return onnx.load(path)


cases = []
for name, inputs, (nodes, constants) in models():
    model = build(name, nodes, constants, inputs)
    values = {key: normal(ROWS, *shape) for key, shape in inputs.items()}
    for per_channel in (False, True):
        for reduce_range in (False, True):
            made = quantized(model, per_channel, reduce_range)
            tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in made.graph.initializer}
            weights = {key: value for key, value in tensors.items() if key.endswith("_quantized")}
            scales = {key: value for key, value in tensors.items() if key.endswith("_scale")}
            session = onnxruntime.InferenceSession(made.SerializeToString())
            cases.append(
                {
                    "name": name,
                    "perChannel": per_channel,
                    "reduceRange": reduce_range,
                    "model": base64.b64encode(model.SerializeToString()).decode(),
                    "inputs": {
                        key: {"shape": list(value.shape), "values": value.ravel().tolist()}
                        for key, value in values.items()
                    },
                    "weights": [
                        {"dims": list(value.shape), "bytes": value.ravel().tolist()} for value in weights.values()
                    ],
                    "scales": [
                        {"dims": list(value.shape), "values": value.ravel().tolist()} for value in scales.values()
                    ],
                    **({"probability": session.run(["probability"], values)[0].tolist()} if reduce_range else {}),
                }
            )

header = {
    "command": "python3 quantize-dynamic.py > quantize-dynamic.json",
    "seed": 20261124,
    "versions": {"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__, "numpy": np.__version__},
}
print(json.dumps({"header": header, "cases": cases}))
