"""27 windowed features for every reading, by what people use for it in Python.

    pip install pandas==3.1.1 polars==2.1.0 numpy==2.4.6
    python windows-batch.py ENTITIES READINGS_EACH STEP_SECONDS

Three columns, windows of 5, 15 and 60 minutes, mean, sample deviation and largest. pandas and polars work on the whole
series at once, on one thread; `python` is the incremental operator of
`rolling_window.py`. Readings a second of processor time.
"""
import json
import os
import sys
from time import process_time

for threads in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[threads] = "1"
try:
    import numpy as np
    import pandas as pd
    import polars as pl
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(3)
from rolling_window import COLUMNS, MINUTES, Entity

ENTITIES, READINGS, STEP = (int(value) for value in sys.argv[1:4])
ROWS = ENTITIES * READINGS


def rate(work, rows):
    began = process_time()
    work()
    return rows / (process_time() - began)


random = np.random.default_rng(7)
time = 1_763_856_000_000 + np.tile(np.arange(READINGS) * STEP * 1000, ENTITIES)
entity = np.repeat(np.arange(ENTITIES), READINGS)
time = time + entity * 7_919 % 60_000
columns = {name: random.random(ROWS) * 100 for name in COLUMNS}


def by_pandas():
    frame = pd.DataFrame({"entity": entity, **columns}, index=pd.to_datetime(time, unit="ms"))
    for minutes in MINUTES:
        rolling = frame.groupby("entity")[COLUMNS].rolling(f"{minutes}min")
        rolling.mean(), rolling.std(), rolling.max()


def by_polars():
    frame = pl.DataFrame({"entity": entity, "time": time, **columns}).with_columns(
        pl.col("time").cast(pl.Datetime("ms"))
    )
    rolled = [
        getattr(pl.col(name), f"rolling_{statistic}_by")("time", window_size=f"{minutes}m", closed="right")
        .over("entity")
        .alias(f"{name}_{statistic}_{minutes}m")
        for minutes in MINUTES
        for name in COLUMNS
        for statistic in ("mean", "std", "max")
    ]
    frame.select(rolled)


def by_hand():
    entities = {}
    order = np.argsort(time, kind="stable")
    rows = zip(entity[order].tolist(), time[order].tolist(), *(columns[name][order].tolist() for name in COLUMNS))
    rows = [(key, at, values) for key, at, *values in rows]
    began = process_time()
    for key, at, values in rows:
        if key not in entities:
            entities[key] = Entity()
        entities[key].add(at, values)
    return len(rows) / (process_time() - began)


print(
    json.dumps(
        {
            "values": {"pandas": rate(by_pandas, ROWS), "polars": rate(by_polars, ROWS), "python": by_hand()},
            "versions": {"pandas": pd.__version__, "polars": pl.__version__, "python": sys.version.split()[0]},
        }
    )
)
