# SPDX-License-Identifier: BSD-3-Clause
"""Samplers beside independent references, and in whole runs."""
import h5py
import numpy as np
import pytest
from conftest import PROGRAM
from digest import digest
from scipy.stats import qmc

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
