"""Makes golden-VERSION.json from Python's XGBoost, for train-booster.spec.ts.

    python3 -m venv .venv && .venv/bin/pip install xgboost-cpu==3.2.0 numpy==2.4.6 scipy
    .venv/bin/python make-golden.py > golden-3.2.0.json

    pip install xgboost==1.7.6 "numpy<2" scipy     ->  golden-1.7.6.json

Seed 42 for the data and for XGBoost. Two threads, because sums of gradients depend on the split of rows over threads.
"""

import json
import sys

import numpy as np
import xgboost as xgb

rng = np.random.default_rng(42)
rows, columns = 400, 5
X = np.round(rng.normal(size=(rows, columns)), 3).astype(np.float32)
X[rng.random((rows, columns)) < 0.08] = np.nan
X[:, 4] = 7.0  # a constant column
score = np.nan_to_num(X[:, 0]) * 1.5 - np.nan_to_num(X[:, 1]) + np.nan_to_num(X[:, 2] * X[:, 0])
y = (score + rng.normal(scale=0.6, size=rows) > 0.4).astype(np.float32)
w = np.round(rng.uniform(0.5, 2.0, size=rows), 2).astype(np.float32)
names = ["cpu", "memory", "disk", "net", "constant"]
train = xgb.DMatrix(X[:300], label=y[:300], weight=w[:300], feature_names=names, nthread=2)
validation = xgb.DMatrix(X[300:], label=y[300:], weight=w[300:], feature_names=names, nthread=2)

parameters = {
    "objective": "binary:logistic",
    "eval_metric": ["auc", "logloss"],
    "base_score": 0.5,
    "tree_method": "exact",
    "max_depth": 3,
    "learning_rate": 0.3,
    "reg_lambda": 1.0,
    "seed": 42,
}


def floats(values):
    return [float(v) for v in np.asarray(values, dtype=np.float32).ravel()]


def run(**changes):
    history = {}
    booster = xgb.train(
        {**parameters, "nthread": 2, **changes},
        train,
        num_boost_round=60,
        evals=[(train, "train"), (validation, "validation")],
        early_stopping_rounds=8,
        evals_result=history,
        verbose_eval=False,
    )
    head = validation.slice(list(range(12)))
    full = (0, booster.num_boosted_rounds())
    return {
        "changes": changes,
        "rounds": booster.num_boosted_rounds(),
        "bestRound": booster.best_iteration,
        "bestScore": booster.best_score,
        "history": {f"{s}-{m}": v for s, per in history.items() for m, v in per.items()},
        "value": floats(booster.predict(validation, iteration_range=full)),
        "bestValue": floats(booster.predict(validation, iteration_range=(0, booster.best_iteration + 1))),
        "margin": floats(booster.predict(validation, output_margin=True, iteration_range=full)),
        "leaf": floats(booster.predict(head, pred_leaf=True, iteration_range=(0, 5))),
        "contribs": floats(booster.predict(head, pred_contribs=True, iteration_range=full)),
        "gain": booster.get_score(importance_type="gain"),
        "weight": booster.get_score(importance_type="weight"),
    }


json.dump(
    {
        "command": "python make-golden.py",
        "python": sys.version.split()[0],
        "xgboost": xgb.__version__,
        "numpy": np.__version__,
        "seed": 42,
        "parameters": parameters,
        "columns": columns,
        "featureNames": names,
        "trainRows": 300,
        "x": [None if np.isnan(v) else round(float(v), 3) for v in X.ravel()],
        "y": floats(y),
        "w": [round(float(v), 2) for v in w],
        "runs": {
            "exact": run(),
            "hist": run(tree_method="hist", max_bin=64),
            "sampled": run(tree_method="hist", subsample=0.7, colsample_bytree=0.6),
        },
    },
    sys.stdout,
)
print()
