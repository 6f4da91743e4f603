#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""mlp against scikit-learn's MLPClassifier and MLPRegressor, one thread each,
in the same run: CPU seconds per epoch and, over seeds, accuracy.

    LINEAR_DRIVER=build/tests/linear_driver tests/bench/mlp_vs_sklearn.py
        [--seeds 10] [--only speed|accuracy]

Speed: epochs of the same batches, the shortest of five runs of either, less
a run of one epoch (so reading and scaling do not count); scikit-learn once
with float64, its own type, and once given float32.  Accuracy: 10 seeds, the
same split, 40 epochs; the difference of the means over its standard error.
MNIST is the 10,000 test digits in ../shared/data, 8,000 to train."""
import argparse
import os
import sys
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

import numpy as np  # noqa: E402
from sklearn.datasets import load_digits  # noqa: E402
from sklearn.neural_network import MLPClassifier  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

from gbt_tools import SHARED  # noqa: E402
from linear_tools import fit  # noqa: E402
from linear_vs_sklearn import mnist  # noqa: E402

warnings.filterwarnings("ignore")
ALWAYS = {"tol": 0}  # n_iter_no_change is out of reach: no end before max_iter


def sets():
    x, y = load_digits(return_X_y=True)
    yield "digits", x.astype(np.float32), y
    if SHARED.is_dir():
        x, y = mnist()
        yield "mnist", x / np.float32(255), y.astype(int)


def split(x, y):
    role = (np.arange(len(y)) % 5 == 0).astype(int)
    scaler = StandardScaler().fit(x[role == 0])
    return role, scaler.transform(x).astype(np.float32)


def our_seconds(x, y, role, epochs, **kw):
    run = [fit(x, y, 10, "mlp", role=role, max_iter=n,
               n_iter_no_change=1000, **kw, **ALWAYS).cpu
           for n in (1, epochs + 1)]
    return (run[1] - run[0]) / epochs


def their_seconds(x, y, epochs, **kw):
    run = []
    for n in (1, epochs + 1):
        start = time.process_time()
        MLPClassifier(max_iter=n, random_state=0, n_iter_no_change=1000,
                      **kw, **ALWAYS).fit(x, y)
        run.append(time.process_time() - start)
    return (run[1] - run[0]) / epochs


def speed(name, x, y):
    role, z = split(x, y)
    train = z[role == 0], y[role == 0]
    for sizes, more in (("100", {}), ("100 100", {"activation": "tanh"}),
                        ("256 128", {}), ("512", {"solver": "sgd"}),
                        ("64", {"batch_size": 32})):
        kw = dict(more, hidden_layer_sizes=tuple(map(int, sizes.split())))
        epochs = 40 if name == "digits" else 5
        ours, single, double = [], [], []
        for _ in range(5):
            ours.append(our_seconds(z, y, role, epochs,
                                    hidden_layer_sizes=sizes, **more))
            single.append(their_seconds(*train, epochs, **kw))
            double.append(their_seconds(train[0].astype(float), train[1],
                                        epochs, **kw))
        a, b, c = min(ours), min(single), min(double)
        print(f"{name:8} {sizes:8} {str(more):26} seconds per epoch "
              f"{a:.5f} {c:.5f} ({b:.5f})  ratio {c / a:5.2f} "
              f"({b / a:5.2f})", flush=True)


def accuracy(name, x, y, seeds):
    role, z = split(x, y)
    ours, theirs = [], []
    for seed in range(seeds):
        m = fit(z, y, 10, "mlp", role=role, max_iter=40, seed=seed + 1)
        p = m.p.reshape(-1, 10).argmax(axis=1)
        ours.append((p == y[role == 1]).mean())
        s = MLPClassifier(max_iter=40, random_state=seed)
        s.fit(z[role == 0], y[role == 0])
        theirs.append(s.score(z[role == 1], y[role == 1]))
    error = np.sqrt((np.var(ours, ddof=1) + np.var(theirs, ddof=1)) / seeds)
    print(f"{name:8} accuracy over {seeds} seeds {np.mean(ours):.4f} "
          f"{np.mean(theirs):.4f}  difference over its standard error "
          f"{(np.mean(ours) - np.mean(theirs)) / error:.2f}", flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seeds", type=int, default=10)
    p.add_argument("--only", choices=["speed", "accuracy"])
    a = p.parse_args()
    for name, x, y in sets():
        if a.only != "accuracy":
            speed(name, x, y)
        if a.only != "speed":
            accuracy(name, x, y, a.seeds)


if __name__ == "__main__":
    main()
