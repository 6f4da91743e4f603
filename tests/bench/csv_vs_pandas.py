#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A CSV file to memory: hpotune on 1 and 2 ranks beside pandas.read_csv.

    csv_vs_pandas.py [--rows 1000000] [--columns 28] [--runs 5]

Run in the build folder after `make tests/bench/bench_load`.  Two files of the
same numbers: float32 as pandas writes it ("short", about 11 bytes) and as
numpy.savetxt does ("%.18e", the form of HIGGS.csv; a fifth of the rows).  In turn: pandas' C
engine; bench_load alone; bench_load under
mpirun -np 2.  Medians of wall and CPU seconds, those of ranks summed, and
how many times as long pandas takes.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy as np
import pandas

PANDAS = """
import sys, time, pandas
wall, cpu = time.perf_counter(), time.process_time()
pandas.read_csv(sys.argv[1], engine="c")
print("load", time.perf_counter() - wall, time.process_time() - cpu)
"""
MPI = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-np"]


def seconds(words):
    out = subprocess.run([str(w) for w in words], check=True,
                         capture_output=True, text=True).stdout
    return [float(x) for x in out.splitlines()[0].split()[1:3]]


def write(folder, rows, columns):
    dice = np.random.default_rng(1)
    x = dice.standard_normal((rows, columns)).astype(np.float32)
    table = pandas.DataFrame(x, columns=[f"x{j}" for j in range(columns)])
    table.insert(0, "y", (x[:, 0] + dice.standard_normal(rows) > 0) * 1)
    table.to_csv(folder / "short.csv", index=False)
    yield "short", folder / "short.csv"
    (folder / "short.csv").unlink()
    table = table[:rows // 5]
    table.to_csv(folder / "long.csv", index=False, float_format="%.18e")
    yield "%.18e", folder / "long.csv"


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--rows", type=int, default=1000000)
    a.add_argument("--columns", type=int, default=28)
    a.add_argument("--runs", type=int, default=5)
    a = a.parse_args()
    driver = pathlib.Path("tests/bench/bench_load").resolve()
    os.environ["OMP_NUM_THREADS"] = "1"
    print(f"{a.rows} x {a.columns}, median of {a.runs}")
    print(f"{'':8}{'MB':>6}{'pandas':>16}{'1 rank':>22}{'2 ranks':>22}")
    with tempfile.TemporaryDirectory() as folder:
        for name, path in write(pathlib.Path(folder), a.rows, a.columns):
            who = {"pandas": [sys.executable, "-c", PANDAS, path],
                   "1": [driver, path, "y"],
                   "2": MPI + ["2", driver, path, "y"]}
            all = {k: [] for k in who}
            for _ in range(a.runs):
                for k, words in who.items():
                    all[k].append(seconds(words))
            m = {k: [statistics.median(x) for x in zip(*v)]
                 for k, v in all.items()}
            line = f"{name:8}{path.stat().st_size / 1e6:6.0f}"
            line += "  wall {:5.2f} s  ".format(m["pandas"][0])
            for k in "12":
                line += "  {:5.2f} s {:5.2f}x      ".format(
                    m[k][0], m["pandas"][0] / m[k][0])
            print(line)
            line = f"{'':14}  CPU  {m['pandas'][1]:5.2f} s  "
            for k in "12":
                line += "  {:5.2f} s {:5.2f}x      ".format(
                    m[k][1], m["pandas"][1] / m[k][1])
            print(line, flush=True)


if __name__ == "__main__":
    main()
