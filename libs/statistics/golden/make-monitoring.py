"""Golden values for calibration error, performance without labels, metrics over time, costs and lead time.

    python -m venv V && V/bin/pip install nannyml==0.13.1 statsmodels==0.15.0 pycalib==0.1.0.dev6 scikit-learn==1.9.1
    V/bin/python libs/statistics/golden/make-monitoring.py > libs/statistics/src/golden/monitoring.json

Calibration error is pycalib's, performance without labels NannyML's, costs and bias scikit-learn's. No library has
directional accuracy, temporal consistency and lead time as they are meant here: those are the definitions in NumPy, and
pandas' as-of join.
"""

import json
import platform
import warnings
from importlib.metadata import version

import numpy as np
import pandas as pd
from nannyml.performance_estimation.confidence_based import metrics as cbpe
from pycalib.metrics import binary_ECE
from sklearn.metrics import confusion_matrix

warnings.filterwarnings("ignore")
SEED = 20261125
rng = np.random.default_rng(SEED)
COSTS = np.array([[0, 10], [100, 0]])


def calibration():
    for name, scores, truth in [
        ("calibrated", rng.beta(1, 3, 300), lambda p: p),
        ("overconfident", rng.random(300), lambda p: 0.25 + p / 2),
        ("all in two bins", rng.uniform(0.41, 0.59, 80), lambda p: p),
        ("rare", rng.beta(0.3, 20, 500), lambda p: p),
    ]:
        p = np.round(scores, 6)
        labels = (rng.random(len(p)) < truth(p)).astype(int)
        yield {
            "name": name,
            "labels": labels.tolist(),
            "probabilities": p.tolist(),
            "bins10": float(binary_ECE(labels, p, bins=10)),
            "bins15": float(binary_ECE(labels, p, bins=15)),
        }


def estimated():
    for threshold, scores in [(0.5, rng.beta(1, 3, 200)), (0.2, rng.beta(2, 5, 150)), (0.05, rng.beta(0.4, 6, 400))]:
        p = np.round(scores, 6)
        predicted = (p > threshold).astype(int)
        of = {
            name: float(getattr(cbpe, f"estimate_{name}")(pd.Series(predicted), pd.Series(p)))
            for name in ["accuracy", "precision", "recall", "f1"]
        }
        cost = cbpe.estimate_business_value(predicted, p, None, COSTS)
        yield {
            "probabilities": p.tolist(),
            "threshold": threshold,
            **of,
            "rocAuc": float(cbpe.estimate_roc_auc(pd.Series(p), pd.Series(p))),
            "costPerPrediction": float(cost) / len(p),
        }


def costs():
    for rows, rate in [(200, 0.1), (57, 0.5), (1000, 0.02)]:
        labels = (rng.random(rows) < rate).astype(int)
        scores = np.round(np.clip(labels * 0.4 + rng.random(rows) * 0.7, 0, 1), 6)
        table = confusion_matrix(labels, scores > 0.5, labels=[0, 1])
        yield {
            "labels": labels.tolist(),
            "scores": scores.tolist(),
            "businessCost": int((table * COSTS).sum()),
            "costPerPrediction": float((table * COSTS).sum() / rows),
            "otherCosts": float((table * np.array([[0, 1.5], [7.25, 0]])).sum()),
            "alertPrecision": float(table[1, 1] / table[:, 1].sum()),
            "falsePositiveRate": float(table[0, 1] / table[0].sum()),
        }


def over_time():
    for rows, blocks in [(200, 10), (93, 7), (40, 2)]:
        level = np.round(np.cumsum(rng.integers(-1, 2, rows)), 6)
        forecast = np.round(level + rng.normal(0.3, 0.8, rows), 6)
        moves = np.sign(np.diff(level))
        hits = np.sign(np.diff(forecast))[moves != 0] == moves[moves != 0]
        labels = (rng.random(rows) < 0.3).astype(int)
        p = np.round(np.clip(labels * np.linspace(0.9, 0.3, rows) + 0.1 * rng.random(rows), 0, 1), 6)
        starts = np.arange(blocks) * rows // blocks
        means = np.add.reduceat(np.abs(p - labels), starts) / np.diff(np.append(starts, rows))
        yield {
            "level": level.tolist(),
            "forecast": forecast.tolist(),
            "directionalAccuracy": float(hits.mean()),
            "forecastBias": float((forecast - level).mean()),
            "labels": labels.tolist(),
            "probabilities": p.tolist(),
            "blocks": blocks,
            "temporalConsistency": float(max(0, 1 - 2 * np.std(means))),
        }


def lead_times():
    for alerts, incidents, horizon in [(60, 25, 900), (400, 30, 300), (5, 40, 2000)]:
        alert = np.sort(rng.integers(0, 50_000, alerts))
        incident = np.unique(rng.integers(0, 50_000, incidents))
        # The first alert from where the incident's time begins: its horizon, or just after the incident before it.
        begins = np.maximum(incident - horizon, np.append(-(10**9), incident[:-1]) + 1)
        joined = pd.merge_asof(
            pd.DataFrame({"from": begins, "start": incident}).sort_values("from"),
            pd.DataFrame({"alert": alert}),
            left_on="from",
            right_on="alert",
            direction="forward",
        )
        lead = (joined.start - joined.alert)[joined.alert <= joined.start]
        yield {
            "alerts": rng.permutation(alert).tolist(),
            "incidents": rng.permutation(incident).tolist(),
            "horizon": horizon,
            "warned": int(lead.count()),
            "share": float(lead.count() / len(incident)),
            "median": float(lead.median()),
            "mean": float(lead.mean()),
            "least": float(lead.min()),
        }


packages = ["numpy", "pandas", "scikit-learn", "nannyml", "pycalib"]
print(
    json.dumps(
        {
            "header": {
                "command": "python libs/statistics/golden/make-monitoring.py",
                "seed": SEED,
                "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
            },
            "calibration": list(calibration()),
            "estimated": list(estimated()),
            "costs": list(costs()),
            "overTime": list(over_time()),
            "leadTimes": list(lead_times()),
        }
    )
)
