"""Asks an inference service with NVIDIA's own client, over REST and gRPC, as a user of Triton would.

    pip install "tritonclient[http,grpc]" numpy
    python test/conformance/tritonclient.py --http 127.0.0.1:8085 --grpc 127.0.0.1:9085 [--model NAME] [--golden FILE]

A golden file (libs/onnx/src/golden/*.json) holds rows and the answers of the library that made the model; it is
compared when the served model was made from it. Ends with `N passed, N failed`, and with 1 when something failed.
"""

import argparse
import json
import sys
import traceback

# This file is named like the package that it tests; its folder must not come first.
sys.path.pop(0)

import numpy as np
import tritonclient.grpc as grpc_client
import tritonclient.http as http_client
from tritonclient.utils import InferenceServerException

parser = argparse.ArgumentParser()
parser.add_argument("--http", required=True)
parser.add_argument("--grpc", required=True)
parser.add_argument("--model", default="performance-predictor")
parser.add_argument("--golden")
options = parser.parse_args()

counts = {"passed": 0, "failed": 0}


def check(title, body):
    try:
        body()
        counts["passed"] += 1
        print(f"ok      {title}")
    except Exception:  # every kind of failure is a failed check
        counts["failed"] += 1
        print(f"FAILED  {title}")
        traceback.print_exc()


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def refused(call, *fragments):
    try:
        call()
    except InferenceServerException as error:
        text = f"{error.status()} {error.message()}"
        for fragment in fragments:
            expect(fragment in text, f"{fragment!r} is not in {text!r}")
        return
    raise AssertionError("the request was accepted")


def columns_of(metadata):
    tensor = metadata["inputs"][0] if isinstance(metadata, dict) else metadata.inputs[0]
    shape = tensor["shape"] if isinstance(tensor, dict) else tensor.shape
    return int(shape[1])


def request(api, values, binary_in=True, binary_out=True, outputs=("probability",)):
    tensor = api.InferInput("features", list(values.shape), "FP32")
    if api is http_client:
        tensor.set_data_from_numpy(values, binary_data=binary_in)
        wanted = [api.InferRequestedOutput(name, binary_data=binary_out) for name in outputs]
    else:
        tensor.set_data_from_numpy(values)
        wanted = [api.InferRequestedOutput(name) for name in outputs]
    return [tensor], wanted


def check_client(name, api, address):
    client = api.InferenceServerClient(address)
    rng = np.random.default_rng(7)
    columns = columns_of(client.get_model_metadata(options.model))
    rows = rng.normal(50, 30, size=(40, columns)).astype(np.float32)
    rows[rng.uniform(size=rows.shape) < 0.05] = np.nan

    def infer(values, **more):
        inputs, outputs = request(api, values, **more)
        return client.infer(options.model, inputs, outputs=outputs, request_id="r-1")

    def health():
        expect(client.is_server_live(), "not live")
        expect(client.is_server_ready(), "not ready")
        expect(client.is_model_ready(options.model), "the model is not ready")
        expect(not client.is_model_ready("no-such-model"), "an unknown model is ready")
        expect(not client.is_model_ready(options.model, "999"), "an unknown version is ready")

    def metadata():
        server = client.get_server_metadata()
        expect((server["name"] if isinstance(server, dict) else server.name) != "", "the server has no name")
        model = client.get_model_metadata(options.model)
        outputs = model["outputs"] if isinstance(model, dict) else model.outputs
        names = [o["name"] if isinstance(o, dict) else o.name for o in outputs]
        expect("probability" in names, f"no output probability in {names}")

    def single_equals_batch():
        batch = infer(rows).as_numpy("probability")
        expect(batch.shape == (40,) and batch.dtype == np.float32, f"{batch.shape} {batch.dtype}")
        expect(bool(np.all((batch >= 0) & (batch <= 1))), "not probabilities")
        for index in range(5):
            one = infer(rows[index : index + 1]).as_numpy("probability")
            expect(one[0] == batch[index], f"row {index}: {one[0]} alone, {batch[index]} in a batch")

    def identity():
        answer = infer(rows[:1]).get_response()
        got = answer["id"] if isinstance(answer, dict) else answer.id
        expect(got == "r-1", f"the id is {got!r}")

    def all_outputs():
        inputs, _ = request(api, rows[:2])
        answer = client.infer(options.model, inputs)
        expect(answer.as_numpy("probability").shape == (2,), "no probability without naming outputs")

    def bad_shape():
        code = "400" if api is http_client else "INVALID_ARGUMENT"
        refused(lambda: infer(rows[:, : columns - 1].copy()), code, "expects features FP32")
        refused(lambda: infer(np.array([[np.inf] * columns], dtype=np.float32)), code, "not a finite FP32")
        refused(lambda: infer(rows[:1], outputs=("nothing",)), code, "nothing")

    def bad_type():
        tensor = api.InferInput("features", [1, columns], "INT64")
        tensor.set_data_from_numpy(np.ones((1, columns), dtype=np.int64))
        refused(lambda: client.infer(options.model, [tensor]), "INT64", "expects features FP32")

    def unknown_model():
        inputs, _ = request(api, rows[:1])
        code = "404" if api is http_client else "NOT_FOUND"
        refused(lambda: client.infer("no-such-model", inputs), code, "no-such-model")
        refused(lambda: client.infer(options.model, inputs, model_version="999"), code, "999")

    def golden():
        with open(options.golden, encoding="utf8") as file:
            content = json.load(file)
        values = np.array(content["features"], dtype=np.float32)
        answers = infer(values).as_numpy("probability")
        expected = np.array(content["probabilities"], dtype=np.float32)
        largest = float(np.max(np.abs(answers - expected)))
        expect(largest <= 1.2e-7, f"differs by {largest}")

    checks = [health, metadata, single_equals_batch, identity, all_outputs, bad_shape, bad_type, unknown_model]
    if options.golden:
        checks.append(golden)
    if api is http_client:

        def json_equals_binary():
            plain = rows[~np.isnan(rows).any(axis=1)]
            expected = infer(plain).as_numpy("probability")
            for binary_in, binary_out in ((False, False), (False, True), (True, False)):
                got = infer(plain, binary_in=binary_in, binary_out=binary_out).as_numpy("probability")
                expect(bool(np.array_equal(got, expected)), f"in {binary_in}, out {binary_out}: {got} {expected}")

        def compressed():
            inputs, outputs = request(api, rows)
            for kind in ("gzip", "deflate"):
                got = client.infer(options.model, inputs, outputs=outputs, response_compression_algorithm=kind)
                expect(got.as_numpy("probability").shape == (40,), kind)

        checks += [json_equals_binary, compressed]
    for body in checks:
        check(f"{name}: {body.__name__.replace('_', ' ')}", body)
    client.close()


check_client("http", http_client, options.http)
check_client("grpc", grpc_client, options.grpc)
print(f"{counts['passed']} passed, {counts['failed']} failed")
sys.exit(1 if counts["failed"] else 0)
