"""KS, PSI and JS of each column in SciPy and NumPy, from raw arrays; the bins made from the reference.

    statistics-scipy.py FEATURES ROWS ROUNDS
"""

import json
import sys
import time

try:
    import numpy as np
    import scipy
    from scipy import stats
    from scipy.spatial.distance import jensenshannon
except ImportError:
    sys.exit(3)

features, rows, rounds = (int(argument) for argument in sys.argv[1:4])
rng = np.random.default_rng(7)
reference = rng.normal(0, 1, (features, rows))
current = rng.normal(0.1, 1, (features, rows))

times = []
for _ in range(rounds):
    start = time.perf_counter()
    for r, c in zip(reference, current):
        stats.ks_2samp(r, c, method="asymp")
        edges = np.concatenate([[-np.inf], np.quantile(r, np.arange(1, 10) / 10), [np.inf]])
        p = np.histogram(r, edges)[0] / len(r)
        q = np.histogram(c, edges)[0] / len(c)
        p0, q0 = np.where(p == 0, 0.0001, p), np.where(q == 0, 0.0001, q)
        np.sum((q0 - p0) * np.log(q0 / p0))
        jensenshannon(p, q, base=2)
    times.append(time.perf_counter() - start)
print(
    json.dumps(
        {
            "values": {"seconds": sorted(times)[len(times) // 2]},
            "versions": {"scipy": scipy.__version__, "numpy": np.__version__},
        }
    )
)
