"""What watches a running model, by other libraries or by its formula in NumPy and SciPy, on the work of statistics-monitoring.ts.

    statistics-monitoring.py ROWS STREAM LOOKS

The formulas are written as one would write them for a notebook: arrays where the work has them at once, a look at a time
where it comes so.
"""

import json
import sys
import warnings
from importlib.metadata import version

warnings.filterwarnings("ignore")
try:
    import numpy as np
    import pandas as pd
    from arch.bootstrap import StationaryBootstrap
    from datasketches import kll_doubles_sketch
    from ddsketch import DDSketch
    from nannyml.performance_estimation.confidence_based import metrics as cbpe
    from scipy.optimize import brentq
    from scipy.special import betaln, xlog1py, xlogy
    from statsmodels.stats.rates import test_poisson_2indep
except ImportError:
    sys.exit(3)

from least_seconds import least_seconds

rows, stream, looks = (int(argument) for argument in sys.argv[1:4])
rng = np.random.default_rng(13)
values = rng.normal(0, 1, rows)
scores = rng.random(rows) ** 2
alerts = rng.integers(0, 10_000_000, rows)
incidents = rng.integers(0, 10_000_000, 5000)
baseline, canary = rng.binomial(400, 0.2, looks), rng.binomial(400, 0.22, looks)


def dd_sketch():
    sketch = DDSketch(0.01)
    for value in values:
        sketch.add(value)


def kll():
    sketch = kll_doubles_sketch(400)
    sketch.update(values)


def estimated():
    predicted = (scores > 0.5).astype(int)
    for name in ["accuracy", "precision", "recall", "f1"]:
        getattr(cbpe, f"estimate_{name}")(predicted, scores)
    cbpe.estimate_roc_auc(scores, scores)
    cbpe.estimate_business_value(predicted, scores, None, np.array([[0, 10], [100, 0]]))


def lead_time():
    incident = np.unique(incidents)
    begins = np.maximum(incident - 900, np.append(-(10**9), incident[:-1]) + 1)
    joined = pd.merge_asof(
        pd.DataFrame({"from": begins, "start": incident}),
        pd.DataFrame({"alert": np.sort(alerts)}),
        left_on="from",
        right_on="alert",
        direction="forward",
    )
    lead = (joined.start - joined.alert)[joined.alert <= joined.start]
    return lead.count(), lead.median(), lead.mean(), lead.min()


def cusum(block=1024):
    """The reflected walk is the walk less its least value so far; after an alarm it starts again."""
    z, at, alarms = values[:stream], 0, 0
    while at < stream:
        part = z[at : at + block]
        up, down = np.cumsum(part - 0.5), np.cumsum(-part - 0.5)
        high = up - np.minimum(np.minimum.accumulate(up), 0)
        low = down - np.minimum(np.minimum.accumulate(down), 0)
        over = np.flatnonzero((high > 5) | (low > 5))
        at += over[0] + 1 if len(over) else block
        alarms += len(over) > 0
    return alarms


def log_evidence(s, n, p):
    return betaln(s + 0.5, n - s + 0.5) - betaln(0.5, 0.5) - xlogy(s, p) - xlog1py(n - s, -p)


def confidence_sequence():
    for s in canary:
        brentq(lambda p: log_evidence(s, 400, p) - np.log(20), 1e-12, s / 400)
        brentq(lambda p: log_evidence(s, 400, p) - np.log(20), s / 400, 1 - 1e-12)


def mixture_sprt(tau=0.01):
    for s0, s1 in zip(baseline, canary):
        p0, p1 = s0 / 400, s1 / 400
        v = p0 * (1 - p0) / 400 + p1 * (1 - p1) / 400
        min(1, np.sqrt((v + tau**2) / v) * np.exp(-(tau**2) * (p1 - p0) ** 2 / (2 * v * (v + tau**2))))


def safe_test():
    totals, evidence, n = np.zeros(2), 0.0, np.array([400, 400])
    for block, s in enumerate(np.stack([baseline, canary], axis=1)):
        guess = (totals + 0.18) / (block * 400 + 0.36)
        common = np.repeat((guess * n).sum() / n.sum(), 2)
        each = xlogy(s, guess / common) + xlog1py(n - s, -guess) - xlog1py(n - s, -common)
        evidence += each.sum()
        totals += s
    return evidence


def quantile_sprt():
    least = 1.0
    for rows in range(100, 2001, 100):
        first, second = np.sort(values[:rows]), np.sort(values[2000 : 2000 + rows])
        cuts = np.concatenate([[-np.inf], first, second])
        at = [np.searchsorted(arm, cuts, side="right") for arm in (first, second)]
        least = min(least, np.exp(-min(log_evidence(at[0], rows, 0.5) + log_evidence(at[1], rows, 0.5))))
    return least


def rate_test():
    for k1, k2 in zip(baseline, canary):
        test_poisson_2indep(k1, 400, k2, 400, method="exact-cond")


def bootstrap():
    StationaryBootstrap(20, values[:1000], seed=rng).conf_int(np.mean, 1000, method="percentile")


work = {
    "ddSketch": dd_sketch,
    "kll": kll,
    "estimated": estimated,
    "leadTime": lead_time,
    "cusum": cusum,
    "confidenceSequence": confidence_sequence,
    "mixtureSprt": mixture_sprt,
    "safeTest": safe_test,
    "quantileSprt": quantile_sprt,
    "rateTest": rate_test,
    "bootstrap": bootstrap,
}
packages = ["numpy", "scipy", "pandas", "statsmodels", "nannyml", "arch", "ddsketch", "datasketches"]
print(
    json.dumps(
        {
            "values": {name: least_seconds(run) for name, run in work.items()},
            "versions": {name: version(name) for name in packages},
        }
    )
)
