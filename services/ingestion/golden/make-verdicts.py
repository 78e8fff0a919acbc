"""Golden verdicts of Great Expectations for great-expectations.spec.ts.

    python3 -m venv V && V/bin/pip install great_expectations==1.24.1 pandas==3.1.1 numpy==2.4.6
    V/bin/python services/ingestion/golden/make-verdicts.py > services/ingestion/src/domain/golden/verdicts.json

Each case is a table, one expectation and what Great Expectations says about it. Seed 7. `exception`: it raised, which it
counts as a failure. Numbers that JSON does not have are written as texts in `numbers`.
"""
import json
import logging
import math
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

import great_expectations as gx
import numpy as np
import pandas as pd
from great_expectations.expectations.row_conditions import Column

rng = np.random.default_rng(7)
context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
asset = context.data_sources.add_pandas("p").add_dataframe_asset("a")
batches = asset.add_batch_definition_whole_dataframe("b")


def numbers(*values):
    return np.array([math.nan if v is None else v for v in values], dtype=float)


INF = math.inf
normal = rng.normal(50, 10, 400)
holed = np.where(rng.random(400) < 0.1, np.nan, normal)
tables = {
    "mixed sizes": {"x": numbers(1, 2, None, 4, 100), "t": ["a", "b", None, "a", "z9"]},
    "all null": {"x": numbers(None, None, None), "t": [None, None, None]},
    "empty": {"x": numbers(), "t": []},
    "one row": {"x": numbers(5), "t": ["a"]},
    "one null": {"x": numbers(None), "t": [None]},
    "infinities": {"x": numbers(-INF, 0, INF, INF, None), "t": ["a", "a", "b", "b", None]},
    "zeros": {"x": numbers(0.0, -0.0, 0.0), "t": ["", "", " "]},
    "constant": {"x": numbers(3, 3, 3, 3), "t": ["a", "a", "a", "a"]},
    "normal": {"x": normal, "t": [f"web-{i % 7}" for i in range(400)]},
    "with holes": {"x": holed, "t": [None if i % 5 == 0 else f"db-{i % 3}" for i in range(400)]},
    "rising": {"x": np.arange(50, dtype=float), "t": [f"{i:03d}" for i in range(50)]},
    "mixed types": {"x": [1, "high", None, 2.5, "2", 100], "t": ["a", 1, None, "b", 2, "a"]},
    "rising with a dip": {"x": numbers(1, 2, None, 3, 2.5, 4, 4, 5), "t": list("abcdefgh")},
}

E = gx.expectations
words = []


def word(name, **kwargs):
    words.append((name, kwargs))


word("expect_table_row_count_to_be_between", min_value=1, max_value=100)
word("expect_table_row_count_to_be_between", min_value=100, max_value=10000)
word("expect_table_columns_to_match_set", column_set=["x", "t"])
word("expect_table_columns_to_match_set", column_set=["x"], exact_match=True)
word("expect_table_columns_to_match_set", column_set=["x"], exact_match=False)
for column in ("x", "t"):
    for extra in ({}, {"mostly": 0.8}, {"mostly": 0.85}):
        word("expect_column_values_to_not_be_null", column=column, **extra)
    word("expect_column_values_to_be_null", column=column)
    word("expect_column_values_to_be_null", column=column, mostly=0.2)
for bounds in (
    {"min_value": 0, "max_value": 100},
    {"min_value": 1, "strict_min": True},
    {"max_value": 100, "strict_max": True},
    {"min_value": 0, "max_value": 0},
    {"min_value": 0, "max_value": 70, "mostly": 0.95},
    {"min_value": 0, "max_value": 70, "mostly": 0.5},
    {"min_value": 2, "max_value": 60, "mostly": 0.75},
):
    word("expect_column_values_to_be_between", column="x", **bounds)
word("expect_column_values_to_be_in_set", column="t", value_set=["a", "b"])
word("expect_column_values_to_be_in_set", column="t", value_set=["a", "b"], mostly=0.75)
word("expect_column_values_to_be_in_set", column="x", value_set=[0, 1, 2, 3, 4, 5])
word("expect_column_values_to_not_be_in_set", column="t", value_set=["a", "db-1"])
word("expect_column_values_to_not_be_in_set", column="x", value_set=[0, 3])
word("expect_column_values_to_match_regex", column="t", regex="^[a-z]+(-[0-9]+)?$")
word("expect_column_values_to_match_regex", column="t", regex="[0-9]")
word("expect_column_values_to_match_regex", column="t", regex="^(web|db)-[0-5]$", mostly=0.8)
word("expect_column_values_to_not_match_regex", column="t", regex="(a|b){1,3}")
for column in ("x", "t"):
    word("expect_column_values_to_be_unique", column=column)
    word("expect_column_values_to_be_unique", column=column, mostly=0.5)
for strictly in (False, True):
    word("expect_column_values_to_be_increasing", column="x", strictly=strictly)
    word("expect_column_values_to_be_decreasing", column="x", strictly=strictly)
word("expect_column_values_to_be_increasing", column="x", mostly=0.8)
for aggregate in ("mean", "stdev", "min", "max"):
    word(f"expect_column_{aggregate}_to_be_between", column="x", min_value=1, max_value=60)
    word(f"expect_column_{aggregate}_to_be_between", column="x", min_value=3, strict_min=True)
word(
    "expect_column_quantile_values_to_be_between",
    column="x",
    quantile_ranges={"quantiles": [0, 0.05, 0.25, 0.5, 0.9, 1], "value_ranges": [[None, 100]] * 6},
)
word(
    "expect_column_quantile_values_to_be_between",
    column="x",
    quantile_ranges={"quantiles": [0.5], "value_ranges": [[40, 60]]},
)
bins = {"bins": [0, 20, 40, 60, 80, 100], "weights": [0.05, 0.15, 0.6, 0.15, 0.05]}
tailed = {**bins, "weights": [0.04, 0.15, 0.6, 0.15, 0.04], "tail_weights": [0.01, 0.01]}
holes = {"bins": [0, 20, 40, 60, 80, 100], "weights": [0, 0.2, 0.6, 0.2, 0]}
kl = "expect_column_kl_divergence_to_be_less_than"
word(kl, column="x", partition_object=bins, threshold=0.1)
word(kl, column="x", partition_object=bins, threshold=0.1, tail_weight_holdout=0.02)
word(kl, column="x", partition_object=tailed, threshold=0.3)
word(kl, column="x", partition_object=holes, threshold=1.0, tail_weight_holdout=0.01, internal_weight_holdout=0.02)
values = {"values": ["a", "b"], "weights": [0.5, 0.5]}
word(kl, column="t", partition_object=values, threshold=0.1)
word(kl, column="t", partition_object=values, threshold=2.0, tail_weight_holdout=0.1)
for condition in ("x > 2", 'x <= 60 and t == "a"', "x != 3", "t is not null"):
    word("expect_column_values_to_be_between", column="x", min_value=0, max_value=50, row_condition=condition)
    word("expect_column_values_to_not_be_null", column="x", row_condition=condition)
    word("expect_column_mean_to_be_between", column="x", min_value=0, max_value=50, row_condition=condition)

conditions = {
    "x > 2": Column("x") > 2,
    'x <= 60 and t == "a"': (Column("x") <= 60) & (Column("t") == "a"),
    "x != 3": Column("x") != 3,
    "t is not null": Column("t").is_not_null(),
}


def plain(value):
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(v) for v in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, float, np.number)):
        number = float(value)
        if math.isnan(number):
            return "NaN"
        if math.isinf(number):
            return "Infinity" if number > 0 else "-Infinity"
        if number == 0 and math.copysign(1, number) < 0:
            return "-0"
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    return value


cases = []
for table, columns in tables.items():
    x = columns["x"]
    frame = pd.DataFrame({"x": pd.Series(x, dtype=object) if isinstance(x, list) else x, "t": pd.Series(list(columns["t"]), dtype=object)})
    batch = batches.get_batch(batch_parameters={"dataframe": frame})
    for name, kwargs in words:
        given = dict(kwargs)
        if "row_condition" in given:
            given["row_condition"] = conditions[given["row_condition"]]
        kind = getattr(E, "".join(part.capitalize() for part in name.split("_")).replace("Kl", "KL"), None) or getattr(
            E, "".join(part.capitalize() for part in name.split("_"))
        )
        validated = batch.validate(kind(**given), result_format={"result_format": "COMPLETE"})
        result = validated.result
        raised = any(
            info.get("raised_exception") if isinstance(info, dict) else False
            for info in (validated.exception_info or {}).values()
        ) or bool((validated.exception_info or {}).get("raised_exception"))
        cases.append(
            {
                "table": table,
                "word": name,
                "kwargs": kwargs,
                "success": bool(validated.success),
                **({"exception": True} if raised else {}),
                **{
                    key: plain(result[key].get("values") if key == "observed_value" and isinstance(result[key], dict) else result[key])
                    for key in ("element_count", "missing_count", "unexpected_count", "unexpected_percent", "observed_value")
                    if key in result
                },
            }
        )
json.dump(
    {
        "command": "python services/ingestion/golden/make-verdicts.py",
        "seed": 7,
        "versions": {"great_expectations": gx.__version__, "pandas": pd.__version__, "numpy": np.__version__, "python": sys.version.split()[0]},
        "tables": {name: {"x": plain(c["x"]), "t": list(c["t"])} for name, c in tables.items()},
        "cases": cases,
    },
    sys.stdout,
    separators=(",", ":"),
)
