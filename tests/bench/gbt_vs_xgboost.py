#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""gbt beside XGBoost's hist: same data, same parameters, one core each.

    gbt_vs_xgboost.py [--seeds 10] [--runs 5] [CASE ...]

Prints, for each case, CPU seconds of training alone (binning and loading
apart; the two run in turn; median of the runs), their ratio, and the
validation loss of both over the seeds with the mean difference in percent
(below 0 ours is better) and its standard error.
Needs the program gbt_driver (GBT_DRIVER, else tests/gbt_driver).
"""
import argparse
import gzip
import pathlib
import sys
import tempfile
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from gbt_tools import (SHARED, Ours, generated, higgs, loss,  # noqa: E402
                       objective, wine, write_data, xgb)


def mnist():
    images = gzip.open(SHARED / "t10k-images-idx3-ubyte.gz").read()[16:]
    labels = gzip.open(SHARED / "t10k-labels-idx1-ubyte.gz").read()[8:]
    x = np.frombuffer(images, "u1").reshape(-1, 784)[:6000]
    return x.astype(np.float32), np.frombuffer(labels, "u1")[:6000] * 1.0


def wine_part(task):
    x, q = wine()
    return {"good": (x, (q >= 7) * 1.0, 2), "classes": (x, q - q.min(), 7),
            "score": (x, q, 0)}[task]


def two(x, y, *_):
    return x, y, 2


LEAVES = dict(grow_policy="lossguide", max_leaves=255, max_depth=0)

# name: data, share of validation rows, rounds, depth or options of the tree
CASES = {
    "wine-good": (lambda s: wine_part("good"), 0.2, 100, 6),
    "wine-classes": (lambda s: wine_part("classes"), 0.2, 100, 6),
    "wine-score": (lambda s: wine_part("score"), 0.2, 100, 6),
    "higgs-7k": (lambda s: two(*higgs()), 0.2, 100, 6),
    "100k x 28": (lambda s: two(*generated(100000, seed=s)), 0.2, 100, 6),
    "100k x 28 d8": (lambda s: two(*generated(100000, seed=s)), 0.2, 100, 8),
    "100k x 28 d15": (lambda s: two(*generated(100000, seed=s)), 0.2, 30, 15),
    "100k leaves": (lambda s: two(*generated(100000, seed=s)), 0.2, 60,
                    LEAVES),
    "mnist-5k": (lambda s: (*mnist(), 10), 1 / 6, 10, 6),
    "1M x 28": (lambda s: two(*generated(1000000, seed=s)), 0.1, 50, 6),
    "1M x 28 d8": (lambda s: two(*generated(1000000, seed=s)), 0.1, 50, 8),
    "1M leaves": (lambda s: two(*generated(1000000, seed=s)), 0.1, 30, LEAVES),
}
SLOW = {"1M x 28", "1M x 28 d8", "1M leaves", "100k x 28 d15"}


def theirs(x, y, n_class, v, rounds, shape, seed):
    train = xgb.DMatrix(x[~v], y[~v], nthread=1)
    options = dict(tree_method="hist", objective=objective(n_class),
                   eta=0.1, nthread=1, seed=seed, base_score=0.5,
                   num_class=n_class if n_class > 2 else 0, **shape)
    xgb.train(options, train, 1)  # bins the data, which is kept
    start = time.process_time()
    model = xgb.train(options, train, rounds)
    seconds = time.process_time() - start
    p = model.predict(xgb.DMatrix(x[v], nthread=1))
    return seconds, loss(p.reshape(v.sum(), -1), y[v], n_class)


def ours(path, y, n_class, v, rounds, shape, seed):
    m = Ours(path, n_class, v.sum(), n_estimators=rounds, learning_rate=0.1,
             base_score=0.5, seed=seed, **shape)
    return m.seconds["training"], loss(m.p, y[v], n_class)


def compare(name, seeds, runs):
    data, share, rounds, shape = CASES[name]
    if not isinstance(shape, dict):
        shape = {"max_depth": shape}
    table = []
    for seed in range(max(seeds, runs)):
        x, y, n_class = data(seed)
        v = np.random.default_rng(seed).random(len(y)) < share
        with tempfile.TemporaryDirectory() as d:
            write_data(d + "/d", x, y, n_class, v)
            table.append(ours(d + "/d", y, n_class, v, rounds, shape, seed) +
                         theirs(x, y, n_class, v, rounds, shape, seed))
    t, a, u, b = np.array(table).T
    more = 100 * (a / b - 1)
    error = more.std(ddof=1) / np.sqrt(len(more)) if len(more) > 1 else 0
    print(f"{name:14s} {np.median(t):8.3f} {np.median(u):8.3f} "
          f"{np.median(u / t):6.2f}x {a.mean():9.5f} {b.mean():9.5f} "
          f"{more.mean():+7.3f} +- {error:.3f}", flush=True)


def main():
    ask = argparse.ArgumentParser()
    ask.add_argument("cases", nargs="*")
    ask.add_argument("--seeds", type=int, default=10)
    ask.add_argument("--runs", type=int, default=5)
    a = ask.parse_args()
    print(f"{'case':14s} {'ours s':>8s} {'xgb s':>8s} {'ratio':>7s} "
          f"{'our loss':>9s} {'xgb loss':>9s} {'more %':>7s}")
    for name in a.cases or CASES:
        compare(name, 1 if name in SLOW else a.seeds, a.runs)


if __name__ == "__main__":
    main()
