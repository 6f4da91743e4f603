# SPDX-License-Identifier: BSD-3-Clause
"""Sampler gp beside scikit-learn's Gaussian process, mpmath and scipy."""
import os
import subprocess

import h5py
import numpy as np
import pytest
from check_samplers import MIXED, SEED, STRICT, write_study
from digest import digest
from scipy import optimize, stats
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (ConstantKernel, Matern,
                                              WhiteKernel)

mpmath = pytest.importorskip("mpmath")


def drive(*words):
    text = " ".join("%.17g" % w if not isinstance(w, str) else w
                    for word in words for w in np.ravel(word))
    out = subprocess.run([os.environ["GP_DRIVER"]], text=True, check=True,
                         input=text, capture_output=True).stdout
    return [np.array(line.split(), float) for line in out.splitlines()]


def data(n, d, noise=0.1):
    rng = np.random.default_rng([SEED, n, d])
    x = rng.random((n, d))
    y = np.sin(5 * x[:, 0]) + x.sum(1) ** 2 + noise * rng.normal(size=n)
    return x, (y - y.mean()) / y.std(), rng


def sklearns(theta, x, y, optimizer=None):
    *scales, s, noise = np.exp(theta)
    kernel = (ConstantKernel(s) * Matern(scales, nu=2.5)
              + WhiteKernel(noise))
    return GaussianProcessRegressor(kernel, optimizer=optimizer,
                                    alpha=0).fit(x, y)


@pytest.mark.parametrize("n,d", [(2, 1), (7, 2), (16, 3), (33, 5), (130, 8)])
def test_posterior_is_sklearns(n, d):
    x, y, rng = data(n, d)
    theta = np.concatenate([rng.normal(0, 0.5, d), [0.3, -4]])
    at = np.vstack([rng.random((6, d)), x[:1]])
    first, *rows = drive("build", d, n, len(at), np.zeros(d), theta, x, y, at)
    theirs = sklearns(theta, x, y)
    # sklearn's order: scale, length scales, noise
    value, slope = theirs.log_marginal_likelihood(
        np.concatenate([[theta[d]], theta[:d], [theta[d + 1]]]),
        eval_gradient=True)
    assert first[0] == pytest.approx(value, rel=1e-9)
    np.testing.assert_allclose(
        first[1:], np.concatenate([slope[1:d + 1], slope[:1], slope[-1:]]),
        rtol=1e-6, atol=1e-7)
    mean, deviation = theirs.predict(at, return_std=True)
    # theirs has the noise of a new result in it
    variance = deviation**2 - np.exp(theta[d + 1])
    for row, m, v in zip(rows, mean, variance):
        assert row[0] == pytest.approx(m, rel=1e-8, abs=1e-9)
        assert row[1] == pytest.approx(v, rel=1e-6, abs=1e-9)


def test_slopes_of_the_posterior():
    n, d, h = 40, 4, 1e-6
    x, y, rng = data(n, d)
    theta = np.array([-0.5, 0, 0.3, -1, 0.1, -5])
    at = rng.random(d)
    near = np.concatenate([[at], at + h * np.eye(d), at - h * np.eye(d)])
    _, *rows = drive("build", d, n, len(near), np.zeros(d), theta, x, y, near)
    rows = np.array(rows)
    for which in (0, 1):
        expected = (rows[1:d + 1, which] - rows[d + 1:, which]) / (2 * h)
        slope = rows[0, 2 + which * d:2 + (which + 1) * d]
        np.testing.assert_allclose(slope, expected, rtol=1e-5, atol=1e-6)


def test_choices_are_points_of_a_simplex():
    """An unordered coordinate is as good as one-hot columns."""
    rng = np.random.default_rng(SEED)
    n, levels = 30, 4
    c, u = rng.integers(levels, size=n), rng.random(n)
    y = rng.normal(size=n)
    theta = np.array([0.4, -0.3, 0.2, -3])
    first, *rows = drive("build", 2, n, 5, [1, 0], theta,
                         np.stack([c, u], 1), y, np.stack([c, u], 1)[:5])
    hot = np.eye(levels)[c] / np.sqrt(2)
    wide = np.concatenate([[0.4] * levels, theta[1:]])
    theirs = sklearns(wide, np.column_stack([hot, u]), y)
    assert first[0] == pytest.approx(theirs.log_marginal_likelihood_value_,
                                     rel=1e-9)
    mean = theirs.predict(np.column_stack([hot, u])[:5])
    np.testing.assert_allclose([r[0] for r in rows], mean, rtol=1e-8)


@pytest.mark.parametrize("n,d", [(12, 2), (60, 4)])
def test_fit_finds_what_scipy_finds(n, d):
    x, y, _ = data(n, d)
    found = drive("fit", d, n, 0, np.zeros(d), np.zeros(d + 2), x, y)[0]
    theta, prior = found[:d + 2], found[d + 2:].reshape(d + 2, 4)

    def loss(t):
        *scales, s, noise = np.exp(t)
        k = s * Matern(scales, nu=2.5)(x) + noise * np.eye(n)
        value = stats.multivariate_normal(np.zeros(n), k).logpdf(y)
        return -value + 0.5 * np.sum(((t - prior[:, 0]) / prior[:, 1]) ** 2)

    best = optimize.minimize(loss, prior[:, 0], method="L-BFGS-B",
                             bounds=prior[:, 2:])
    assert np.all(theta >= prior[:, 2]) and np.all(theta <= prior[:, 3])
    assert loss(theta) < best.fun + 0.1
    assert loss(theta) < loss(prior[:, 0]) - 3


@pytest.mark.parametrize("n,d", [(20, 1), (60, 2), (128, 4)])
def test_regret_bound_is_the_papers(n, d):
    """Makarova and others: the lowest upper bound at a trial less the lowest
    lower bound anywhere, the posterior scikit-learn's."""
    x, y, rng = data(n, d)
    y = 30 * y - 7
    bound, root, upper, lower, mean, deviation, *theta = drive(
        "regret", d, n, x, y)[0]
    assert mean == pytest.approx(y.mean()) and \
        deviation == pytest.approx(y.std())
    beta = 2 * np.log(d * n**2 * np.pi**2 / (6 * 0.1)) / 5
    assert root == pytest.approx(np.sqrt(beta))
    theirs = sklearns(np.array(theta), x, (y - y.mean()) / y.std())

    def ends(at):
        m, s = theirs.predict(np.atleast_2d(at), return_std=True)
        s = np.sqrt(np.maximum(s**2 - np.exp(theta[-1]), 0))
        return m - root * s, m + root * s

    assert upper == pytest.approx(ends(x)[1].min(), abs=1e-5)
    at = np.vstack([x, rng.random((20000, d))])
    low = ends(at)[0]
    best = min(optimize.minimize(
        lambda p: ends(p)[0][0], at[i], method="L-BFGS-B",
        bounds=[(0, 1)] * d).fun for i in np.argsort(low)[:5])
    assert best - 1e-5 < lower < best + 1e-3
    assert bound == pytest.approx((upper - lower) * y.std())


def test_regret_of_equal_values_is_none():
    x, _, _ = data(30, 2)
    assert drive("regret", 2, 30, x, np.full(30, 0.1))[0][0] == 0


def exact_log_improvement(best, mean, variance):
    sigma = mpmath.sqrt(mpmath.mpf(variance))
    z = (mpmath.mpf(best) - mpmath.mpf(mean)) / sigma
    below = mpmath.erfc(-z / mpmath.sqrt(2)) / 2
    density = mpmath.exp(-z * z / 2) / mpmath.sqrt(2 * mpmath.pi)
    h = density + z * below
    return (mpmath.log(sigma * h), -below / (h * sigma),
            density / (2 * h * sigma**2))


def test_log_improvement_is_exact():
    rng = np.random.default_rng(SEED)
    z = np.concatenate([np.linspace(-30, 10, 161),
                        -np.logspace(1.4, 6, 40), np.logspace(1, 1.8, 5),
                        [-1, np.nextafter(-1, 0), -25, -24.99, 0]])
    mean = rng.normal(size=len(z))
    variance = np.exp(rng.normal(0, 4, len(z)))
    best = mean + z * np.sqrt(variance)
    rows = drive("improve", len(z), np.stack([best, mean, variance], 1))
    for row, b, m, v in zip(rows, best, mean, variance):
        with mpmath.workdps(60):
            exact = exact_log_improvement(b, m, v)
        # the last bit of z alone is worth z^2 / 2^52
        slack = 1e-12 + 1e-15 * (b - m) ** 2 / v
        for ours, other in zip(row, exact):
            assert ours == pytest.approx(float(other), rel=1e-9 + slack,
                                         abs=slack)


def test_log_improvement_far_out():
    z = -np.logspace(3, 100, 50)
    rows = np.array(drive("improve", len(z), np.stack(
        [z, np.zeros(len(z)), np.ones(len(z))], 1)))
    expected = (-z**2 / 2 - 0.5 * np.log(2 * np.pi) - 2 * np.log(-z)
                + np.log1p(-3 / z**2))
    np.testing.assert_allclose(rows[:, 0], expected, rtol=1e-12)
    np.testing.assert_allclose(rows[:, 1], z - 2 / -z, rtol=1e-4)
    assert np.all(np.isfinite(rows))


@pytest.mark.parametrize("value", [0.1, -7e5, 0])
def test_equal_values_are_nothing(value):
    for n in (3, 10, 49):
        assert not drive("warp", n, np.full(n, value))[0].any()


def test_warp_is_yeo_johnsons():
    rng = np.random.default_rng(SEED)
    for y in (np.exp(rng.normal(size=80)), rng.normal(size=50),
              -np.exp(1.5 * rng.normal(size=120))):
        ours = drive("warp", len(y), y)[0]
        scaled = (y - y.mean()) / y.std()
        power = np.clip(stats.yeojohnson_normmax(scaled), -1, 1)
        theirs = stats.yeojohnson(scaled, power)
        theirs = (theirs - theirs.mean()) / theirs.std()
        assert np.array_equal(np.argsort(ours), np.argsort(y))
        np.testing.assert_allclose(ours, theirs, atol=0.05)


def test_same_study_on_any_ranks(tool):
    study = write_study(tool.folder, MIXED, 'name="gp"', 60)
    found = {}
    for ranks in (1, 2, 3, 5):
        out = f"s{ranks}.h5"
        tool.run("run", study, *STRICT, "--output", out, ranks=ranks,
                 HPOTUNE_TEST_DELAY=str(ranks))
        found[ranks] = digest(tool.folder / out)
    assert len(set(found.values())) == 1, found


def test_finds_the_optimum_in_few_trials(tool):
    study = write_study(
        tool.folder, ['<float name="x0" low="-5" high="10"/>',
                      '<float name="x1" low="0" high="15"/>'],
        'name="gp"', 60, function="branin")
    tool.run("run", study, "--quiet", ranks=3)
    with h5py.File(tool.folder / "s.h5", "r") as f:
        assert f["trials"]["value"].min() < 0.3979 + 0.01
