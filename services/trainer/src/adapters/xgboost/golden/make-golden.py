"""Makes golden-VERSION.json from Python's XGBoost, for training.contract.ts.

    python3 -m venv .venv && .venv/bin/pip install xgboost-cpu==3.2.0 numpy==2.4.6 scipy
    .venv/bin/python make-golden.py > golden-3.2.0.json

    pip install xgboost==1.7.5 "numpy<2" "scipy<1.14", then node_modules/xgboost_node/lib/libxgboost.so copied over the
    one of the package, so that Python calls the very library that is bundled    ->  golden-1.7.5.json

Seed 42 for the data and for XGBoost. Two threads, because sums of gradients depend on the split of rows over threads.
The run "squared" is compared to the last bit: its gradients need no exp(), which is another one on another C library.
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
    merged = {**parameters, "nthread": 2, **changes}
    booster = xgb.train(
        merged,
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


# Twelve groups of different sizes, graded 0 to 3 by the score; one weight a group.
sizes = np.array([10, 30, 25, 35, 20, 30, 15, 35, 40, 20, 25, 15])
assert sizes.sum() == 300
grade = np.digitize(score, [-0.5, 0.5, 1.5]).astype(np.float32)
group_weight = np.round(rng.uniform(0.5, 2.0, size=len(sizes)), 2).astype(np.float32)


def ranking():
    groups = xgb.DMatrix(X[:300], label=grade[:300], feature_names=names, nthread=2)
    groups.set_group(sizes)
    groups.set_weight(group_weight)
    history = {}
    booster = xgb.train(
        {"objective": "rank:pairwise", "eval_metric": "ndcg@5", "tree_method": "hist", "max_depth": 3,
         "learning_rate": 0.3, "base_score": 0.5, "seed": 42, "nthread": 2},
        groups, num_boost_round=8, evals=[(groups, "train")], evals_result=history, verbose_eval=False,
    )
    return {
        "sizes": sizes.tolist(),
        "grade": floats(grade[:300]),
        "weight": floats(group_weight),
        "ndcg": history["train"]["ndcg@5"],
        "margin": floats(booster.predict(validation, output_margin=True)),
    }


def sparse():
    """Zeroes are cells that are not there; so are the NaNs."""
    from scipy.sparse import csr_matrix

    filled = np.where(np.isnan(X) | (np.abs(X) < 0.5), 0, X)
    matrix = csr_matrix(filled)
    data = xgb.DMatrix(matrix[:300], label=y[:300], nthread=2)
    booster = xgb.train({**parameters, "nthread": 2, "tree_method": "hist"}, data, num_boost_round=8, verbose_eval=False)
    return {
        "offsets": matrix[:300].indptr.tolist(),
        "indices": matrix[:300].indices.tolist(),
        "values": [round(float(v), 3) for v in matrix[:300].data],
        "margin": floats(booster.predict(data, output_margin=True)),
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
            "squared": run(objective="reg:squarederror", eval_metric=["rmse"], tree_method="hist"),
            "sampled": run(tree_method="hist", subsample=0.7, colsample_bytree=0.6),
        },
        "ranking": ranking(),
        "sparse": sparse(),
    },
    sys.stdout,
)
print()
