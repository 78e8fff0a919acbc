"""KS, PSI and JS of each column by Evidently's drift presets, one report each, from a data frame.

    statistics-evidently.py FEATURES ROWS

Evidently 0.7.23 imports a name that pandas 3 has dropped: it wants pandas < 3.
"""

import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")
try:
    import evidently
    import numpy as np
    import pandas as pd
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset
except ImportError:
    sys.exit(3)

features, rows = (int(argument) for argument in sys.argv[1:3])
rng = np.random.default_rng(7)
columns = [f"f{index}" for index in range(features)]
reference = pd.DataFrame(rng.normal(0, 1, (rows, features)), columns=columns)
current = pd.DataFrame(rng.normal(0.1, 1, (rows, features)), columns=columns)
definition = DataDefinition(numerical_columns=columns)

values, total = {}, 0.0
for method in ["ks", "psi", "jensenshannon"]:
    start = time.perf_counter()
    left = Dataset.from_pandas(current, data_definition=definition)
    right = Dataset.from_pandas(reference, data_definition=definition)
    Report([DataDriftPreset(num_method=method)]).run(left, right).dict()
    values[method] = time.perf_counter() - start
    total += values[method]
values["seconds"] = total
print(
    json.dumps(
        {"values": values, "versions": {"evidently": evidently.__version__, "pandas": pd.__version__}}
    )
)
