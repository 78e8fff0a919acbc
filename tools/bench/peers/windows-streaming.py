"""27 windowed features for every reading in the stream processors of Python.

    pip install bytewax==0.21.1 quixstreams==3.28.1
    python windows-streaming.py ENTITIES READINGS_EACH STEP_SECONDS

Neither has windows that answer at every reading with a sample deviation over three lengths at once, so both run the
operator of `rolling_window.py`: bytewax as `stateful_map`, quixstreams as `apply` with its state in memory (its own
durable state would serialise every window at every reading). No broker, no recovery store: what the framework itself
costs. Readings a second of processor time.
"""
import json
import random
import sys
import warnings
from importlib.metadata import version
from time import process_time

warnings.simplefilter("ignore")
try:
    import bytewax.operators as op
    from bytewax.dataflow import Dataflow
    from bytewax.testing import TestingSource, run_main
    from bytewax.outputs import DynamicSink, StatelessSinkPartition
    from quixstreams import Application
    from quixstreams.models import MessageContext, Topic
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(3)
from rolling_window import Entity

ENTITIES, READINGS, STEP = (int(value) for value in sys.argv[1:4])
source = random.Random(7)
rows = [
    (str(entity), (1_763_856_000_000 + step * STEP * 1000 + entity * 7_919 % 60_000, [source.random() * 100 for _ in range(3)]))
    for step in range(READINGS)
    for entity in range(ENTITIES)
]


class Nowhere(DynamicSink):
    class Partition(StatelessSinkPartition):
        def write_batch(self, items):
            pass

    def build(self, step_id, worker_index, worker_count):
        return Nowhere.Partition()


def by_bytewax():
    def features(entity, row):
        entity = entity or Entity()
        return entity, entity.add(*row)

    flow = Dataflow("windows")
    stream = op.input("in", flow, TestingSource(rows, batch_size=1000))
    op.output("out", op.stateful_map("features", stream, features), Nowhere())
    began = process_time()
    run_main(flow)
    return len(rows) / (process_time() - began)


def by_quixstreams():
    entities = {}

    def features(row, key, timestamp, headers):
        if key not in entities:
            entities[key] = Entity()
        return entities[key].add(timestamp, row)

    app = Application(broker_address="localhost:9", loglevel=None)
    topic = Topic(name="readings", value_deserializer="json", key_deserializer="str")
    frame = app.dataframe(topic=topic)
    frame = frame.apply(features, metadata=True)
    run = frame.compose(sink=lambda *result: None)["readings"]
    began = process_time()
    for key, (at, values) in rows:
        run(values, key, at, [])
    if sum(len(column[0].rows) for entity in entities.values() for column in entity.columns) == 0:
        raise RuntimeError("quixstreams computed nothing")
    return len(rows) / (process_time() - began)


print(
    json.dumps(
        {
            "values": {"bytewax": by_bytewax(), "quixstreams": by_quixstreams()},
            "versions": {name: version(name) for name in ("bytewax", "quixstreams")},
        }
    )
)
