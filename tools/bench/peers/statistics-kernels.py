"""The tests, metrics and detectors one by one: SciPy, scikit-learn, River and statsmodels on the work of statistics-kernels.ts.

    statistics-kernels.py ROWS STREAM
"""

import json
import sys

try:
    import numpy as np
    import river
    import scipy
    import sklearn
    import statsmodels
    from river import drift
    from scipy import stats
    from sklearn import metrics as m
    from sklearn.isotonic import IsotonicRegression
    from statsmodels.stats.multitest import multipletests
except ImportError:
    sys.exit(3)

from least_seconds import least_seconds

rows, stream = (int(argument) for argument in sys.argv[1:3])
rng = np.random.default_rng(11)
first, second = rng.normal(0, 1, rows), rng.normal(0.05, 1, rows)
scores = rng.random(rows)
labels = (rng.random(rows) < scores**2).astype(int)
values = rng.random(stream)


def metrics():
    predicted = scores > 0.5
    m.confusion_matrix(labels, predicted)
    for metric in (m.accuracy_score, m.precision_score, m.recall_score, m.f1_score):
        metric(labels, predicted)
    for metric in (
        m.roc_auc_score,
        m.average_precision_score,
        m.brier_score_loss,
        m.log_loss,
        m.mean_squared_error,
        m.mean_absolute_error,
        m.r2_score,
    ):
        metric(labels, scores)


def detect(make):
    detector = make()
    for value in values:
        detector.update(value)


short, other = first[:5000], second[:4000]
report = {
    "metrics": least_seconds(metrics),
    "isotonic": least_seconds(lambda: IsotonicRegression(out_of_bounds="clip").fit(scores, labels).predict(scores)),
    "mannWhitney": least_seconds(lambda: stats.mannwhitneyu(first, second, method="asymptotic")),
    "wilcoxon": least_seconds(lambda: stats.wilcoxon(first, second, method="asymptotic")),
    "wasserstein": least_seconds(lambda: stats.wasserstein_distance(first, second)),
    "ksExact": least_seconds(lambda: stats.ks_2samp(short, other, method="exact")),
    "benjaminiHochberg": least_seconds(lambda: multipletests(scores, method="fdr_bh")),
    "pageHinkley": least_seconds(lambda: detect(drift.PageHinkley), 5),
    "adwin": least_seconds(lambda: detect(drift.ADWIN), 10),
}
print(
    json.dumps(
        {
            "values": report,
            "versions": {
                "scipy": scipy.__version__,
                "scikit-learn": sklearn.__version__,
                "river": river.__version__,
                "statsmodels": statsmodels.__version__,
            },
        }
    )
)
