"""Golden values for the two-sample tests, distances and special functions.

    python -m venv V && V/bin/pip install numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0
    V/bin/python libs/statistics/golden/make-tests.py > libs/statistics/src/golden/tests.json
"""

import json
import platform

import numpy as np
import scipy
import statsmodels
from scipy import special, stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.rates import confint_poisson, test_poisson_2indep
from statsmodels.stats.proportion import proportion_confint, proportions_ztest, proportion_effectsize

SEED = 20261123
rng = np.random.default_rng(SEED)


def samples():
    yield "shifted", rng.normal(0, 1, 80), rng.normal(0.6, 1, 60)
    yield "same", rng.normal(0, 1, 50), rng.normal(0, 1, 50)
    yield "ties", rng.integers(0, 5, 70).astype(float), rng.integers(1, 6, 40).astype(float)
    yield "small", rng.normal(0, 1, 7), rng.normal(1, 1, 12)
    yield "skewed", rng.lognormal(0, 1, 90), rng.lognormal(0.4, 1.2, 110)
    yield "disjoint", rng.uniform(0, 1, 20), rng.uniform(2, 3, 30)


def two_samples():
    for name, first, second in samples():
        first, second = np.round(first, 6), np.round(second, 6)
        ks = stats.ks_2samp(first, second, method="exact")
        en = np.sqrt(len(first) * len(second) / (len(first) + len(second)))
        mw = stats.mannwhitneyu(first, second, method="auto")
        yield {
            "name": name,
            "first": first.tolist(),
            "second": second.tolist(),
            "ks": float(ks.statistic),
            "ksExact": float(ks.pvalue),
            "ksAsymptotic": float(special.kolmogorov((en + 0.12 + 0.11 / en) * ks.statistic)),
            "wasserstein": float(stats.wasserstein_distance(first, second)),
            "mannWhitneyU": float(mw.statistic),
            "mannWhitneyP": float(mw.pvalue),
        }


def large():
    """Seeds only: the samples come from a linear congruential generator that both sides compute."""

    def uniform(seed, n):
        state, out = seed, np.empty(n)
        for i in range(n):
            state = (state * 1664525 + 1013904223) % 2**32
            out[i] = state / 2**32
        return out

    first, second = uniform(1, 20000), uniform(2, 15000) ** 1.05
    return {
        "ks": float(stats.ks_2samp(first, second, method="asymp").statistic),
        "wasserstein": float(stats.wasserstein_distance(first, second)),
    }


def ks_tails():
    """P-values of distances far into both tails, from the functions that ks_2samp calls."""
    for n, m, d in [(7, 12, 0.5), (20, 20, 0.6), (300, 200, 0.15), (5000, 4000, 0.03), (5000, 4000, 0.1), (9999, 10000, 0.02)]:
        lcm = n * m // np.gcd(n, m)
        d = round(d * lcm) / lcm
        ok, d, p = stats._stats_py._attempt_exact_2kssamp(n, m, np.gcd(n, m), d, "two-sided")
        assert ok
        yield {"n": n, "m": m, "statistic": float(d), "exact": float(p)}


def mann_whitney():
    for n, m in [(5, 9), (15, 20), (30, 25)]:
        first, second = np.round(rng.normal(0, 1, n), 6), np.round(rng.normal(0.5, 1, m), 6)
        yield {
            "first": first.tolist(),
            "second": second.tolist(),
            "exact": float(stats.mannwhitneyu(first, second, method="exact").pvalue),
            "asymptotic": float(stats.mannwhitneyu(first, second, method="asymptotic").pvalue),
        }


def rates():
    for k1, t1, k2, t2 in [(12, 100.0, 25, 120.0), (0, 50.0, 4, 60.0), (7, 10.0, 7, 10.0), (900, 1000.0, 1010, 1000.0)]:
        low, high = confint_poisson(k1, t1, method="exact-c")
        yield {
            "first": [k1, t1],
            "second": [k2, t2],
            "pValue": float(test_poisson_2indep(k1, t1, k2, t2, method="exact-cond").pvalue),
            "interval": [float(low), float(high)],
        }


def chi_square():
    for first, second in [([10, 20, 30], [15, 15, 40]), ([5, 0, 3, 9], [2, 0, 8, 4]), ([100, 1], [90, 12])]:
        table = np.array([first, second])
        table = table[:, table.sum(axis=0) > 0]
        result = stats.chi2_contingency(table, correction=False)
        yield {
            "first": first,
            "second": second,
            "statistic": float(result.statistic),
            "pValue": float(result.pvalue),
            "effect": float(stats.contingency.association(table, method="cramer")),
        }


def proportions():
    for s1, n1, s2, n2 in [(30, 100, 45, 110), (0, 600, 3, 30), (5, 20, 5, 20), (999, 1000, 990, 1000)]:
        z, p = proportions_ztest([s1, s2], [n1, n2])
        low, high = proportion_confint(s1, n1, method="wilson")
        yield {
            "first": [s1, n1],
            "second": [s2, n2],
            "z": float(z) if np.isfinite(z) else None,
            "pValue": float(p) if np.isfinite(p) else None,
            "wilson": [float(low), float(high)],
        }


p_values = np.round(rng.random(12) ** 3, 6)
x = [0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 30.0]
print(
    json.dumps(
        {
            "header": {
                "command": "python libs/statistics/golden/make-tests.py",
                "seed": SEED,
                "versions": {
                    "python": platform.python_version(),
                    "numpy": np.__version__,
                    "scipy": scipy.__version__,
                    "statsmodels": statsmodels.__version__,
                },
            },
            "twoSamples": list(two_samples()),
            "large": large(),
            "ksTails": list(ks_tails()),
            "mannWhitney": list(mann_whitney()),
            "rates": list(rates()),
            "effects": [
                {
                    "effect": e,
                    "n": float(NormalIndPower().solve_power(e, alpha=0.01, power=0.9, alternative="two-sided")),
                    "power50": float(NormalIndPower().power(e, 50, 0.05, alternative="two-sided")),
                }
                for e in [0.2, 0.5, 1.3]
            ],
            "chiSquare": list(chi_square()),
            "proportions": list(proportions()),
            "sampleSize": [
                {
                    "from": a,
                    "to": b,
                    "n": float(
                        NormalIndPower().solve_power(
                            abs(proportion_effectsize(a, b)), alpha=0.05, power=0.8, alternative="two-sided"
                        )
                    ),
                }
                for a, b in [(0.01, 0.02), (0.1, 0.12), (0.5, 0.4)]
            ],
            "benjaminiHochberg": {
                "pValues": p_values.tolist(),
                "adjusted": multipletests(p_values, method="fdr_bh")[1].tolist(),
            },
            "special": {
                "x": x,
                "logGamma": special.gammaln(x).tolist(),
                "chiSquareTail3": stats.chi2.sf(x, 3).tolist(),
                "normalTail": stats.norm.sf(x).tolist(),
                "normalQuantile": [[p, float(stats.norm.ppf(p))] for p in [1e-12, 0.001, 0.02, 0.3, 0.5, 0.975, 0.9999]],
                "kolmogorovTail": special.kolmogorov(x).tolist(),
            },
            "wilcoxon": [
                {
                    "differences": d.tolist(),
                    "exact": float(stats.wilcoxon(d, method="exact").pvalue),
                    "statistic": float(stats.wilcoxon(d, method="exact").statistic),
                    "approx": float(stats.wilcoxon(d, method="asymptotic", correction=True).pvalue),
                }
                for d in [np.round(rng.normal(0.3, 1, 15), 6), np.round(rng.normal(0, 1, 25), 6)]
            ],
        }
    )
)
