"""Golden values for hyper-parameter search: single steps of Optuna, whose rules ours follow.

    python -m venv V && V/bin/pip install optuna==5.0.0 numpy==2.4.6 scipy==1.17.1 mpmath==1.3.0
    V/bin/python services/trainer/src/domain/search/golden/make-golden.py > services/trainer/src/domain/search/golden/optuna-5.0.0.json
"""

import json
import math
import platform
import warnings

import numpy as np
import optuna
import scipy
from optuna._hypervolume.hssp import _solve_hssp
from optuna._hypervolume.wfg import compute_hypervolume
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.pruners import HyperbandPruner, MedianPruner, SuccessiveHalvingPruner, WilcoxonPruner
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters
from optuna.samplers._tpe.sampler import _get_reference_point, _split_trials, default_gamma, default_weights
from optuna.study._multi_objective import _fast_non_domination_rank
from optuna.trial import TrialState, create_trial
from scipy.special import log_ndtr, ndtr
from scipy.stats import qmc

SEED = 20261124
rng = np.random.default_rng(SEED)
warnings.filterwarnings("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)


def parameter(distribution):
    if isinstance(distribution, CategoricalDistribution):
        return {"kind": "categorical", "choices": list(distribution.choices)}
    kind = "int" if isinstance(distribution, IntDistribution) else "float"
    out = {"kind": kind, "low": distribution.low, "high": distribution.high}
    if distribution.log:
        out["log"] = True
    elif distribution.step is not None:
        out["step"] = distribution.step
    return out


SPACES = {
    "float": {"x": FloatDistribution(-5, 10)},
    "log": {"x": FloatDistribution(1e-5, 1, log=True)},
    "int": {"x": IntDistribution(1, 12)},
    "wide int": {"x": IntDistribution(0, 5000)},
    "int step": {"x": IntDistribution(0, 100, step=5)},
    "log int": {"x": IntDistribution(1, 1000, log=True)},
    "step": {"x": FloatDistribution(0, 1, step=0.05)},
    "categorical": {"x": CategoricalDistribution(["a", "b", "c"])},
    "mixed": {
        "a": FloatDistribution(0, 1),
        "b": FloatDistribution(0.001, 10, log=True),
        "c": IntDistribution(1, 9),
        "d": CategoricalDistribution(["relu", "tanh"]),
    },
}


def draw(distribution, count):
    if isinstance(distribution, CategoricalDistribution):
        return rng.integers(0, len(distribution.choices), count).astype(float)
    low, high = distribution.low, distribution.high
    if distribution.log:
        values = np.exp(rng.uniform(math.log(low), math.log(high), count))
    else:
        values = rng.uniform(low, high, count)
    if distribution.step is not None:
        values = np.clip(np.round((values - low) / distribution.step) * distribution.step + low, low, high)
    return values


def parzen():
    options = _ParzenEstimatorParameters(1.0, True, False, default_weights, True)
    for name, space in SPACES.items():
        # With equal values and unequal weights the reference depends on an unstable sort: only continuous ones go past 25.
        continuous = all(isinstance(d, FloatDistribution) and d.step is None for d in space.values())
        for rows in (0, 1, 2, 9, 40) if continuous else (0, 1, 2, 9):
            if name == "mixed" and rows > 2:
                space = {**space, "c": IntDistribution(1, 10**6)}
            observed = {key: draw(d, rows) for key, d in space.items()}
            points = {key: draw(d, 7) for key, d in space.items()}
            estimator = _ParzenEstimator(observed, space, options)
            yield {
                "name": f"{name}, {rows} points",
                "space": {key: parameter(d) for key, d in space.items()},
                "observed": {key: values.tolist() for key, values in observed.items()},
                "points": {key: values.tolist() for key, values in points.items()},
                "weights": estimator._mixture_distribution.weights.tolist(),
                "logDensity": estimator.log_pdf(points).tolist(),
            }


def study_of(trials, directions=("minimize",), **options):
    study = optuna.create_study(directions=list(directions), **options)
    for trial in trials:
        study.add_trial(trial)
    return study


def describe(study):
    out = []
    for trial in study.trials:
        entry = {
            "number": trial.number,
            "state": {"COMPLETE": "complete", "PRUNED": "pruned", "RUNNING": "running"}[trial.state.name],
            "parameters": trial.params,
            "reports": [{"step": s, "value": encode(v)} for s, v in sorted(trial.intermediate_values.items())],
        }
        if trial.state == TrialState.COMPLETE:
            entry["values"] = [encode(v) for v in trial.values]
        out.append(entry)
    return out


def encode(value):
    if math.isnan(value):
        return "NaN"
    return value if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")


def splits():
    for direction in ("minimize", "maximize"):
        trials = []
        for index in range(30):
            kind = rng.choice(["complete", "pruned", "running"], p=[0.5, 0.35, 0.15])
            reports = {}
            if kind == "pruned" and rng.random() < 0.85:
                for step in range(int(rng.integers(1, 4))):
                    reports[step] = float("nan") if rng.random() < 0.1 else float(np.round(rng.normal(), 2))
            trials.append(
                create_trial(
                    state=TrialState[kind.upper()],
                    value=float(np.round(rng.normal(), 1)) if kind == "complete" else None,
                    intermediate_values=reports,
                )
            )
        trials.append(create_trial(value=float("inf")))
        study = study_of(trials, (direction,))
        for good in (0, 1, 4, 20, 27):
            below, above = _split_trials(study, study.trials, good)
            yield {
                "directions": [direction],
                "trials": describe(study),
                "good": good,
                "below": [t.number for t in below],
                "above": [t.number for t in above],
            }
    for directions in (("minimize", "maximize"), ("minimize", "minimize", "minimize"), ("maximize",) * 4):
        values = np.round(rng.normal(size=(40, len(directions))), 2)
        study = study_of([create_trial(values=row.tolist()) for row in values], directions)
        for good in (1, 4, 9, 25):
            below, above = _split_trials(study, study.trials, good)
            yield {
                "directions": list(directions),
                "trials": describe(study),
                "good": good,
                "below": [t.number for t in below],
                "above": [t.number for t in above],
            }


def hypervolumes():
    for objectives in (2, 3, 4, 5):
        points = np.round(rng.uniform(0, 1, (14, objectives)), 3)
        reference = _get_reference_point(points)
        front = np.abs(rng.normal(size=(12, objectives)))
        front = np.round(front / np.linalg.norm(front, axis=1, keepdims=True), 4)
        yield {
            "points": points.tolist(),
            "reference": reference.tolist(),
            "volume": float(compute_hypervolume(points, reference)),
            "ranks": _fast_non_domination_rank(points).tolist(),
            "front": front.tolist(),
            "chosen": {
                str(k): sorted(_solve_hssp(front, np.arange(len(front)), k, _get_reference_point(front)).tolist())
                for k in (1, 3, 6)
            },
        }


def sobol():
    engine = qmc.Sobol(40, scramble=False)
    return engine.random(64).tolist()


def normals():
    z = [-37.0, -30, -20, -13, -8, -6, -5.7, -5.6, -4, -3, -2, -1, -0.7, -0.6, -0.1, 0, 0.3, 1, 2, 5, 6, 9]
    strips = [(-1, 1), (-0.01, 0.02), (-5, -4.9), (-13, -12.99), (-13, -12), (3, 3.2), (0.4, 0.41), (-8, -2), (2, 9), (-0.001, 0.001), (-13, 14)]
    from mpmath import mp, ncdf, log, mpf

    mp.dps = 40
    return {
        "cdf": [[x, float(ncdf(mpf(x)))] for x in z],
        "logMass": [[a, b, float(log(ncdf(mpf(b)) - ncdf(mpf(a))))] for a, b in strips],
    }


def judge(pruner, directions, histories, state=TrialState.COMPLETE):
    """Runs trials in order, each asked after every report; answers (trial, step, verdict) as the pruner saw it."""
    study = optuna.create_study(direction=directions, pruner=pruner, study_name="golden")
    log = []
    for history in histories:
        trial = study.ask()
        pruned = False
        for step, value in history:
            trial.report(value, step)
            pruned = trial.should_prune()
            log.append([trial.number, step, bool(pruned)])
            if pruned:
                break
        if pruned:
            study.tell(trial, state=TrialState.PRUNED)
        else:
            final = history[-1][1]
            study.tell(trial, final if math.isfinite(final) else 0.0)
    return {"histories": [[[s, encode(v)] for s, v in h] for h in histories], "direction": directions, "log": log}


def curves(count, steps, spread=0.4):
    for index in range(count):
        level = rng.normal()
        values = [float(np.round(level + 3 * math.exp(-step / 4) + spread * rng.normal(), 3)) for step in range(steps)]
        if index % 7 == 6:
            values[int(rng.integers(0, steps))] = float("nan")
        yield [[step, value] for step, value in enumerate(values)]


def pruners():
    for direction in ("minimize", "maximize"):
        yield {"pruner": {"kind": "median"}, **judge(MedianPruner(), direction, list(curves(20, 8)))}
        yield {
            "pruner": {"kind": "median", "startupTrials": 2, "warmupSteps": 2, "intervalSteps": 3, "minTrials": 3},
            **judge(MedianPruner(2, 2, 3, n_min_trials=3), direction, list(curves(20, 12))),
        }
        yield {
            "pruner": {"kind": "successive-halving", "minResource": 1, "reductionFactor": 3},
            **judge(SuccessiveHalvingPruner(1, 3), direction, list(curves(40, 30))),
        }
        yield {
            "pruner": {"kind": "successive-halving", "minResource": 2, "reductionFactor": 2, "minEarlyStoppingRate": 1, "bootstrapCount": 3},
            **judge(SuccessiveHalvingPruner(2, 2, 1, 3), direction, list(curves(40, 20))),
        }
        yield {
            "pruner": {"kind": "hyperband", "minResource": 1, "maxResource": 30, "reductionFactor": 3},
            **judge(HyperbandPruner(1, 30, 3), direction, list(curves(60, 30))),
        }
        wilcoxon = [[[s, v if math.isfinite(v) else 0.0] for s, v in h] for h in curves(25, 16, 0.8)]
        wilcoxon += [[[s, round(v)] for s, v in h] for h in wilcoxon[:10]]
        yield {"pruner": {"kind": "wilcoxon"}, **judge(WilcoxonPruner(), direction, wilcoxon)}
        yield {
            "pruner": {"kind": "wilcoxon", "pThreshold": 0.3, "startupSteps": 5},
            **judge(WilcoxonPruner(p_threshold=0.3, n_startup_steps=5), direction, wilcoxon),
        }


def brackets():
    for least, most, eta in ((1, 100, 3), (1, 16, 2), (4, 500, 4), (2, 2, 3)):
        pruner = HyperbandPruner(least, most, eta)
        study = optuna.create_study(study_name="golden")
        pruner._try_initialization(study)
        ids = [pruner._get_bracket_id(study, create_trial_number(n)) for n in range(40)]
        yield {
            "options": {"kind": "hyperband", "minResource": least, "maxResource": most, "reductionFactor": eta},
            "shares": pruner._trial_allocation_budgets,
            "brackets": ids,
        }


class create_trial_number:
    def __init__(self, number):
        self.number = number


def importances():
    space = {
        "x": FloatDistribution(-3, 3),
        "lr": FloatDistribution(1e-4, 1, log=True),
        "depth": IntDistribution(1, 9),
        "width": IntDistribution(1, 512, log=True),
        "share": FloatDistribution(0, 1, step=0.1),
        "kind": CategoricalDistribution(["a", "b", "c"]),
    }

    def trials_of(count, objectives, conditional):
        for _ in range(count):
            params, distributions = {}, {}
            for name, d in space.items():
                value = float(draw(d, 1)[0])
                if isinstance(d, CategoricalDistribution):
                    value = d.choices[int(value)]
                elif isinstance(d, IntDistribution):
                    value = int(value)
                params[name], distributions[name] = value, d
            if conditional and params["kind"] == "a":
                del params["depth"], distributions["depth"]
            y = params["x"] ** 2 + 0.5 * abs(math.log10(params["lr"]) + 2) + (params["kind"] == "b") + 0.05 * params.get("depth", 0)
            second = params["share"] - 0.3 * params["x"]
            yield create_trial(params=params, distributions=distributions, values=[float(y), float(second)][:objectives])

    for count, directions, conditional in (
        (60, ("minimize",), False),
        (60, ("maximize",), False),
        (120, ("minimize",), True),
        (3, ("minimize",), False),
        (80, ("minimize", "maximize"), False),
    ):
        study = study_of(list(trials_of(count, len(directions), conditional)), directions)
        settings = {"target_quantile": 0.1, "region_quantile": 1.0}
        yield {
            "directions": list(directions),
            "space": {k: {**parameter(d), **({"when": [{"parameter": "kind", "in": ["b", "c"]}]} if conditional and k == "depth" else {})} for k, d in space.items()},
            "trials": describe(study),
            "raw": PedAnovaImportanceEvaluator(**settings).evaluate(study),
            "importances": get_param_importances(study),
        }


print(
    json.dumps(
        {
            "command": "make-golden.py",
            "seed": SEED,
            "versions": {"optuna": optuna.__version__, "numpy": np.__version__, "scipy": scipy.__version__, "python": platform.python_version()},
            "normal": normals(),
            "sobol": sobol(),
            "weights": {str(n): default_weights(n).tolist() for n in (0, 1, 24, 25, 26, 30)},
            "gamma": [default_gamma(n) for n in range(0, 400)],
            "parzen": list(parzen()),
            "splits": list(splits()),
            "hypervolumes": list(hypervolumes()),
            "pruners": list(pruners()),
            "brackets": list(brackets()),
            "importances": list(importances()),
        }
    )
)
