"""Boosters of depth 1 and 2, whose trees often split alike: src/golden/xgboost-3.2.0-shallow.json.

    python3 -m venv V && V/bin/pip install numpy==2.4.6 scikit-learn==1.9.1 xgboost-cpu==3.2.0
    V/bin/python libs/onnx/golden/make-shallow-boosters.py > libs/onnx/src/golden/xgboost-3.2.0-shallow.json

Real data: the breast cancer set of scikit-learn (569 rows x 30 columns). 120 rounds with 16 bins a column, one thread, seed 7; 5 %
of the cells are missing (numpy seed 7). Answers are float32.
"""
import json
import sys

import numpy as np
import sklearn
import xgboost as xgb
from sklearn.datasets import load_breast_cancer

kept = 48
X, label = load_breast_cancer(return_X_y=True)
X = X.astype(np.float32)
X[np.random.default_rng(7).random(X.shape) < 0.05] = np.nan


def numbers(values):
    """The shortest decimals that are these float32 numbers."""
    flat = np.asarray(values, dtype=np.float32).ravel()
    return [None if np.isnan(x) else float(str(x)) for x in flat]


cases = []
for depth in (1, 2):
    parameters = dict(
        objective="binary:logistic", max_depth=depth, max_bin=16, eta=0.3, seed=7, nthread=1, tree_method="hist"
    )
    saved = xgb.train(parameters, xgb.DMatrix(X, label=label, nthread=1), num_boost_round=120).save_raw("json")
    booster = xgb.Booster(model_file=saved)
    booster.set_param({"nthread": 1})
    rows = xgb.DMatrix(X[:kept], nthread=1)
    cases.append(
        {
            "name": f"binary:logistic, depth {depth}",
            "model": json.loads(saved),
            "features": numbers(X[:kept]),
            "margins": numbers(booster.predict(rows, output_margin=True)),
            "answers": numbers(booster.predict(rows)),
        }
    )
origin = f"xgboost {xgb.__version__}, numpy {np.__version__}, scikit-learn {sklearn.__version__}: golden/make-shallow-boosters.py"
json.dump({"origin": origin, "columns": X.shape[1], "cases": cases}, sys.stdout, separators=(",", ":"))
