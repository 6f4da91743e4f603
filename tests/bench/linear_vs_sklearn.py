#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""logistic against scikit-learn's, one thread each, in the same run: seconds,
objective and accuracy.

    LINEAR_DRIVER=build/tests/linear_driver tests/bench/linear_vs_sklearn.py

MNIST (the 10,000 test digits in ../shared/data, 8,000 to train) where it is
there, and breast cancer, digits.  scikit-learn runs with its defaults: lbfgs
for l2, saga for l1 (liblinear where binary), max_iter 100, tol 1e-4; ours
with its own: tol 1e-4, until done.  Objectives are per row, C mean loss +
penalty / rows, relative to the lower of both."""
import gzip
import os
import sys
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

import numpy as np  # noqa: E402
from sklearn.datasets import load_breast_cancer, load_digits  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

from gbt_tools import SHARED  # noqa: E402
from linear_tools import fit, logistic_objective  # noqa: E402

warnings.filterwarnings("ignore")


def mnist():
    def read(name, skip):
        with gzip.open(SHARED / name) as f:
            return np.frombuffer(f.read(), np.uint8, offset=skip)
    x = read("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 784)
    return x.astype(np.float32), read("t10k-labels-idx1-ubyte.gz", 8)


def compare(name, x, y, penalty, C):
    y, k = np.asarray(y, float), int(max(y)) + 1
    role = (np.arange(len(y)) % 5 == 0).astype(int)
    train, valid = role == 0, role == 1
    ours = fit(x, y, k, "logistic", role=role, standardize=1,
               penalty=penalty, C=C)
    start = time.perf_counter()
    scaler = StandardScaler().fit(x[train])
    z = scaler.transform(x[train])
    solver = ("lbfgs" if penalty == "l2"
              else "liblinear" if k == 2 else "saga")
    s = LogisticRegression(penalty=penalty, C=C, solver=solver,
                           random_state=0).fit(z, y[train])
    seconds = time.perf_counter() - start
    p = ours.p.reshape(valid.sum(), -1)
    label = p.argmax(axis=1) if k > 2 else p[:, 0] > 0.5
    score = (label == y[valid]).mean()
    theirs = s.score(scaler.transform(x[valid]), y[valid])
    w = np.ones(train.sum())
    value = [logistic_objective(z, y[train], w, a, b, penalty, C)
             for a, b in ((ours.coef, ours.intercept),
                          (s.coef_, s.intercept_))]
    above = [v / min(value) - 1 for v in value]
    print(f"{name:8} {penalty} C={C:<6g} seconds {ours.seconds:8.3f} "
          f"{seconds:8.3f} ratio {seconds / ours.seconds:6.2f}  "
          f"above the lower {above[0]:.1e} {above[1]:.1e}  "
          f"accuracy {score:.4f} {theirs:.4f}  steps {ours.steps} "
          f"{s.n_iter_.max()}", flush=True)


def main():
    cancer, digits = load_breast_cancer(), load_digits()
    for penalty in ("l2", "l1"):
        for C in (0.01, 1):
            compare("cancer", cancer.data.astype(np.float32), cancer.target,
                    penalty, C)
            compare("digits", digits.data.astype(np.float32), digits.target,
                    penalty, C)
    if SHARED.is_dir():
        x, y = mnist()
        for penalty, C in (("l2", 1e-3), ("l2", 1e-2), ("l2", 1),
                           ("l1", 1e-2), ("l1", 0.1)):
            compare("mnist", x, y, penalty, C)


if __name__ == "__main__":
    main()
