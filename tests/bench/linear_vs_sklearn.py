#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""logistic against scikit-learn's and liblinear's solvers, one thread each, in
the same run: CPU seconds to an objective within 1e-6 of the least.

    LINEAR_DRIVER=build/tests/linear_driver \
        tests/bench/linear_vs_sklearn.py [--runs 5] [--only dense] [--C 1]

Cases: 100,000 x 28 numbers; 100,000 rows of 12 categories, 96 one-hot columns
(the peers get them as a sparse matrix); 8,000 digits of MNIST, ten classes
(../shared/data, skipped where it is missing).  Every solver gets the loosest
tolerance of a ladder that reaches the objective; the table has the fastest of
them, ours with what it needs to centre and scale the columns, theirs without.
liblinear penalises the intercept: it is held against its own least.
"median" of --runs runs; n_iter of sag and saga is limited."""
import argparse
import gzip
import os
import statistics
import sys
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

import numpy as np  # noqa: E402
from scipy import sparse  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

from gbt_tools import SHARED  # noqa: E402
from linear_tools import fit, logistic_objective  # noqa: E402

warnings.filterwarnings("ignore")
NEAR = 1e-6
LADDER = [10.0 ** -k for k in range(2, 13)]
SOLVERS = {
    ("l2", False): ["lbfgs", "newton-cg", "newton-cholesky", "liblinear",
                    "sag", "saga"],
    ("l1", False): ["liblinear", "saga"],
    ("l2", True): ["lbfgs", "newton-cg", "sag", "saga"],
    ("l1", True): ["saga"]}
MOST_ITER = {"sag": 60, "saga": 60, "lbfgs": 20000}


class Case:
    """z: what the peers get; x, n_category, more: what we get."""

    def __init__(self, name, x, y, z, n_category=None, standardize=True):
        self.name, self.x, self.y, self.z = name, x, y, z
        self.n_category = n_category
        self.more = {"standardize": 1} if standardize else {}
        self.k = int(y.max()) + 1


def dense(rows=100000, columns=28):
    rng = np.random.default_rng(1)
    mix = np.eye(columns) + 0.3 * rng.normal(size=(columns, columns))
    x = (rng.normal(size=(rows, columns)) @ mix).astype(np.float32)
    z = StandardScaler().fit_transform(x.astype(float))
    margin = z @ rng.normal(size=columns) * 0.5
    y = (margin + rng.logistic(size=rows) > 0).astype(float)
    return Case("dense", x, y, z)


def onehot(rows=100000, features=12, levels=8):
    rng = np.random.default_rng(2)
    share = 1 / np.arange(1, levels + 1)
    x = rng.choice(levels, size=(rows, features), p=share / share.sum())
    effect = rng.normal(size=(features, levels))
    margin = effect[np.arange(features), x].sum(axis=1) * 0.5
    y = (margin + rng.logistic(size=rows) > 0).astype(float)
    column = x + levels * np.arange(features)
    z = sparse.csr_matrix((np.ones(x.size), column.ravel(),
                           np.arange(0, x.size + 1, features)))
    return Case("one-hot", x.astype(np.float32), y, z,
                np.full(features, levels), False)


def mnist(rows=8000):
    def read(name, skip):
        with gzip.open(SHARED / name) as f:
            return np.frombuffer(f.read(), np.uint8, offset=skip)
    x = read("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 784)[:rows]
    y = read("t10k-labels-idx1-ubyte.gz", 8)[:rows].astype(float)
    z = StandardScaler().fit_transform(x.astype(float))
    return Case("mnist", x.astype(np.float32), y, z)


def value_of(case, coef, intercept, penalty, C, also_intercept=False):
    w = np.ones(len(case.y))
    v = logistic_objective(case.z, case.y, w, coef, intercept, penalty, C)
    if also_intercept:
        v += ((intercept ** 2).sum() / 2 if penalty == "l2"
              else np.abs(intercept).sum())
    return v


def run_ours(case, penalty, C, tol):
    m = fit(case.x, case.y, case.k, "logistic", n_category=case.n_category,
            penalty=penalty, C=C, tol=tol, max_iter=20000, **case.more)
    return m.train, value_of(case, m.coef, m.intercept, penalty, C), m.steps


def run_theirs(case, solver, penalty, C, tol):
    s = LogisticRegression(
        penalty=penalty, C=C, solver=solver, tol=tol, random_state=0,
        max_iter=MOST_ITER.get(solver, 1000))
    start = time.process_time()
    s.fit(case.z, case.y)
    seconds = time.process_time() - start
    return seconds, value_of(case, s.coef_, s.intercept_, penalty, C,
                             solver == "liblinear"), int(np.max(s.n_iter_))


def climb(run, least, ladder=None):
    """Runs down the ladder until the objective is near the least; what the
    solvers reach moves the least down."""
    for tol in ladder or LADDER:
        seconds, value, steps = run(tol)
        if value <= least * (1 + NEAR):
            return tol, seconds, value, steps
        if seconds > 30:
            break
    return None


def compare(case, penalty, C, runs):
    tight = run_ours(case, penalty, C, 1e-11)
    ours = climb(lambda tol: run_ours(case, penalty, C, tol), tight[1])
    best, lines = None, []
    for solver in SOLVERS[penalty, case.k > 2]:
        def run(tol):
            return run_theirs(case, solver, penalty, C, tol)
        least = tight[1]
        if solver == "liblinear":
            least = min(run(tol)[1] for tol in (1e-6, 1e-9))
        found = climb(run, least)
        if found is None:
            lines.append(f"{solver} does not reach it")
            continue
        lines.append(f"{solver} {found[1]:.3f} s ({found[3]})")
        if best is None or found[1] < best[1]:
            best = (solver, found[1], found[0], found[2])
    name = f"{case.name:8}{penalty:3} C={C:<6g}"
    if ours is None:
        print(f"{name} ours does not reach {tight[1]:.9g}")
        return
    mine = statistics.median(
        run_ours(case, penalty, C, ours[0])[0] for _ in range(runs))
    if best is None:
        print(f"{name} {mine:8.4f} steps {ours[3]:4d}; none of the peers "
              f"reaches it: {', '.join(lines)}", flush=True)
        return
    peer = statistics.median(
        run_theirs(case, best[0], penalty, C, best[2])[0]
        for _ in range(runs if best[1] < 3 else 1))
    print(f"{name} {mine:8.4f} {peer:8.4f} {peer / mine:6.2f}x "
          f"{best[0]:16} steps {ours[3]:4d}  above the least "
          f"{ours[2] / tight[1] - 1:8.1e}; {', '.join(lines)}", flush=True)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--runs", type=int, default=5)
    a.add_argument("--only", default="dense,onehot,mnist")
    a.add_argument("--penalty", default="l2,l1")
    a.add_argument("--C", default="0.001,1,1000")
    a = a.parse_args()
    print("case                 ours s   peer s  ratio  fastest peer")
    for name in a.only.split(","):
        if name == "mnist" and not SHARED.is_dir():
            print("mnist is not here")
            continue
        case = {"dense": dense, "onehot": onehot, "mnist": mnist}[name]()
        for penalty in a.penalty.split(","):
            for C in a.C.split(","):
                compare(case, penalty, float(C), a.runs)


if __name__ == "__main__":
    main()
