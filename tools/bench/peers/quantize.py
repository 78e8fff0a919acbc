"""The dynamic quantisation of onnxruntime.quantization, as a peer of quantizeInt8.

    python3 -m pip install numpy onnx onnxruntime
    python3 quantize.py IN.onnx OUT.onnx

Writes the model quantised per channel with the reduced range, and prints how long that took. The benchmark then runs both
files in the same onnxruntime on the same rows.
"""

import json
import logging
import sys
import time

try:
    import numpy
    import onnx
    import onnxruntime
    from onnxruntime.quantization import QuantType, quantize_dynamic
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(3)

logging.disable(logging.WARNING)
source, target = sys.argv[1:3]
began = time.perf_counter()
quantize_dynamic(source, target, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)
milliseconds = (time.perf_counter() - began) * 1000
versions = {"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__, "numpy": numpy.__version__}
print(json.dumps({"values": {"milliseconds": milliseconds}, "versions": versions}))
