# SPDX-License-Identifier: BSD-3-Clause
"""Samplers beside independent references, and in whole runs."""
import os
import subprocess
import time

import h5py
import numpy as np
import pytest
from check_run import finished
from digest import digest
from scipy.stats import qmc

cmaes = pytest.importorskip("cmaes")
SEED = int(os.environ.get("HPO_TEST_SEED", "20261121"))

STRICT = ("--set", "parallel/order=strict", "--quiet")


def write_study(folder, params, sampler, trials, function="sphere", seed=5):
    """params: elements of the space; sampler: attributes of <sampler>."""
    path = folder / "s.xml"
    path.write_text(
        f'<study name="s" seed="{seed}"><model kind="function" '
        f'objective="{function}">{"".join(params)}</model>'
        '<objective metric="value" direction="minimize"/>'
        f'<sampler {sampler}/><budget trials="{trials}"/>'
        '<output file="s.h5" models="none"/></study>')
    return path


def unit_params(d):
    return [f'<float name="x{i}" low="0" high="1"/>' for i in range(d)]


def points(path, d):
    with h5py.File(path, "r") as f:
        rows = f["trials"][:]
    return np.stack([rows[f"params.x{i}"] for i in range(d)], 1)


def test_sobol_is_scipys(tool):
    tool.run("run", write_study(tool.folder, unit_params(128),
                                'name="qmc" scramble="no"', 200),
             "--quiet")
    expected = qmc.Sobol(128, scramble=False).random(256)[:200]
    assert np.array_equal(points(tool.folder / "s.h5", 128), expected)


def test_sobol_scrambled_is_even(tool):
    d, n = 6, 256
    tool.run("run", write_study(tool.folder, unit_params(d), 'name="qmc"', n),
             "--quiet")
    ours = qmc.discrepancy(points(tool.folder / "s.h5", d))
    scipys = [qmc.discrepancy(qmc.Sobol(d, seed=s).random(n))
              for s in range(20)]
    rng = np.random.default_rng(1)
    random = [qmc.discrepancy(rng.random((n, d))) for _ in range(20)]
    assert ours < 1.5 * max(scipys)
    assert ours < 0.5 * min(random)


def rosenbrock(x):
    return float(np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))


def whole_and_real(x):
    return float(np.sum((x - 1.3 * np.arange(len(x))) ** 2) + x[0] * x[-1])


def drive_cma(n, population, sigma, mean, cells, generations, adapt=0):
    words = [n, population, sigma, adapt, *mean, *cells, len(generations)]
    for points_of_one in generations:
        words += list(np.ravel(points_of_one))
    out = subprocess.run([os.environ["CMA_DRIVER"]], text=True, check=True,
                         input=" ".join("%.17g" % w for w in words),
                         capture_output=True).stdout
    return [np.array(line.split(), float) for line in out.splitlines()]


@pytest.mark.parametrize("n,population", [(2, None), (5, None), (5, 30),
                                          (12, None), (3, 4)])
def test_cma_updates_as_cmaes(n, population):
    rng = np.random.default_rng([SEED, n])
    mean = rng.normal(size=n)
    theirs = cmaes.CMA(mean=mean, sigma=0.7, seed=n,
                       population_size=population)
    generations, expected = [], []
    for _ in range(25):
        told = [(x, rosenbrock(x)) for x in
                (theirs.ask() for _ in range(theirs.population_size))]
        told.sort(key=lambda s: s[1])
        generations.append([x for x, _ in told])
        theirs.tell(told)
        expected.append((theirs._sigma, theirs._mean.copy(),
                         theirs._C.copy()))
    rows = drive_cma(n, theirs.population_size, 0.7, mean, [0] * n,
                     generations)
    for row, (sigma, mean, cov) in zip(rows, expected):
        assert np.isclose(row[0], sigma, rtol=1e-7)
        assert np.allclose(row[1:n + 1], mean, rtol=1e-7, atol=1e-9)
        assert np.array_equal(row[n + 1:2 * n + 1], np.ones(n))
        assert np.allclose(row[2 * n + 1:].reshape(n, n), cov, rtol=1e-7,
                           atol=1e-7 * np.abs(cov).max())


class Rates:
    """Learning rate adaptation as the paper has it, on a cmaes.CMA."""

    def __init__(self, n):
        self.e = [np.zeros(n), np.zeros((n, n))]
        self.v, self.eta, self.beta = [0, 0], [1, 1], [0.1, 0.03]

    def tell(self, cma, told):
        n = len(cma._mean)
        values, basis = np.linalg.eigh(cma._C)
        white = basis @ np.diag(values**-0.5) @ basis.T / cma._sigma
        mean, cov = cma._mean.copy(), cma._sigma**2 * cma._C
        cma.tell(told)
        steps = [cma._mean - mean, cma._sigma**2 * cma._C - cov]
        local = [white @ steps[0],
                 white @ steps[1] @ white / np.sqrt(2)]
        before = self.eta[0]
        for i, beta in enumerate(self.beta):
            self.e[i] = (1 - beta) * self.e[i] + beta * local[i]
            self.v[i] = (1 - beta) * self.v[i] + beta * np.sum(local[i]**2)
            e = np.sum(self.e[i]**2)
            ratio = (e - beta / (2 - beta) * self.v[i]) / (self.v[i] - e)
            push = np.clip(ratio / (1.4 * self.eta[i]) - 1, -1, 1)
            self.eta[i] = min(1, self.eta[i] * np.exp(
                min(0.1 * self.eta[i], beta) * push))
        cov = cov + self.eta[1] * steps[1]
        sigma = np.exp(np.linalg.slogdet(cov)[1] / (2 * n))
        cma._mean = mean + self.eta[0] * steps[0]
        cma._C = cov / sigma**2
        cma._sigma = sigma * before / self.eta[0]
        cma._B = cma._D = None


@pytest.mark.parametrize("n,noise", [(2, 0), (4, 0), (4, 3), (7, 30)])
def test_learning_rates_as_in_the_paper(n, noise):
    rng = np.random.default_rng([SEED, n, noise])
    mean = rng.normal(size=n)
    theirs, rates = cmaes.CMA(mean=mean, sigma=0.7, seed=n), Rates(n)
    generations, expected = [], []
    for _ in range(60):
        told = [(x, np.sum(x * x) + noise * rng.normal()) for x in
                (theirs.ask() for _ in range(theirs.population_size))]
        told.sort(key=lambda s: s[1])
        generations.append([x for x, _ in told])
        rates.tell(theirs, told)
        expected.append((theirs._sigma, theirs._mean.copy(),
                         theirs._C.copy()))
    rows = drive_cma(n, theirs.population_size, 0.7, mean, [0] * n,
                     generations, adapt=1)
    for row, (sigma, mean, cov) in zip(rows, expected):
        assert np.isclose(row[0], sigma, rtol=1e-6)
        assert np.allclose(row[1:n + 1], mean, rtol=1e-6, atol=1e-8)
        assert np.allclose(row[2 * n + 1:].reshape(n, n), cov, rtol=1e-6,
                           atol=1e-6 * np.abs(cov).max())
    assert max(rates.eta) < (0.6 if noise else 1.01)


@pytest.mark.parametrize("cells", [(5, 3, 0, 2), (11, 0), (2, 2, 2),
                                   (50, 0, 7, 0, 4)])
def test_cma_margin_as_cmaes(cells):
    n = len(cells)
    bounds = np.array([[0, c - 1] if c else [-9, 9] for c in cells], float)
    # off the thresholds, where theirs adds two cells
    mean = bounds.mean(1) + 0.1
    theirs = cmaes.CMAwM(mean=mean, sigma=1.5, bounds=bounds, seed=n,
                         steps=np.array([1.0 if c else 0.0 for c in cells]))
    generations, expected = [], []
    for _ in range(30):
        told = []
        for _ in range(theirs.population_size):
            seen, raw = theirs.ask()
            told.append((raw, whole_and_real(seen)))
        told.sort(key=lambda s: s[1])
        generations.append([x for x, _ in told])
        theirs.tell(told)
        expected.append((theirs._cma._sigma, theirs._cma._mean.copy(),
                         theirs._A.copy()))
    rows = drive_cma(n, theirs.population_size, 1.5, mean, cells,
                     generations)
    for row, (sigma, mean, stretch) in zip(rows, expected):
        assert np.isclose(row[0], sigma, rtol=1e-6)
        assert np.allclose(row[1:n + 1], mean, rtol=1e-6, atol=1e-6)
        assert np.allclose(row[n + 1:2 * n + 1], stretch, rtol=1e-6)


MIXED = ['<float name="x0" low="-5" high="5"/>',
         '<int name="x1" low="-3" high="9"/>',
         '<float name="x2" low="0.001" high="10" log="yes"/>',
         '<int name="x3" low="1" high="100" log="yes"/>',
         '<float name="x4" low="0" high="2" step="0.25"/>',
         '<categorical name="x5"><choice value="1"/><choice value="2">'
         '<float name="x6" low="-1" high="1"/></choice></categorical>']


@pytest.mark.parametrize("sampler", [
    'name="qmc"', 'name="cmaes"',
    'name="cmaes" restart="bipop" tolerance="0.05"',
    'name="cmaes" learning-rate-adaptation="yes"'])
def test_same_study_on_any_ranks(tool, sampler):
    study = write_study(tool.folder, MIXED, sampler, 70)
    found = {}
    for ranks in (1, 2, 3, 5):
        out = f"s{ranks}.h5"
        tool.run("run", study, *STRICT, "--output", out, ranks=ranks,
                 HPOTUNE_TEST_DELAY=str(ranks))
        found[ranks] = digest(tool.folder / out)
    assert len(set(found.values())) == 1, found


@pytest.mark.parametrize("name", ["tpe", "cmaes", "gp", "nsga2"])
def test_no_point_twice_while_others_are_free(tool, name):
    params = [f'<int name="x{i}" low="-5" high="5"/>' for i in range(2)]
    tool.run("run", write_study(tool.folder, params, f'name="{name}"', 121),
             *STRICT, "--set", "parallel/window=8")
    assert len(np.unique(points(tool.folder / "s.h5", 2), axis=0)) == 121


@pytest.mark.parametrize("order", ["strict", "arrival"])
def test_killed_and_continued(tool, order):
    study = write_study(tool.folder, MIXED, 'name="cmaes"', 80)
    words = ["run", study, "--set", f"parallel/order={order}", "--quiet",
             "--output"]
    tool.run(*words, "whole.h5")
    cut = tool.folder / "cut.h5"
    kills = 0
    for ranks in (3, 2, 1, 1, 1, 1):
        if finished(cut) == 80 and kills == 0:  # too late: once more
            cut.unlink()
        before = finished(cut)
        run = tool.start(*words, cut.name, ranks=ranks,
                         HPOTUNE_TEST_DELAY="5")
        while run.poll() is None and finished(cut) < before + 15:
            time.sleep(0.01)
        if run.poll() is None:
            tool.kill(run)
            kills += 1
    tool.run(*words, cut.name)
    assert kills > 0 and finished(cut) == 80
    if order == "strict":
        assert digest(cut) == digest(tool.folder / "whole.h5")
    with h5py.File(cut, "r") as f:
        assert np.nanmin(f["trials"]["value"]) < 40
