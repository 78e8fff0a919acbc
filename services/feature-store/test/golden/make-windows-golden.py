"""Golden windows: what pandas computes on irregular real series.

    python -m venv VENV && VENV/bin/pip install pandas
    VENV/bin/python make-windows-golden.py NAB_DIRECTORY > pandas-rolling.json

NAB_DIRECTORY holds the series of the Numenta Anomaly Benchmark (MIT licence). Five-minute series are stretched to
irregular steps of seconds, rows are dropped, values go missing, and some rows arrive late.
"""
import json
import sys

import numpy as np
import pandas as pd

SEED = 20261123
ROWS = 420
SERIES = {
    "cpu_usage": "ec2_cpu_utilization_5f5533.csv",
    "memory_usage": "ec2_cpu_utilization_fe7f93.csv",
    "disk_io": "ec2_disk_write_bytes_1ef3de.csv",
}

random = np.random.default_rng(SEED)
frame = pd.DataFrame(
    {column: pd.read_csv(f"{sys.argv[1]}/{name}")["value"].to_numpy()[:ROWS] for column, name in SERIES.items()}
)
# A quiet stretch, then steps of 1..40 s, of whole minutes (edges that fall on a row), and gaps of hours.
steps = random.choice([1, 7, 15, 20, 40, 60, 60, 60, 300, 900], size=ROWS).astype("int64") * 1000
steps[::97] += 2 * 3600 * 1000
steps[::13] += random.integers(0, 999, size=len(steps[::13]))
frame["time"] = 1_400_000_000_000 + np.cumsum(steps)
frame = frame[random.random(ROWS) > 0.15].reset_index(drop=True)
for column in SERIES:
    frame.loc[random.random(len(frame)) < 0.08, column] = np.nan
frame.loc[40:60, "memory_usage"] = 12.1  # a constant stretch

indexed = frame.set_index(pd.to_datetime(frame["time"], unit="ms"))
features = {}
for minutes in [5, 15, 60]:
    for column in SERIES:
        rolling = indexed[column].rolling(f"{minutes}min")
        for statistic in ["mean", "std", "max"]:
            features[f"{column}_{statistic}_{minutes}m"] = getattr(rolling, statistic)().to_numpy()

# One row in eight arrives after one to five of its successors.
position = np.arange(len(frame), dtype="float64")
late = random.random(len(frame)) < 0.125
position[late] += random.integers(1, 6, size=late.sum()) + 0.5
arrival = np.argsort(position, kind="stable")


def column(values):
    return [None if np.isnan(value) else float(value) for value in values]


json.dump(
    {
        "command": "python make-windows-golden.py NAB_DIRECTORY > pandas-rolling.json",
        "pandas": pd.__version__,
        "numpy": np.__version__,
        "seed": SEED,
        "source": "Numenta Anomaly Benchmark: " + ", ".join(SERIES.values()),
        "time": frame["time"].tolist(),
        "arrival": arrival.tolist(),
        "values": {name: column(frame[name]) for name in SERIES},
        "features": {name: column(values) for name, values in features.items()},
    },
    sys.stdout,
)
