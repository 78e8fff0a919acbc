"""Golden values for sequential tests, CUSUM's run length, the block bootstrap and the power of a rate test.

    python -m venv V && V/bin/pip install numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0 savvi==0.3.1 arch==8.0.0
    V/bin/python libs/statistics/golden/make-sequential.py > libs/statistics/src/golden/sequential.json

The evidence against a proportion is savvi's (Lindon & Malek 2022, with a Dirichlet mixture), the bootstrap arch's. The rest
is computed from the definitions in another way than the kernels do it: mixtures by numerical integration, intervals by
root finding, ranks by trying all of them, run lengths by their integral equation (Crowder 1987).
"""

import json
import platform
from importlib.metadata import version

import numpy as np
from arch.bootstrap import MovingBlockBootstrap, StationaryBootstrap
from savvi.multinomial import Multinomial
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import betaln, xlog1py, xlogy
from scipy.stats import binom, norm
from statsmodels.stats.rates import power_poisson_diff_2indep

SEED = 20261125
rng = np.random.default_rng(SEED)


def beta_evidence():
    for p, k, looks in [(0.25, 4, [3, 17, 80]), (0.5, 2, [1, 9, 200]), (0.125, 100, [20, 300, 1000])]:
        test = Multinomial(0.05, np.array([p, 1 - p]), k)
        for trials in looks:
            successes = int(rng.binomial(trials, 1.4 * p))
            test.update(np.array([successes, trials - successes]))
            yield {
                "p": p,
                "prior": {"a": k * p, "b": k * (1 - p)},
                "successes": int(test.counts[0]),
                "failures": int(test.counts[1]),
                "pValue": float(test.calculate_p_value()),
            }


def log_evidence(s, n, p):
    return betaln(s + 0.5, n - s + 0.5) - betaln(0.5, 0.5) - xlogy(s, p) - xlog1py(n - s, -p)


def confidence_sequences():
    for s, n, confidence in [(3, 10, 0.95), (0, 40, 0.95), (40, 40, 0.9), (300, 1000, 0.99), (7, 5000, 0.95)]:
        excess = lambda p: log_evidence(s, n, p) + np.log(1 - confidence)
        low = 0.0 if s == 0 else brentq(excess, 1e-300, s / n, xtol=1e-15)
        high = 1.0 if s == n else brentq(excess, s / n, 1 - 1e-16, xtol=1e-15)
        yield {"successes": s, "trials": n, "confidence": confidence, "low": float(low), "high": float(high)}


def mixture_likelihood(difference, variance, tau):
    """The likelihood ratio averaged over effects from N(0, tau^2), by quadrature."""
    over = lambda effect: norm.pdf(difference, effect, np.sqrt(variance)) * norm.pdf(effect, 0, tau)
    reach = 12 * tau + 12 * np.sqrt(variance) + abs(difference)
    middle = difference * tau**2 / (tau**2 + variance)
    return quad(over, -reach, reach, points=[0, middle], limit=500, epsrel=1e-12)[0] / norm.pdf(
        difference, 0, np.sqrt(variance)
    )


def mixture_sprt():
    for s0, n0, s1, n1, tau in [(100, 1000, 130, 1000, 0.02), (5, 400, 19, 500, 0.05), (300, 900, 310, 900, 0.01)]:
        p0, p1 = s0 / n0, s1 / n1
        ratio = mixture_likelihood(p1 - p0, p0 * (1 - p0) / n0 + p1 * (1 - p1) / n1, tau)
        yield {"baseline": [s0, n0], "canary": [s1, n1], "tau": tau, "pValue": float(min(1, 1 / ratio))}


def mean_sprt():
    for n0, n1, shift, tau in [(50, 60, 0.5, 0.3), (400, 300, 0.1, 0.2), (30, 30, 1.5, 1.0)]:
        first, second = np.round(rng.normal(10, 1, n0), 6), np.round(rng.normal(10 + shift, 1.3, n1), 6)
        variance = first.var(ddof=1) / n0 + second.var(ddof=1) / n1
        ratio = mixture_likelihood(second.mean() - first.mean(), variance, tau)
        yield {
            "baseline": first.tolist(),
            "canary": second.tolist(),
            "tau": tau,
            "pValue": float(min(1, 1 / ratio)),
        }


def mean_confidence_sequences():
    """Waudby-Smith et al. (2024), eq. 3: s sqrt(2 (t r^2 + 1) / (t^2 r^2) log(sqrt(t r^2 + 1) / alpha)), r of eq. 8."""
    for values, confidence, t0 in [([1.0, 2.0], 0.95, 500), (np.sin(np.arange(400)).tolist(), 0.9, 500), ([0.0] * 90 + [1.0] * 10, 0.99, 50)]:
        x, alpha = np.array(values), 1 - confidence
        t, r = len(x), np.sqrt((-2 * np.log(alpha) + np.log(-2 * np.log(alpha) + 1)) / t0)
        root = np.sqrt(t * r**2 + 1)
        width = x.std(ddof=1) * root * np.sqrt(2 * np.log(root / alpha)) / (t * r)
        yield {
            "values": values,
            "confidence": confidence,
            "tightestAt": t0,
            "low": float(x.mean() - width),
            "high": float(x.mean() + width),
        }


def quantile_bounds():
    for rows, share, confidence in [(20, 0.5, 0.95), (200, 0.9, 0.95), (1000, 0.99, 0.99), (60, 0.99, 0.95)]:
        believable = [c for c in range(rows + 1) if log_evidence(c, rows, share) < -np.log(1 - confidence)]
        yield {
            "rows": rows,
            "share": share,
            "confidence": confidence,
            "low": min(believable),
            "high": max(believable),
        }


def quantile_sprt():
    for n0, n1, share, shift in [(30, 40, 0.5, 1.0), (80, 60, 0.9, 0.5), (25, 25, 0.5, 0.0)]:
        first, second = np.round(rng.normal(0, 1, n0), 6), np.round(rng.normal(shift, 1, n1), 6)
        # Any x may be the common quantile: only how many rows of each arm are at or below it counts.
        cuts = np.concatenate([[-np.inf], np.sort(np.concatenate([first, second]))])
        least = min(
            log_evidence((first <= x).sum(), n0, share) + log_evidence((second <= x).sum(), n1, share) for x in cuts
        )
        yield {
            "baseline": first.tolist(),
            "canary": second.tolist(),
            "share": share,
            "pValue": float(min(1, np.exp(-least))),
        }


def safe_test():
    """Turner, Ly & Grunwald (2024), eq. 7: plug-in E-variables with beta(0.18, 0.18) estimates from the blocks before."""
    for alternative, p0, p1 in [("different", 0.2, 0.5), ("greater", 0.05, 0.2), ("less", 0.3, 0.4)]:
        totals, log_e, blocks = np.zeros((2, 2)), 0.0, []
        for _ in range(30):
            n = rng.integers(1, 12, 2)
            s = rng.binomial(n, [p0, p1])
            guess = (totals[:, 0] + 0.18) / (totals[:, 1] + 0.36)
            against = {"different": True, "greater": guess[1] > guess[0], "less": guess[1] < guess[0]}[alternative]
            if against:
                common = (guess * n).sum() / n.sum()
                log_e += binom.logpmf(s, n, guess).sum() - binom.logpmf(s, n, common).sum()
            totals += np.stack([s, n], axis=1)
            blocks.append([s.tolist(), n.tolist(), float(log_e)])
        yield {"alternative": alternative, "blocks": blocks}


def run_length(slack, limit, shift, nodes=96):
    """E[N] of the upper side: L(u) = 1 + L(0) P(z <= k - u) + integral of L(x) phi(x + k - u), by Gauss and Legendre."""
    x, w = np.polynomial.legendre.leggauss(nodes)
    x, w = (x + 1) * limit / 2, w * limit / 2
    system = np.eye(nodes + 1)
    starts = np.append(0, x)
    system[:, 0] -= norm.cdf(slack - shift - starts)
    system[:, 1:] -= norm.pdf(x[None, :] + slack - shift - starts[:, None]) * w
    return np.linalg.solve(system, np.ones(nodes + 1))[0]


def cusum_run_lengths():
    for slack, limits in [(0.25, [3, 6, 8]), (0.5, [2, 4, 5, 8]), (1.0, [2, 3, 4])]:
        for limit in limits:
            for shift in [0, 1] if slack == 0.5 else [0]:
                both = 1 / (1 / run_length(slack, limit, shift) + 1 / run_length(slack, limit, -shift))
                yield {"slack": slack, "limit": limit, "shift": shift, "runLength": float(both)}


def bootstrap():
    noise = rng.normal(0, 1, 300)
    series = np.zeros(300)
    for row in range(1, 300):
        series[row] = 0.6 * series[row - 1] + noise[row]
    series = np.round(series, 6)
    for method, make, length in [
        ("stationary", StationaryBootstrap, 8),
        ("moving", MovingBlockBootstrap, 12),
        ("moving", MovingBlockBootstrap, 1),
    ]:
        drawn = make(length, series, seed=np.random.default_rng(SEED))
        means = drawn.apply(np.mean, 40_000)[:, 0]
        low, high = np.quantile(means, [0.05, 0.95])
        yield {
            "method": method,
            "blockLength": length,
            "series": series.tolist(),
            "standardError": float(means.std(ddof=1)),
            "low": float(low),
            "high": float(high),
        }


def rate_power():
    for first, second, exposure in [(0.5, 1.0, 47), (2.0, 2.5, 200), (10, 11, 90)]:
        power = power_poisson_diff_2indep(first, second, exposure, method_var="alt")
        yield {"from": first, "to": second, "exposure": exposure, "power": float(getattr(power, "power", power))}


packages = ["numpy", "scipy", "statsmodels", "savvi", "arch"]
print(
    json.dumps(
        {
            "header": {
                "command": "python libs/statistics/golden/make-sequential.py",
                "seed": SEED,
                "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
            },
            "betaEvidence": list(beta_evidence()),
            "confidenceSequences": list(confidence_sequences()),
            "mixtureSprt": list(mixture_sprt()),
            "meanSprt": list(mean_sprt()),
            "meanConfidenceSequences": list(mean_confidence_sequences()),
            "quantileBounds": list(quantile_bounds()),
            "quantileSprt": list(quantile_sprt()),
            "safeTest": list(safe_test()),
            "cusumRunLengths": list(cusum_run_lengths()),
            "bootstrap": list(bootstrap()),
            "ratePower": list(rate_power()),
        }
    )
)
