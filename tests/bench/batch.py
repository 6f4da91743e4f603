#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Linear models trained side by side: the same study with batch="1" and
larger ones, whole program, one rank that trains.

usage: tests/bench/batch.py [--program build/hpotune] [--trials 64]
                            [--batches 1 8 32] [--runs 3] [--small]

Checks that all trials and models are the same, and prints wall and CPU
seconds of the program (median), seconds of training alone, and how many times
as fast as batch="1" that is.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from digest import digest  # noqa: E402

STUDY = """<study name="b" seed="1">
  <data task="{task}" label="{columns}"><train href="d.npy"/>
    {split}<standardize/></data>
  <model kind="{kind}"><float name="{penalty}" low="0.0001" high="10" log="yes"/>
  </model>
  <objective metric="{metric}"/>
  <sampler name="random"/><budget trials="{trials}"/>
  <parallel order="strict" window="{trials}"/>
  <output file="b.h5" models="all"/>
</study>
"""
SPLIT = '<validation fraction="0.2"/>'
FOLDS = '<folds count="5"/>'


def write_data(folder, task, rows, columns, is_onehot):
    dice = np.random.default_rng(1)
    if is_onehot:  # five columns of equal cardinality
        size = columns // 5
        x = np.zeros((rows, columns), np.float32)
        for j in range(5):
            x[np.arange(rows), j * size + dice.integers(0, size, rows)] = 1
    else:
        x = dice.normal(size=(rows, columns)).astype(np.float32)
    score = x @ dice.normal(size=columns) + dice.normal(size=rows)
    if task == "binary":
        y = score > np.median(score)
    elif task == "multiclass":
        y = np.digitize(score, np.quantile(score, np.arange(0.1, 1, 0.1)))
    else:
        y = score
    np.save(folder / "d.npy", np.column_stack([x, y]).astype(np.float32))


def run(folder, program, batch, runs):
    wall, cpu = [], []
    for _ in range(runs):
        began, before = time.monotonic(), sum(os.times()[2:4])
        subprocess.run([program, "b.xml", "--quiet", "--overwrite", "--set",
                        f"parallel/batch={batch}"], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        wall.append(time.monotonic() - began)
        cpu.append(sum(os.times()[2:4]) - before)
    with h5py.File(folder / "b.h5") as f:
        trained = f["trials"]["cpu"][:].sum()
    return statistics.median(wall), statistics.median(cpu), trained


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="build/hpotune")
    parser.add_argument("--trials", type=int, default=64)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args()
    program = os.path.abspath(options.program)
    k = 10 if options.small else 1
    cases = [("100,000 x 28", "binary", 100000, 28, False, SPLIT),
             ("100,000 x 100 one-hot", "binary", 100000, 100, True, SPLIT),
             ("2,000 x 500", "binary", 2000, 500, False, SPLIT),
             ("569 x 30, 5 folds", "binary", 569, 30, False, FOLDS),
             ("20,000 x 64, 10 classes", "multiclass", 20000, 64, False,
              SPLIT)]
    print("data                     batch   wall s    CPU s  trials' CPU s "
          "  faster")
    for name, task, rows, columns, is_onehot, split in cases:
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place)
            write_data(folder, task, rows // k, columns, is_onehot)
            (folder / "b.xml").write_text(STUDY.format(
                task=task, columns=columns, kind="logistic", penalty="C",
                metric="logloss", trials=options.trials, split=split))
            first = None
            for batch in options.batches:
                wall, cpu, trained = run(folder, program, batch, options.runs)
                same = digest(folder / "b.h5", keep=options.trials)
                first = first or (wall, trained, same)
                assert same == first[2], "another study"
                print(f"{name:24} {batch:5} {wall:8.2f} {cpu:8.2f} "
                      f"{trained:14.2f} {first[1] / trained:7.2f}x",
                      flush=True)


if __name__ == "__main__":
    main()
