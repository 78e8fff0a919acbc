"""Ten expectations over a pandas frame: pandera and Great Expectations. Argument: rows. See tools/bench/expectations.ts.

    pip install great_expectations==1.24.1 pandera==0.35.0 pandas==3.1.1 numpy==2.4.6
"""
import sys

try:
    import logging
    import warnings

    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    import great_expectations as gx
    import numpy as np
    import pandas as pd
    import pandera
    import pandera.pandas as pa
except ImportError:
    sys.exit(3)

import json
import time

rows = int(sys.argv[1])
rng = np.random.default_rng(7)
regions = ["eu", "us", "ap", "sa"]


def measured(most):
    return np.where(rng.random(rows) < 0.01, np.nan, rng.random(rows) * most)


frame = pd.DataFrame(
    {
        "timestamp": 1_795_000_000_000 + np.arange(rows),
        "reading_id": (np.arange(rows) * 48_271) % 100_003 * 7 + 1,
        "system_id": [f"web-{n}" for n in rng.integers(0, 1000, rows)],
        "region": rng.choice(regions, rows),
        "cpu_usage": measured(100),
        "memory_usage": measured(100),
        "disk_io": measured(5000),
        "net_io": measured(5000),
        "load": measured(100),
        "temperature": measured(90),
    }
)


def rate(run, rounds):
    run()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return rows / sorted(times)[len(times) // 2]


def mostly(series):
    present = series.dropna()
    return present.between(0, 4900).sum() >= 0.9 * len(present)


schema = pa.DataFrameSchema(
    {
        "timestamp": pa.Column(nullable=False),
        "system_id": pa.Column(nullable=False, checks=pa.Check.str_matches(r"^web-[0-9]+$")),
        "cpu_usage": pa.Column(float, pa.Check.in_range(0, 100), nullable=True),
        "memory_usage": pa.Column(float, pa.Check.in_range(0, 100), nullable=True),
        "disk_io": pa.Column(float, pa.Check(mostly), nullable=True),
        "region": pa.Column(checks=pa.Check.isin(regions)),
        "reading_id": pa.Column(int, unique=True),
        "load": pa.Column(float, pa.Check(lambda s: 0 <= s.mean() <= 100), nullable=True),
    },
    checks=pa.Check(lambda df: 1 <= len(df) <= 1_000_000),
)

context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
batch = (
    context.data_sources.add_pandas("p")
    .add_dataframe_asset("a")
    .add_batch_definition_whole_dataframe("b")
    .get_batch(batch_parameters={"dataframe": frame})
)
E = gx.expectations
suite = gx.ExpectationSuite(
    name="bench",
    expectations=[
        E.ExpectTableRowCountToBeBetween(min_value=1, max_value=1_000_000),
        E.ExpectColumnValuesToNotBeNull(column="timestamp"),
        E.ExpectColumnValuesToNotBeNull(column="system_id"),
        E.ExpectColumnValuesToBeBetween(column="cpu_usage", min_value=0, max_value=100),
        E.ExpectColumnValuesToBeBetween(column="memory_usage", min_value=0, max_value=100),
        E.ExpectColumnValuesToBeBetween(column="disk_io", min_value=0, max_value=4900, mostly=0.9),
        E.ExpectColumnValuesToBeInSet(column="region", value_set=regions),
        E.ExpectColumnValuesToMatchRegex(column="system_id", regex="^web-[0-9]+$"),
        E.ExpectColumnValuesToBeUnique(column="reading_id"),
        E.ExpectColumnMeanToBeBetween(column="load", min_value=0, max_value=100),
    ],
)
assert batch.validate(suite).success
print(
    json.dumps(
        {
            "values": {
                "pandera": rate(lambda: schema.validate(frame, lazy=True), 7),
                "great_expectations": rate(lambda: batch.validate(suite), 5),
            },
            "versions": {"pandera": pandera.__version__, "great_expectations": gx.__version__, "pandas": pd.__version__},
        }
    )
)
