# SPDX-License-Identifier: BSD-3-Clause
"""Runs tests/linear_driver on numpy arrays, and scikit-learn's objectives on
its coefficients."""
import json
import os
import pathlib
import subprocess
import tempfile

os.environ.setdefault("OMP_NUM_THREADS", "1")  # no threads that spin

import numpy as np  # noqa: E402
from scipy.special import logsumexp  # noqa: E402

from gbt_tools import write_data  # noqa: E402

DRIVER = os.environ.get("LINEAR_DRIVER", "tests/linear_driver")


class Ours:
    """One training run: the model, predictions p, seconds, steps."""

    def __init__(self, data, kind, **options):
        with tempfile.TemporaryDirectory() as d:
            words = [f"{k}={v}" for k, v in options.items()]
            run = subprocess.run(
                [DRIVER, str(data), d + "/m", d + "/p", kind] + words,
                stdout=subprocess.PIPE, check=True)
            told = json.loads(run.stdout)
            self.seconds, self.steps = told["seconds"], told["steps"]
            self.cpu, self.train = told["cpu"], told["train"]
            self.bytes = pathlib.Path(d + "/m").read_bytes()
            self.p = np.fromfile(d + "/p", "<f8")
        self.model = json.loads(self.bytes)
        self.coef = np.array(self.model.get("coef_"))
        self.intercept = np.array(self.model.get("intercept_"))


def fit(x, y, n_class, kind, role=None, weight=None, n_category=None, **kw):
    """Trains on arrays."""
    if role is None:
        role = np.zeros(len(y), int)
    with tempfile.TemporaryDirectory() as d:
        write_data(d + "/data", x, y, n_class, role, weight, n_category)
        return Ours(d + "/data", kind, **kw)


def train_many(data, kind, sets, **common):
    """Models of several option sets on one file: CPU seconds of making and
    training them all, and their bytes."""
    words = [f"{k}={v}" for k, v in common.items()]
    for i, options in enumerate(sets):
        words += ["+"] * (i > 0) + [f"{k}={v}" for k, v in options.items()]
    with tempfile.TemporaryDirectory() as d:
        run = subprocess.run([DRIVER, str(data), d + "/m", d + "/p", kind]
                             + words, stdout=subprocess.PIPE, check=True)
        return (json.loads(run.stdout)["train"],
                pathlib.Path(d + "/m").read_bytes())


def norm(coef, penalty, l1_ratio):
    rho = {"l1": 1, "l2": 0, "none": 0}.get(penalty, l1_ratio)
    return (rho * np.abs(coef).sum() + (1 - rho) / 2 * (coef ** 2).sum()
            if penalty != "none" else 0)


def logistic_objective(x, y, weight, coef, intercept, penalty="l2", C=1.0,
                       l1_ratio=0.5):
    """C sum w loss + penalty, as in scikit-learn's user guide."""
    z = x @ coef.T + intercept
    if len(coef) == 1:
        z = np.column_stack([np.zeros(len(z)), z[:, 0]])
    loss = logsumexp(z, axis=1) - z[np.arange(len(y)), y.astype(int)]
    return C * (weight * loss).sum() + norm(coef, penalty, l1_ratio)


def linear_objective(x, y, weight, coef, intercept, penalty="l2", alpha=1.0,
                     l1_ratio=0.5):
    """Ridge's, Lasso's or ElasticNet's."""
    squares = (weight * (y - x @ coef.ravel() - intercept) ** 2).sum()
    if penalty == "l2":
        return squares + alpha * (coef ** 2).sum()
    return (squares / 2 / weight.sum()
            + alpha * norm(coef, penalty, l1_ratio))
