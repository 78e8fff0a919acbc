"""When River's detectors alarm on seeded streams.

    python -m venv V && V/bin/pip install river==0.26.1 numpy==2.4.6
    V/bin/python libs/statistics/golden/make-streams.py > libs/statistics/src/golden/streams.json
"""

import json
import platform

import numpy as np
import river
from river import drift

SEED = 20261123
rng = np.random.default_rng(SEED)


def alarms(detector, values):
    found = []
    for index, value in enumerate(values):
        detector.update(float(value))
        if detector.drift_detected:
            found.append(index)
    return found


def stream(name, *parts):
    values = np.round(np.concatenate(parts), 4)
    adwin = drift.ADWIN()
    return {
        "name": name,
        "values": values.tolist(),
        "pageHinkley": alarms(drift.PageHinkley(threshold=10), values),
        "pageHinkleyDown": alarms(drift.PageHinkley(threshold=10, mode="down"), values),
        "adwin": alarms(adwin, values),
    }


print(
    json.dumps(
        {
            "header": {
                "command": "python libs/statistics/golden/make-streams.py",
                "seed": SEED,
                "versions": {
                    "python": platform.python_version(),
                    "numpy": np.__version__,
                    "river": river.__version__,
                },
            },
            "streams": [
                stream("step up", rng.normal(0, 0.5, 500), rng.normal(1, 0.5, 500)),
                stream("step down", rng.random(600) * 0.5 + 0.5, rng.random(600) * 0.5),
                stream("constant", np.full(400, 3.0)),
                stream("errors from 2 % to 20 %", (rng.random(800) < 0.02) * 1.0, (rng.random(400) < 0.2) * 1.0),
                stream("quiet", rng.random(1000)),
            ],
        }
    )
)
