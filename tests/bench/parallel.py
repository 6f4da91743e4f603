#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Which <parallel> to choose: wall seconds, seconds per trial, bytes sent and
peak memory per rank of the same study, one way after the other.

usage: tests/bench/parallel.py [--program build/hpotune] [--rows 300000]
       [--trials 6] [--ranks 3]
"""
import argparse
import os
import pathlib
import subprocess
import tempfile
import time

import h5py

for name, value in (("OMPI_ALLOW_RUN_AS_ROOT", "1"),
                    ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
                    ("OMPI_MCA_rmaps_base_oversubscribe", "1")):
    os.environ.setdefault(name, value)

STUDY = """<study name="parallel" seed="1">
  <data task="binary" label="{label}">
    <train href="h.csv"/><validation fraction="0.1"/>
  </data>
  <model kind="gbt">
    <fixed name="n_estimators" value="50"/>
    <int name="max_depth" low="6" high="7"/>
    <float name="learning_rate" low="0.05" high="0.3"/>
  </model>
  <objective metric="logloss" direction="minimize"/>
  <sampler name="random"/>
  <budget trials="{trials}"/>
  <parallel order="strict"/>
  <output models="none"/>
</study>
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="build/hpotune")
    parser.add_argument("--rows", type=int, default=300000)
    parser.add_argument("--trials", type=int, default=6)
    parser.add_argument("--ranks", type=int, default=3)
    options = parser.parse_args()
    program = os.path.abspath(options.program)
    ways = [("1", "shared"), ("all", "shared"), ("1", "sharded"),
            ("all", "sharded")]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([program, "generate", "higgs-like", "--rows",
                        str(options.rows), "-o", "h.csv"], cwd=folder,
                       check=True, stdout=subprocess.DEVNULL)
        with open(folder / "h.csv") as f:
            label = f.readline().strip().split(",")[-1]
        (folder / "s.xml").write_text(STUDY.format(
            label=label, trials=options.trials))
        print(f"{options.rows} rows x 28, {options.trials} trials of 50 "
              f"rounds, {options.ranks} ranks")
        print("ranks-per-trial data     wall s  s/trial  MiB sent/trial  "
              "peak MiB")
        for size, data in ways:
            began = time.monotonic()
            subprocess.run(
                ["mpirun", "-np", str(options.ranks), program, "s.xml",
                 "--quiet", "--overwrite", "--output", "s.h5", "--set",
                 f"parallel/ranks-per-trial={size}", "--set",
                 f"parallel/data={data}"], cwd=folder, check=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            wall = time.monotonic() - began
            with h5py.File(folder / "s.h5") as f:
                rows = f["trials"][:]
            print(f"{size:15s} {data:8s} {wall:6.1f} "
                  f"{rows['wall'].mean():8.2f} "
                  f"{rows['bytes_sent'].mean() / 2**20:15.1f} "
                  f"{rows['peak_memory'].max() / 2**20:9.0f}", flush=True)


main()
