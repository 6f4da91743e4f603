#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""From float32 in memory to codes: hpotune beside XGBoost, one core each.

    binning_vs_xgboost.py [--rows 1000000] [--columns 28] [--runs 5]

Run in the build folder after `make tests/bench/bench_load`.  XGBoost, hist,
nthread=1: "quantile" is QuantileDMatrix; "dmatrix" is DMatrix plus the first
round less the second, since DMatrix bins in the first round.  Ours: exact
quantiles of all rows and both matrices of codes, on 1 rank and under mpirun
-np 2.  Medians of CPU (of ranks summed) and wall seconds, in turn; ratios are
to the faster of XGBoost's two.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

os.environ["OMP_NUM_THREADS"] = "1"
import numpy as np  # noqa: E402
import xgboost as xgb  # noqa: E402

from csv_vs_pandas import MPI  # noqa: E402


class Watch:
    def __init__(self):
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def stop(self):
        return (time.process_time() - self.cpu,
                time.perf_counter() - self.wall)


def quantile(x, y, max_bin):
    w = Watch()
    xgb.QuantileDMatrix(x, y, max_bin=max_bin, nthread=1)
    return w.stop()


def dmatrix(x, y, max_bin):
    parameters = {"tree_method": "hist", "max_bin": max_bin, "nthread": 1,
                  "max_depth": 1}
    w = Watch()
    d = xgb.DMatrix(x, y, nthread=1)
    made = w.stop()
    booster = xgb.Booster(parameters, [d])
    rounds = []
    for i in range(2):
        w = Watch()
        booster.update(d, i)
        rounds.append(w.stop())
    return tuple(m + a - b for m, a, b in zip(made, *rounds))


def ours(words):
    out = subprocess.run([str(w) for w in words], check=True,
                         capture_output=True, text=True).stdout
    line = [li for li in out.splitlines() if li.startswith("bin ")][0]
    wall, cpu = line.split()[1:]
    return float(cpu), float(wall)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--rows", type=int, default=1000000)
    a.add_argument("--columns", type=int, default=28)
    a.add_argument("--max-bin", type=int, default=256)
    a.add_argument("--runs", type=int, default=5)
    a = a.parse_args()
    driver = pathlib.Path("tests/bench/bench_load").resolve()
    dice = np.random.default_rng(1)
    x = dice.standard_normal((a.rows, a.columns + 1)).astype(np.float32)
    values, y = np.ascontiguousarray(x[:, :-1]), x[:, -1].copy()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "x.npy"
        np.save(path, x)
        del x
        words = [driver, path, f"f{a.columns}", a.max_bin]
        who = {"xgboost quantile": lambda: quantile(values, y, a.max_bin),
               "xgboost dmatrix": lambda: dmatrix(values, y, a.max_bin),
               "ours, 1 rank": lambda: ours(words),
               "ours, 2 ranks": lambda: ours(MPI + ["2"] + words)}
        all = {k: [] for k in who}
        for _ in range(a.runs):
            for k, run in who.items():
                all[k].append(run())
    m = {k: [statistics.median(v) for v in zip(*all[k])] for k in who}
    best = [min(m[k][i] for k in who if k.startswith("x")) for i in (0, 1)]
    print(f"{a.rows} x {a.columns}, max_bin {a.max_bin}, median of {a.runs}")
    print(f"{'':18}{'CPU s':>8}{'ratio':>8}{'wall s':>9}{'ratio':>8}")
    for k in who:
        print(f"{k:18}{m[k][0]:8.3f}{best[0] / m[k][0]:7.2f}x"
              f"{m[k][1]:9.3f}{best[1] / m[k][1]:7.2f}x")


if __name__ == "__main__":
    main()
