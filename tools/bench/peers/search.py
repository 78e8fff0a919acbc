"""Optuna's TPE with its defaults, and with groups for the conditional space, on the functions of search-objectives.ts.

    search.py '{"FUNCTION": SEEDS, ...}' DIRECTORY

DIRECTORY holds {train,validation}.{values,label} as float32. Prints for each function, budget and seed the best value less
the function's minimum, and the median time of one ask in milliseconds. Studies run on all cores, asks are timed alone.
"""

import json
import math
import multiprocessing
import sys
import time
import warnings

try:
    import numpy as np
    import optuna
    import xgboost as xgb
except ImportError:
    sys.exit(3)

warnings.filterwarnings("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)
counts, directory = json.loads(sys.argv[1]), sys.argv[2]
BUDGETS = (25, 50, 100)


def vector(trial, count, low, high):
    return np.array([trial.suggest_float(f"x{index}", low, high) for index in range(count)])


def branin(trial):
    x, y = trial.suggest_float("x0", -5, 10), trial.suggest_float("x1", 0, 15)
    curve = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return curve**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


HEIGHTS = np.array([1, 1.2, 3, 3.2])
SCALES = np.array(
    [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
)
CENTRES = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann(trial):
    x = vector(trial, 6, 0, 1)
    return -float(HEIGHTS @ np.exp(-(SCALES * (x - CENTRES) ** 2).sum(1)))


SCALES_OF_THREE = np.array([[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]])
CENTRES_OF_THREE = 1e-4 * np.array([[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]])


def embedded(trial):
    x = vector(trial, 12, 0, 1)[[1, 6, 10]]
    return -float(HEIGHTS @ np.exp(-(SCALES_OF_THREE * (x - CENTRES_OF_THREE) ** 2).sum(1)))


def levy(trial):
    w = 1 + (vector(trial, 4, -10, 10) - 1) / 4
    between = ((w[:-1] - 1) ** 2 * (1 + 10 * np.sin(math.pi * w[:-1] + 1) ** 2)).sum()
    last = (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2)
    return float(math.sin(math.pi * w[0]) ** 2 + between + last)


def conditional(trial):
    kernel = trial.suggest_categorical("kernel", ["linear", "rbf", "poly"])
    c = math.log10(trial.suggest_float("cost", 1e-3, 1e4, log=True))
    lift = 0.005 if trial.suggest_categorical("shrinking", [False, True]) else 0
    if kernel == "linear":
        return lift + 0.15 + 0.02 * c**2
    g = math.log10(trial.suggest_float("gamma", 1e-6, 10, log=True))
    if kernel == "rbf":
        return lift + 0.03 * (c - 2 + 0.6 * (g + 3)) ** 2 + 0.04 * (g + 2.5) ** 2
    degree = trial.suggest_int("degree", 2, 6)
    return lift + 0.02 + 0.03 * (c - 1) ** 2 + 0.02 * (g + 1) ** 2 + 0.01 * abs(degree - 3)


def rosenbrock(trial):
    x = vector(trial, 10, -5, 10)
    return float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum())


def mixed(trial):
    activation = trial.suggest_categorical("activation", ["relu", "tanh", "gelu"])
    depth = trial.suggest_int("depth", 1, 12)
    kind = trial.suggest_categorical("kind", ["a", "b", "c", "d"])
    rate = trial.suggest_float("rate", 1e-5, 1, log=True)
    share = trial.suggest_float("share", 0, 1, step=0.05)
    width = trial.suggest_int("width", 1, 100)
    return (
        "abcd".index(kind) * 0.5
        + (width - 37) ** 2 / 400
        + (depth - 5) ** 2 / 4 * {"relu": 1, "tanh": 2, "gelu": 0.5}[activation]
        + (math.log10(rate) + 2.5) ** 2
        + abs(share - 0.35) * 2
    )


def matrix(name):
    label = np.fromfile(f"{directory}/{name}.label", dtype=np.float32)
    values = np.fromfile(f"{directory}/{name}.values", dtype=np.float32).reshape(len(label), -1)
    return values, label


data = {name: matrix(name) for name in ("train", "validation")}


def boosted(trial):
    parameters = {
        "objective": "reg:squarederror",
        "eval_metric": "rmse",
        "tree_method": "hist",
        "seed": 42,
        "nthread": 1,
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.3, 1),
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 1, log=True),
        "max_depth": trial.suggest_int("max_depth", 1, 6),
        "min_child_weight": trial.suggest_float("min_child_weight", 0.1, 100, log=True),
        "reg_lambda": trial.suggest_float("reg_lambda", 0.001, 100, log=True),
        "subsample": trial.suggest_float("subsample", 0.3, 1),
    }
    train, validation = (xgb.DMatrix(values, label=label, nthread=1) for values, label in data.values())
    history = {}
    evals = [(validation, "validation")]
    xgb.train(parameters, train, 15, evals=evals, evals_result=history, verbose_eval=False)
    return history["validation"]["rmse"][-1]


def timed(length):
    space = {
        "a": optuna.distributions.FloatDistribution(0, 1),
        "b": optuna.distributions.FloatDistribution(-5, 5),
        "c": optuna.distributions.FloatDistribution(1e-5, 1, log=True),
        "d": optuna.distributions.IntDistribution(1, 12),
        "e": optuna.distributions.IntDistribution(1, 1000),
        "f": optuna.distributions.CategoricalDistribution(["x", "y", "z"]),
    }
    rng = np.random.default_rng(length)
    drawn = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=length))
    for _ in range(length):
        drawn.tell(drawn.ask(space), float(rng.normal()))
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=1))
    study.add_trials(drawn.trials)
    times = []
    for _ in range(25):
        begin = time.perf_counter()
        trial = study.ask(space)
        times.append(1000 * (time.perf_counter() - begin))
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
    return float(np.median(times[5:]))


# Function, minimum, standard deviation of the noise.
FUNCTIONS = {
    "branin": (branin, 0.39788735772973816, 0),
    "hartmann6": (hartmann, -3.32236801141551, 0),
    "rosenbrock10": (rosenbrock, 0, 0),
    "mixed": (mixed, 0, 0),
    "levy4": (levy, 0, 0),
    "embedded12": (embedded, -3.86278214782076, 0),
    "conditional": (conditional, 0, 0),
    "noisy-levy4": (levy, 0, 1),
    "xgboost": (boosted, 0, 0),
}


def distances(name, seed):
    """Of the trial that seems best after each budget."""
    function, minimum, noise = FUNCTIONS[name]
    rng = np.random.default_rng(seed)
    losses, told = [], []

    def objective(trial):
        losses.append(function(trial))
        told.append(losses[-1] + noise * rng.normal())
        return told[-1]

    sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True)
    optuna.create_study(sampler=sampler).optimize(objective, n_trials=BUDGETS[-1])
    return {f"{name}-{budget}-{seed}": losses[int(np.argmin(told[:budget]))] - minimum for budget in BUDGETS}


values = {}
runs = [(name, seed) for name, count in counts.items() for seed in range(count)]
with multiprocessing.get_context("fork").Pool() as pool:
    for found in pool.starmap(distances, runs, chunksize=4):
        values.update(found)
for length in (100, 1000):
    values[f"ask-{length}"] = timed(length)
print(json.dumps({"values": values, "versions": {"optuna": optuna.__version__, "xgboost": xgb.__version__}}))
