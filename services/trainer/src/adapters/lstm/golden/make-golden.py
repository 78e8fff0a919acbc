"""Makes lstm.json from a plain NumPy LSTM in double precision, for train-lstm.spec.ts.

    python3 -m venv .venv && .venv/bin/pip install numpy==2.4.6
    .venv/bin/python make-golden.py > lstm.json

Seed 11. Written from the formulas alone, step by step and with Keras's layout: scaler, forward pass, back-propagation
through time, log loss mixed with a teacher's, clipping by the global norm, Adam with decoupled decay, cosine schedule.
"""

import json
import sys

import numpy as np

rng = np.random.default_rng(11)
ROWS, STEPS, CHANNELS, UNITS = 7, 5, 3, [4, 3]
TEMPERATURE, SHARE, CLIP, DECAY, PEAK, WARM_UP, FINAL, EPOCHS = 3.0, 0.4, 0.5, 0.01, 0.02, 2, 0.1, 6


def single(values):
    return np.asarray(values, dtype=np.float32).astype(np.float64)


X = rng.normal(loc=[50, 0, -3], scale=[20, 1, 0.1], size=(ROWS, STEPS, CHANNELS)).astype(np.float32)
X[0, :2] = np.nan  # padding
X[3, 2, 1] = np.nan  # a single value that is not known
y = rng.integers(0, 2, ROWS).astype(np.float64)
weight = single(rng.uniform(0.5, 2, ROWS))
teacher = single(rng.uniform(0.05, 0.95, ROWS))

flat = X.reshape(-1, CHANNELS).astype(np.float64)
mean, scale = single(np.nanmean(flat, axis=0)), single(np.nanstd(flat, axis=0))
scaled = np.nan_to_num(single((X - mean.astype(np.float32)) / scale.astype(np.float32)))

weights, inputs = [], CHANNELS
for units in UNITS:
    weights += [
        single(rng.normal(scale=0.4, size=(inputs, 4 * units))),
        single(rng.normal(scale=0.4, size=(units, 4 * units))),
        single(rng.normal(scale=0.2, size=4 * units)),
    ]
    inputs = units
weights += [single(rng.normal(size=(inputs, 1))), single(rng.normal(size=1))]


def s(z):
    return 1 / (1 + np.exp(-z))


def forward(weights, x):
    traces, sequence = [], [x[:, t] for t in range(STEPS)]
    for layer, units in enumerate(UNITS):
        kernel, recurrent, bias = weights[3 * layer : 3 * layer + 3]
        h, c, trace = np.zeros((ROWS, units)), np.zeros((ROWS, units)), []
        for given in sequence:
            i, f, g, o = np.split(given @ kernel + h @ recurrent + bias, 4, axis=1)
            i, f, g, o = s(i), s(f), np.tanh(g), s(o)
            after = f * c + i * g
            trace.append((given, h, c, i, f, g, o, after))
            c, h = after, o * np.tanh(after)
        traces.append(trace)
        sequence = [o * np.tanh(after) for *_, o, after in trace]
    return (sequence[-1] @ weights[-2] + weights[-1])[:, 0], traces, sequence[-1]


def log_loss(z, p):
    return np.log1p(np.exp(z)) - p * z


def loss_and_gradient(weights, distilled):
    z, traces, state = forward(weights, scaled)
    a = SHARE if distilled else 0.0
    zt = np.log(teacher / (1 - teacher)) / TEMPERATURE
    q = s(zt)
    kl = log_loss(z / TEMPERATURE, q) - log_loss(zt, q)
    each = (1 - a) * log_loss(z, y) + a * TEMPERATURE**2 * kl
    slope = (1 - a) * (s(z) - y) + a * TEMPERATURE * (s(z / TEMPERATURE) - q)
    slope = (weight * slope / weight.sum())[:, None]
    gradient = [np.zeros_like(w) for w in weights]
    gradient[-2], gradient[-1] = state.T @ slope, slope.sum(axis=0)
    above = [np.zeros((ROWS, UNITS[-1])) for _ in range(STEPS)]
    above[-1] = slope @ weights[-2].T
    for layer in reversed(range(len(UNITS))):
        kernel, recurrent, _ = weights[3 * layer : 3 * layer + 3]
        dh, dc, below = np.zeros((ROWS, UNITS[layer])), np.zeros((ROWS, UNITS[layer])), [None] * STEPS
        for t in reversed(range(STEPS)):
            given, h, c, i, f, g, o, after = traces[layer][t]
            dh = dh + above[t]
            dc = dc + dh * o * (1 - np.tanh(after) ** 2)
            dz = np.concatenate(
                [dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh * np.tanh(after) * o * (1 - o)],
                axis=1,
            )
            gradient[3 * layer] += given.T @ dz
            gradient[3 * layer + 1] += h.T @ dz
            gradient[3 * layer + 2] += dz.sum(axis=0)
            below[t], dh, dc = dz @ kernel.T, dz @ recurrent.T, dc * f
        above = below
    return float(np.average(each, weights=weight)), gradient, z


def check_by_differences(weights):
    _, gradient, _ = loss_and_gradient(weights, True)
    for index, part in enumerate(gradient):
        for at in np.ndindex(part.shape):
            moved = [[w.copy() for w in weights] for _ in range(2)]
            moved[0][index][at] += 1e-6
            moved[1][index][at] -= 1e-6
            up, down = (loss_and_gradient(m, True)[0] for m in moved)
            assert abs((up - down) / 2e-6 - part[at]) < 1e-7, (index, at)


def train(distilled):
    w = [part.copy() for part in weights]
    m, v, losses = [np.zeros_like(p) for p in w], [np.zeros_like(p) for p in w], []
    for step in range(EPOCHS):
        loss, gradient, _ = loss_and_gradient(w, distilled)
        losses.append(loss)
        norm = np.sqrt(sum((g**2).sum() for g in gradient))
        gradient = [g * min(1, CLIP / norm) for g in gradient]
        progress = (step - WARM_UP) / (EPOCHS - 1 - WARM_UP)
        rate = PEAK * (step + 1) / WARM_UP if step < WARM_UP else PEAK * (FINAL + (1 - FINAL) * (1 + np.cos(np.pi * progress)) / 2)
        for k, g in enumerate(gradient):
            m[k] = 0.9 * m[k] + 0.1 * g
            v[k] = 0.999 * v[k] + 0.001 * g**2
            decay = DECAY * w[k] if w[k].ndim == 2 else 0
            w[k] = w[k] - rate * (m[k] / (1 - 0.9 ** (step + 1)) / (np.sqrt(v[k] / (1 - 0.999 ** (step + 1))) + 1e-8) + decay)
    return {"losses": losses, "weights": [listed(p) for p in w]}


def listed(array):
    return [None if np.isnan(value) else float(value) for value in np.asarray(array).ravel()]


check_by_differences(weights)
_, gradient, logits = loss_and_gradient(weights, True)
json.dump(
    {
        "made": f"NumPy {np.__version__}, seed 11",
        "shape": {"rows": ROWS, "steps": STEPS, "channels": CHANNELS, "units": UNITS},
        "settings": {"temperature": TEMPERATURE, "share": SHARE, "clip": CLIP, "decay": DECAY, "peak": PEAK, "warmUp": WARM_UP, "final": FINAL, "epochs": EPOCHS},
        "values": listed(X), "label": listed(y), "weight": listed(weight), "teacher": listed(teacher),
        "mean": listed(mean), "scale": listed(scale), "scaled": listed(scaled),
        "weights": [listed(w) for w in weights],
        "logits": listed(logits), "gradient": [listed(g) for g in gradient],
        "labelsOnly": train(False), "distilled": train(True),
    },
    sys.stdout,
)
