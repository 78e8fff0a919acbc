"""Golden windows: what pandas computes on real series, made irregular and at 1 Hz.

    python -m venv VENV && VENV/bin/pip install pandas==3.1.1 numpy==2.4.6
    VENV/bin/python make-windows-golden.py ../../../../config/data/nab > pandas-rolling.json

The series are those of the Numenta Anomaly Benchmark (MIT licence). `irregular`: five-minute series are stretched to
irregular steps of seconds, rows are dropped, values go missing, and some rows arrive late. `oneHertz`: a value a second
for more than an hour. Features are kept of every `SPACING`-th row.

mean, std, max, min, sum, count, first, last and the quantiles (interpolation "lower") are those of `rolling`. ewma is
`ewm(halflife=window / 4, times=index)` of the rows of the window, slope their least squares, a minute,
about their means (numpy.polyfit loses digits when two samples of a long window lie close together).
"""
import json
import sys

import numpy as np
import pandas as pd

SEED = 20261123
SERIES = {
    "cpu_usage": "ec2_cpu_utilization_5f5533.csv",
    "memory_usage": "ec2_cpu_utilization_fe7f93.csv",
    "disk_io": "ec2_disk_write_bytes_1ef3de.csv",
}
MINUTES = [5, 15, 60]
ROLLING = ["count", "sum", "mean", "std", "min", "max", "first", "last"]
QUANTILES = {"p50": 0.5, "p95": 0.95}


def series(rows):
    return pd.DataFrame(
        {name: pd.read_csv(f"{sys.argv[1]}/{file}")["value"].to_numpy()[:rows] for name, file in SERIES.items()}
    )


def slope(part):
    part = part.dropna()
    if len(part) < 2:
        return np.nan
    minutes = ((part.index - part.index[-1]).total_seconds() / 60).to_numpy()
    minutes = minutes - minutes.mean()
    values = part.to_numpy()
    return (minutes * (values - values.mean())).sum() / (minutes**2).sum()


def ewma(part, minutes):
    if part.notna().sum() == 0:
        return np.nan
    return part.ewm(halflife=pd.Timedelta(minutes=minutes) / 4, times=part.index).mean().iloc[-1]


def numbers(values):
    return [None if np.isnan(value) else float(f"{value:.13g}") for value in values]


def golden(frame, arrival, spacing):
    indexed = frame.set_index(pd.to_datetime(frame["time"], unit="ms"))
    rows = np.arange(0, len(frame), spacing)
    features = {}
    for minutes in MINUTES:
        for column in SERIES:
            rolling = indexed[column].rolling(f"{minutes}min")
            for statistic in ROLLING:
                features[f"{column}_{statistic}_{minutes}m"] = getattr(rolling, statistic)().to_numpy()[rows]
            for name, share in QUANTILES.items():
                quantile = rolling.quantile(share, interpolation="lower")
                features[f"{column}_{name}_{minutes}m"] = quantile.to_numpy()[rows]
            parts = []
            for row in rows:
                end = indexed.index[row]
                begin = indexed.index.searchsorted(end - pd.Timedelta(minutes=minutes), side="right")
                parts.append(indexed[column].iloc[begin : row + 1])
            features[f"{column}_slope_{minutes}m"] = [slope(part) for part in parts]
            features[f"{column}_ewma_{minutes}m"] = [ewma(part, minutes) for part in parts]
    return {
        "time": frame["time"].tolist(),
        "arrival": arrival.tolist(),
        "values": {name: numbers(frame[name]) for name in SERIES},
        "rows": rows.tolist(),
        "features": {name: numbers(values) for name, values in features.items()},
    }


def irregular(random, rows=420):
    frame = series(rows)
    # A quiet stretch, then steps of 1..40 s, of whole minutes (edges that fall on a row), and gaps of hours.
    steps = random.choice([1, 7, 15, 20, 40, 60, 60, 60, 300, 900], size=rows).astype("int64") * 1000
    steps[::97] += 2 * 3600 * 1000
    steps[::13] += random.integers(0, 999, size=len(steps[::13]))
    frame["time"] = 1_400_000_000_000 + np.cumsum(steps)
    frame = frame[random.random(rows) > 0.15].reset_index(drop=True)
    for column in SERIES:
        frame.loc[random.random(len(frame)) < 0.08, column] = np.nan
    frame.loc[40:60, "memory_usage"] = 12.1  # a constant stretch
    return frame


def one_hertz(rows=3_900):
    frame = series(rows)
    frame["time"] = 1_400_000_000_500 + 1000 * np.arange(rows)
    return frame


def late(random, rows, most):
    """One row in eight arrives after one to `most` of its successors."""
    position = np.arange(rows, dtype="float64")
    chosen = random.random(rows) < 0.125
    position[chosen] += random.integers(1, most + 1, size=chosen.sum()) + 0.5
    return np.argsort(position, kind="stable")


generator = np.random.default_rng(SEED)
gaps = irregular(generator)
seconds = one_hertz()
json.dump(
    {
        "command": "python make-windows-golden.py ../../../../config/data/nab > pandas-rolling.json",
        "pandas": pd.__version__,
        "numpy": np.__version__,
        "seed": SEED,
        "source": "Numenta Anomaly Benchmark: " + ", ".join(SERIES.values()),
        "irregular": golden(gaps, late(generator, len(gaps), 5), 3),
        "oneHertz": golden(seconds, late(generator, len(seconds), 90), 83),
    },
    sys.stdout,
)
