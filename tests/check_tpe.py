# SPDX-License-Identifier: BSD-3-Clause
"""Our Parzen estimators are Optuna's: densities and draws on random cases.

Drives the program tpe_driver (TPE_DRIVER, else tests/tpe_driver under the
current folder).  Optuna's bandwidth is set to ours, which is smaller; where
bandwidths follow the spread, scipy's normal distribution is the reference.
"""
import os
import subprocess
import warnings

import numpy as np
import pytest

optuna = pytest.importorskip("optuna")
if not optuna.__version__.startswith("3.1"):
    pytest.skip("compares with the insides of Optuna 3.1",
                allow_module_level=True)
from optuna.distributions import (CategoricalDistribution, FloatDistribution,
                                  IntDistribution)
from optuna.samplers._tpe import parzen_estimator as theirs
from optuna.samplers._tpe.sampler import default_weights
from scipy import stats

SEED = int(os.environ.get("HPO_TEST_SEED", "20261121"))
DRIVER = os.environ.get("TPE_DRIVER", "tests/tpe_driver")
BANDWIDTH = 0.14

# kind, low, high, step, log
AXES = [("float", 0, 1, 0, 0), ("float", 1e-3, 10, 0, 1),
        ("float", 0.5, 1, 0.05, 0), ("int", 3, 15, 1, 0),
        ("int", 50, 300, 1, 0), ("choice", 0, 3, 0, 0)]


def draw(rng, axis, n):
    kind, low, high, step, log = axis
    if kind == "choice":
        return rng.integers(0, high + 1, n).astype(float)
    if log:
        return np.exp(rng.uniform(np.log(low), np.log(high), n))
    if step:
        cells = round((high - low) / step)
        return np.round(low + step * rng.integers(0, cells + 1, n), 12)
    return rng.uniform(low, high, n)


def distribution(axis):
    kind, low, high, step, log = axis
    if kind == "choice":
        return CategoricalDistribution(list(range(high + 1)))
    if kind == "int":
        return IntDistribution(low, high, step=step, log=bool(log))
    return FloatDistribution(low, high, step=step or None, log=bool(log))


def is_same(a, b):
    """Whether two samples are of one distribution (grids up to digits)."""
    return stats.ks_2samp(np.round(a, 9), np.round(b, 9)).pvalue > 1e-5


def ours(axes, seen, points, multivariate, spread=False):
    lines = [f"{int(multivariate)} {int(spread)} {len(axes)}"]
    lines += [" ".join(map(str, a)) for a in axes]
    lines.append(f"{len(seen)} {len(points)}")
    lines += [" ".join("%.17g" % v for v in row)
              for row in [*seen, *points]]
    out = subprocess.run([DRIVER], input="\n".join(lines), text=True,
                         capture_output=True, check=True).stdout.split("\n")
    density = np.array([float(v) for v in out[:len(points)]])
    draws = np.array([[float(v) for v in row.split()]
                      for row in out[len(points):] if row])
    return density, draws


def optunas(axes, seen, multivariate):
    options = theirs._ParzenEstimatorParameters(
        True, 1.0, True, False, default_weights, multivariate)
    return theirs._ParzenEstimator(
        {f"x{i}": seen[:, i] for i in range(len(axes))},
        {f"x{i}": distribution(a) for i, a in enumerate(axes)}, options)


@pytest.mark.parametrize("n", [1, 7, 24, 25, 26, 90, 400])
@pytest.mark.parametrize("d", [1, 3, 5])
def test_joint_density(n, d, monkeypatch):
    warnings.simplefilter("ignore")
    monkeypatch.setattr(theirs, "SIGMA0_MAGNITUDE", BANDWIDTH)
    rng = np.random.default_rng([SEED, n, d])
    for _ in range(2):
        # on a wide grid we take heights, as on a float; Optuna masses
        narrow = [a for a in AXES if a[2] != 300]
        axes = [narrow[i] for i in rng.permutation(len(narrow))[:d]]
        seen = np.stack([draw(rng, a, n) for a in axes], 1)
        points = np.stack([draw(rng, a, 30) for a in axes], 1)
        # near observations too
        points[:10] = seen[rng.integers(0, n, 10)]
        estimator = optunas(axes, seen, True)
        columns = {f"x{i}": (points[:, i].astype(int) if a[0] == "choice"
                             else points[:, i]) for i, a in enumerate(axes)}
        density, draws = ours(axes, seen, points, True)
        expected = estimator.log_pdf(columns)
        assert np.allclose(density, expected, atol=0.02)
        sample = estimator.sample(np.random.RandomState(1), 1000)
        for i in range(d):
            assert is_same(draws[:, i], sample[f"x{i}"]), axes[i]


def spread_density(axis_seen, points, n):
    """On floats in [0, 1]: product kernels by height, as wide as the weighted
    spread of observations and prior times n^(-1/(d + 2)), at least 0.03."""
    d = axis_seen.shape[1]
    old = max(n - 25, 0)
    weights = np.concatenate([np.linspace(1 / n, 1, old),
                              np.ones(n - old), [1]])
    mean = weights @ np.vstack([axis_seen, np.full(d, 0.5)]) / weights.sum()
    off = np.vstack([(axis_seen - mean) ** 2, 1 / 12 + (0.5 - mean) ** 2])
    sigma = np.sqrt(weights @ off / weights.sum()) * n ** (-1 / (d + 2))
    sigma = np.clip(sigma, 0.03, 1)
    mu = np.vstack([axis_seen, np.full(d, 0.5)])
    width = np.vstack([np.tile(sigma, (n, 1)), np.ones(d)])
    inside = stats.norm.cdf(1, mu, width) - stats.norm.cdf(0, mu, width)
    z = (points[:, None, :] - mu) / width
    height = np.exp(-z * z / 2) / np.sqrt(2 * np.pi) / inside
    return np.log(height.prod(2) @ weights / weights.sum())


@pytest.mark.parametrize("n", [1, 8, 60])
@pytest.mark.parametrize("d", [2, 6])
@pytest.mark.parametrize("width", [1, 0.1, 0.001])
def test_bandwidths_follow_the_spread(n, d, width):
    rng = np.random.default_rng([SEED, n, d])
    axes = [("float", 0, 1, 0, 0)] * d
    seen = np.clip(0.7 + width * (rng.uniform(0, 1, (n, d)) - 0.7), 0, 1)
    points = np.vstack([seen, rng.uniform(0, 1, (20, d))])
    density, draws = ours(axes, seen, points, True, spread=True)
    assert np.allclose(density, spread_density(seen, points, n), atol=0.01)
    assert ((draws >= 0) & (draws <= 1)).all()


@pytest.mark.parametrize("n", [1, 7, 26, 90])
def test_single_draws(n):
    rng = np.random.default_rng([SEED, n])
    for axis in AXES:
        seen = draw(rng, axis, n)[:, None]
        _, draws = ours([axis], seen, seen[:1], False)
        sample = optunas([axis], seen, False).sample(
            np.random.RandomState(1), 1000)
        assert is_same(draws[:, 0], sample["x0"]), axis


@pytest.mark.parametrize("axis", AXES)
def test_single_density_sums_to_one(axis):
    rng = np.random.default_rng(SEED)
    kind, low, high, step, log = axis
    seen = draw(rng, axis, 30)[:, None]
    if kind == "choice" or step:
        grid = np.arange(low, high + (step or 1) / 2, step or 1)
        weight = 1 if kind == "choice" or len(grid) <= 64 else 1 / len(grid)
    else:
        u = (np.arange(4000) + 0.5) / 4000
        grid = low * (high / low) ** u if log else low + (high - low) * u
        weight = 1 / 4000
    density, _ = ours([axis], seen, grid[:, None], False)
    assert abs(np.exp(density).sum() * weight - 1) < 0.01
