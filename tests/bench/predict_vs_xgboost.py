#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""hpotune predict beside XGBoost's predict: same model, same rows, one core.

    predict_vs_xgboost.py --program ./hpotune [--rows 1000000] [--trees 300]
                          [--depth 6] [--runs 3]

Prints CPU seconds (median of the runs, in turn).  "whole": from a NPY file of
rows to one of predictions (XGBoost: numpy.load, DMatrix, predict,
numpy.save).  "trees": predict alone for XGBoost, for hpotune the whole less
the whole of a model of one tree.
"""
import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import tempfile
import time

os.environ["OMP_NUM_THREADS"] = "1"
import numpy as np  # noqa: E402
import xgboost as xgb  # noqa: E402

STUDY = """<study name="s" seed="3">
  <data task="binary" label="f{label}"><train href="t.npy"/>
    <validation fraction="0.1"/></data>
  <model kind="gbt"><fixed name="n_estimators" value="{trees}"/>
    <fixed name="max_depth" value="{depth}"/>
    <fixed name="learning_rate" value="0.1"/></model>
  <objective metric="logloss" direction="minimize"/>
  <budget trials="1"/><output file="{out}" models="best:1"/>
</study>
"""


def child(words):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([str(w) for w in words], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def theirs(folder):
    start = time.process_time()
    booster = xgb.Booster({"nthread": 1})
    booster.load_model(str(folder / "m.ubj"))
    x = xgb.DMatrix(np.load(folder / "x.npy"), nthread=1)
    middle = time.process_time()
    p = booster.predict(x, validate_features=False)
    end = time.process_time()
    np.save(folder / "theirs.npy", p)
    return time.process_time() - start, end - middle, p


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--program", required=True, type=pathlib.Path)
    a.add_argument("--rows", type=int, default=1000000)
    a.add_argument("--columns", type=int, default=28)
    a.add_argument("--trees", type=int, default=300)
    a.add_argument("--depth", type=int, default=6)
    a.add_argument("--runs", type=int, default=3)
    a = a.parse_args()
    program = a.program.resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        os.chdir(folder)
        dice = np.random.default_rng(1)
        x = dice.normal(size=(a.rows, a.columns)).astype(np.float32)
        x[dice.random(x.shape) < 0.05] = np.nan
        t = np.nan_to_num(x[:20000])
        y = t[:, 0] * t[:, 1] + t[:, 2:8].sum(1) + np.sin(3 * t[:, 9]) > 0
        np.save("x.npy", x)
        np.save("t.npy", np.column_stack([x[:20000], y]).astype(np.float32))
        for out, trees in ("s.h5", a.trees), ("one.h5", 1):
            pathlib.Path("s.xml").write_text(STUDY.format(
                label=a.columns, trees=trees, depth=a.depth, out=out))
            child([program, "s.xml", "--quiet"])
        child([program, "export", "s.h5", "-o", "m.ubj"])
        runs = []
        for _ in range(a.runs):
            ours = child([program, "predict", "s.h5", "x.npy", "-o", "p.npy"])
            one = child([program, "predict", "one.h5", "x.npy", "-o",
                         "q.npy"])
            whole, trees, p = theirs(folder)
            runs.append((ours, ours - one, whole, trees))
        ours, mine, whole, trees = (statistics.median(c) for c in zip(*runs))
        far = np.abs(np.load("p.npy") - p).max()
        print(f"{a.rows} rows x {a.columns}, {a.trees} trees of depth "
              f"{a.depth}; CPU seconds, one core\n"
              f"whole   hpotune {ours:6.2f}  xgboost {whole:6.2f}  "
              f"{whole / ours:.2f} x\n"
              f"trees   hpotune {mine:6.2f}  xgboost {trees:6.2f}  "
              f"{trees / mine:.2f} x\nlargest difference {far:.1e}")


if __name__ == "__main__":
    main()
