#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""32 logistic trials together against the same 32 one by one, one core: CPU
seconds of creating and training them, and that the models have the same bits.

    LINEAR_DRIVER=build/tests/linear_driver \
        tests/bench/linear_batch.py [--runs 3] [--only dense,onehot]

The trials differ in C (1e-3 to 1e3), half of them in class_weight too.
"apart": each by itself, as in 32 studies of one trial; "in turn": as one study
trains them, which finds means and scales of the training rows once; "together":
step_together.  Cases: those of linear_vs_sklearn.py, and its digits as two
classes (0-4 against 5-9)."""
import argparse
import os
import statistics
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

import numpy as np  # noqa: E402

from gbt_tools import SHARED, write_data  # noqa: E402
from linear_tools import train_many  # noqa: E402
import linear_vs_sklearn as single  # noqa: E402

TRIALS = 32


def two_digits():
    case = single.mnist()
    return single.Case("mnist 2", case.x, (case.y > 4).astype(float), None)


CASES = {"dense": single.dense, "onehot": single.onehot,
         "mnist2": two_digits, "mnist": single.mnist}


def compare(case, trials, tol, runs):
    sets = [dict(C=c, tol=tol, class_weight="balanced" if i % 2 else "none")
            for i, c in enumerate(np.geomspace(1e-3, 1e3, trials))]
    with tempfile.TemporaryDirectory() as d:
        write_data(d + "/data", case.x, case.y, case.k,
                   np.zeros(len(case.y), int), None, case.n_category)

        def run(**how):
            done = [train_many(d + "/data", "logistic", sets, **case.more,
                               **how) for _ in range(runs)]
            return (statistics.median(seconds for seconds, _ in done),
                    done[0][1])
        apart, models = run()
        turn, again = run(shelf=1)
        together, all_models = run(together=1)
    assert models == again == all_models, "the models differ"
    print(f"{case.name:8} {trials:3d} tol {tol:g}  apart {apart:8.3f}  in turn "
          f"{turn:8.3f}  together {together:8.3f}  {apart / together:6.2f}x "
          f"{turn / together:6.2f}x  same bits", flush=True)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--runs", type=int, default=3)
    a.add_argument("--only", default="dense,onehot,mnist2,mnist")
    a.add_argument("--tol", type=float, default=1e-4)
    a = a.parse_args()
    for name in a.only.split(","):
        if name.startswith("mnist") and not SHARED.is_dir():
            print("mnist is not here")
            continue
        compare(CASES[name](), TRIALS, a.tol,
                1 if name.startswith("mnist") else a.runs)


if __name__ == "__main__":
    main()
