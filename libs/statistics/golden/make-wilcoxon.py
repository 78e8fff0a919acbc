"""Golden values for the signed-rank test with alternatives, ties and shared zeros.

    python -m venv V && V/bin/pip install numpy==2.4.6 scipy==1.17.1
    V/bin/python libs/statistics/golden/make-wilcoxon.py > libs/statistics/src/golden/wilcoxon.json
"""

import json
import platform

import numpy as np
import scipy
from scipy import stats

SEED = 20261124
rng = np.random.default_rng(SEED)


def samples():
    yield "distinct", np.round(rng.normal(0.4, 1, 20), 6)
    yield "few ties", rng.integers(-2, 5, 9).astype(float)
    yield "few zeros", np.array([0.0, 0.0, 1.5, -0.5, 2.5, 3.0])
    yield "many ties", rng.integers(-3, 5, 30).astype(float)
    yield "no difference", np.zeros(6)
    yield "no difference, many", np.zeros(20)
    yield "long", np.round(rng.normal(0.2, 1, 80), 6)


print(
    json.dumps(
        {
            "command": "make-wilcoxon.py",
            "seed": SEED,
            "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "python": platform.python_version()},
            "cases": [
                {
                    "name": name,
                    "differences": d.tolist(),
                    **{
                        alternative: {"statistic": float(result.statistic), "pValue": float(result.pvalue)}
                        for alternative in ("two-sided", "greater", "less")
                        for result in [stats.wilcoxon(d, alternative=alternative, zero_method="zsplit")]
                    },
                }
                for name, d in samples()
            ],
        }
    )
)
