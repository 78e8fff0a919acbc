"""Boosters of XGBoost with rows and the answers of the library that trained them: src/golden/xgboost-<version>.json.

Once a version, each in an environment of its own:

    python3 -m venv V && V/bin/pip install "numpy<2" scipy xgboost==1.7.6        # or xgboost-cpu==2.1.4, 3.0.5, 3.2.0
    V/bin/python libs/onnx/golden/make-boosters.py > libs/onnx/src/golden/xgboost-1.7.6.json

numpy seed 7; 600 rows x 5 columns; column 4 has few values, many of them thresholds; 10 % of the cells are missing; in the
categorical case column 3 holds the categories 0 to 11. Answers are float32, one thread.
"""
import base64
import json
import sys

import numpy as np
import xgboost as xgb

rng = np.random.default_rng(7)
rows, columns, kept = 600, 5, 48
X = rng.normal(size=(rows, columns)).astype(np.float32)
X[:, 4] = rng.integers(-3, 4, size=rows) / 2
categories = rng.integers(0, 12, size=rows).astype(np.float32)
signal = X[:, 0] + 0.8 * X[:, 1] * X[:, 4] - 0.5 * X[:, 2]
X[rng.random(X.shape) < 0.1] = np.nan
Xc = X.copy()
Xc[:, 3] = categories
Xc[rng.random(rows) < 0.08, 3] = np.nan
effect = np.where(np.isin(categories, [1, 4, 5, 9]), 1.5, -0.5)

binary = (signal + rng.normal(size=rows) > 0.7).astype(np.float32)
share = (1 / (1 + np.exp(-signal))).astype(np.float32)
real = (3 + signal + 0.1 * rng.normal(size=rows)).astype(np.float32)
counts = rng.poisson(np.exp(0.4 * np.clip(signal, -3, 3))).astype(np.float32)
classes = np.digitize(signal, [-0.7, 0.7]).astype(np.float32)
with_categories = (signal + effect + rng.normal(size=rows) > 0.7).astype(np.float32)

cases = [
    ("binary:logistic", binary, {}, X),
    ("binary:logistic, base_score 0.3", binary, {"base_score": 0.3}, X),
    ("binary:logitraw", binary, {}, X),
    ("binary:logitraw, base_score 0.2", binary, {"base_score": 0.2}, X),
    ("reg:logistic", share, {}, X),
    ("reg:squarederror", real, {}, X),
    ("reg:squarederror, base_score -2.5", real, {"base_score": -2.5}, X),
    ("reg:absoluteerror", real, {}, X),
    ("count:poisson", counts, {}, X),
    ("count:poisson, base_score 2.5", counts, {"base_score": 2.5}, X),
    ("multi:softprob", classes, {"num_class": 3}, X),
    ("binary:logistic, categories", with_categories, {"max_cat_to_onehot": 1}, Xc),
    ("binary:logistic, categories one by one", with_categories, {"max_cat_to_onehot": 100}, Xc),
]


def numbers(values):
    """The shortest decimals that are these float32 numbers."""
    flat = np.asarray(values, dtype=np.float32).ravel()
    return [None if np.isnan(x) else float(str(x)) for x in flat]


def without_nan(text):
    """XGBoost writes the condition of a split by category as NaN, which is not JSON."""
    return json.loads(text, parse_constant=lambda token: token)


out = []
for name, label, extra, data in cases:
    kinds = ["q"] * columns
    if data is Xc:
        kinds[3] = "c"
    matrix = dict(feature_types=kinds, nthread=1, enable_categorical=True)
    parameters = dict(
        objective=name.split(",")[0], max_depth=4, eta=0.4, seed=7, nthread=1, tree_method="hist", **extra
    )
    booster = xgb.train(parameters, xgb.DMatrix(data, label=label, **matrix), num_boost_round=5)
    # What the file says: the booster that was trained keeps digits of its base score that the file has not.
    saved = booster.save_raw("json")
    booster = xgb.Booster(model_file=saved)
    booster.set_param({"nthread": 1})
    some = data[:kept].copy()
    if data is Xc:
        # Never seen, negative, between two categories: all decided somehow, so all must be decided alike.
        some[:6, 3] = [12, 40, -1, 4.7, -0.5, 2**24]
    rows_of = xgb.DMatrix(some, **matrix)
    case = {
        "name": name,
        "model": without_nan(saved),
        "features": numbers(some),
        "margins": numbers(booster.predict(rows_of, output_margin=True)),
        "answers": numbers(booster.predict(rows_of)),
    }
    if name in ("binary:logistic", "binary:logistic, categories"):
        case["ubj"] = base64.b64encode(bytes(booster.save_raw("ubj"))).decode()
    out.append(case)
origin = f"xgboost {xgb.__version__}, numpy {np.__version__}: golden/make-boosters.py"
json.dump({"origin": origin, "columns": columns, "cases": out}, sys.stdout, separators=(",", ":"))
