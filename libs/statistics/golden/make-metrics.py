"""Golden values for the classification and forecast metrics and the histogram distances.

    python -m venv V && V/bin/pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
    V/bin/python libs/statistics/golden/make-metrics.py > libs/statistics/src/golden/metrics.json
"""

import json
import platform

import numpy as np
import scipy
import sklearn
from scipy.spatial.distance import jensenshannon
from scipy.special import rel_entr
from sklearn import metrics as m
from sklearn.isotonic import IsotonicRegression

SEED = 20261123
rng = np.random.default_rng(SEED)


def case(name, labels, scores):
    predicted = scores > 0.5
    return {
        "name": name,
        "labels": labels.tolist(),
        "scores": scores.tolist(),
        "accuracy": m.accuracy_score(labels, predicted),
        "precision": m.precision_score(labels, predicted),
        "recall": m.recall_score(labels, predicted),
        "f1": m.f1_score(labels, predicted),
        "roc_auc": m.roc_auc_score(labels, scores),
        "pr_auc": m.average_precision_score(labels, scores),
        "brier_score": m.brier_score_loss(labels, scores),
        "log_loss": m.log_loss(labels, scores),
        "mse": m.mean_squared_error(labels, scores),
        "mae": m.mean_absolute_error(labels, scores),
        "r2": m.r2_score(labels, scores),
        "forecast_bias": float(np.mean(scores - labels)),
    }


def classification():
    scores = np.round(rng.beta(1, 4, 200), 6)
    yield case("calibrated", (rng.random(200) < scores).astype(int), scores)
    scores = np.round(rng.random(200), 1)
    yield case("many ties", (rng.random(200) < scores).astype(int), scores)
    scores = np.round(rng.random(60), 6)
    yield case("worse than chance", (rng.random(60) > scores).astype(int), scores)
    yield case("certain and sometimes wrong", np.array([0, 1, 1, 0, 1]), np.array([0.0, 1.0, 0.0, 1.0, 1.0]))


def isotonic():
    scores = np.round(rng.random(80), 2)
    labels = (rng.random(80) < scores**2).astype(int)
    fitted = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
    at = np.round(np.linspace(-0.1, 1.1, 41), 3)
    return {
        "labels": labels.tolist(),
        "scores": scores.tolist(),
        "at": at.tolist(),
        "calibrated": fitted.predict(at).tolist(),
    }


def estimated():
    """Confidence-based estimates: every row is a positive of weight p and a negative of weight 1 - p."""
    p = np.round(rng.beta(1, 3, 150), 3)
    labels, scores, weights = np.r_[np.ones(150), np.zeros(150)], np.r_[p, p], np.r_[p, 1 - p]
    predicted = scores > 0.4
    return {
        "probabilities": p.tolist(),
        "threshold": 0.4,
        "accuracy": float(m.accuracy_score(labels, predicted, sample_weight=weights)),
        "precision": float(m.precision_score(labels, predicted, sample_weight=weights)),
        "recall": float(m.recall_score(labels, predicted, sample_weight=weights)),
        "f1": float(m.f1_score(labels, predicted, sample_weight=weights)),
        "rocAuc": float(m.roc_auc_score(labels, scores, sample_weight=weights)),
    }


def histograms():
    for name, reference, current in [
        ("shifted", rng.normal(0, 1, 500), rng.normal(0.5, 1.2, 300)),
        ("same", rng.normal(0, 1, 500), rng.normal(0, 1, 500)),
        ("disjoint", rng.uniform(0, 1, 100), rng.uniform(5, 6, 100)),
    ]:
        reference, current = np.round(reference, 6), np.round(current, 6)
        edges = np.histogram_bin_edges(reference, bins=10)
        open_edges = np.concatenate([[-np.inf], edges[1:-1], [np.inf]])
        r, c = np.histogram(reference, open_edges)[0], np.histogram(current, open_edges)[0]
        p, q = r / r.sum(), c / c.sum()
        p0, q0 = np.where(p == 0, 0.0001, p), np.where(q == 0, 0.0001, q)
        yield {
            "name": name,
            "reference": reference.tolist(),
            "current": current.tolist(),
            "edges": edges[1:-1].tolist(),
            "referenceCounts": r.tolist(),
            "currentCounts": c.tolist(),
            "psi": float(np.sum((q0 - p0) * np.log(q0 / p0))),
            "jsDistanceBase2": float(jensenshannon(p, q, base=2)),
            "jsDistanceNats": float(jensenshannon(p, q)),
            "klFloored": float(np.sum(rel_entr(q, p0))),
            "hellinger": float(np.linalg.norm(np.sqrt(p) - np.sqrt(q)) / np.sqrt(2)),
        }


print(
    json.dumps(
        {
            "header": {
                "command": "python libs/statistics/golden/make-metrics.py",
                "seed": SEED,
                "versions": {
                    "python": platform.python_version(),
                    "numpy": np.__version__,
                    "scipy": scipy.__version__,
                    "scikit-learn": sklearn.__version__,
                },
            },
            "classification": list(classification()),
            "histograms": list(histograms()),
            "isotonic": isotonic(),
            "estimated": estimated(),
        }
    )
)
