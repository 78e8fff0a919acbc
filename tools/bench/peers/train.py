"""Trains and predicts with Python's XGBoost, beside `npm run bench -- train`.

    python3 -m venv V && V/bin/pip install xgboost-cpu==3.2.0 numpy==2.4.6

    train.py library
        prints where the shared library of the package lies, as a version; ours then loads that very file
    train.py train DIRECTORY ROWS COLUMNS ROUNDS THREADS PARAMETERS
        reads DIRECTORY/{values,label} (float32), writes DIRECTORY/{predicted,margin}; loading the files is not timed
"""

import json
import os
import sys
import time

try:
    import numpy as np
    import xgboost as xgb
    from xgboost.libpath import find_lib_path
except ImportError:
    sys.exit(3)


def train(directory, rows, columns, rounds, threads, parameters):
    values = np.fromfile(f"{directory}/values", dtype=np.float32).reshape(rows, columns)
    label = np.fromfile(f"{directory}/label", dtype=np.float32)
    begin, before = time.perf_counter(), os.times()
    data = xgb.DMatrix(values, label=label, nthread=threads)
    booster = xgb.train(
        {**parameters, "nthread": threads},
        data,
        num_boost_round=rounds,
        evals=[(data, "train")],
        verbose_eval=False,
    )
    booster.save_raw("json")
    trained, after = time.perf_counter(), os.times()
    processor = after.user + after.system - before.user - before.system
    predicted = booster.predict(data)
    seconds = {"train_seconds": trained - begin, "processor_seconds": processor}
    predicted.astype(np.float32).tofile(f"{directory}/predicted")
    booster.predict(data, output_margin=True).astype(np.float32).tofile(f"{directory}/margin")
    return seconds


values = {}
if sys.argv[1] == "train":
    directory, *sizes = sys.argv[2:7]
    values = train(directory, *map(int, sizes), json.loads(sys.argv[7]))
print(
    json.dumps(
        {
            "values": values,
            "versions": {"xgboost": xgb.__version__, "numpy": np.__version__, "library": find_lib_path()[0]},
        }
    )
)
