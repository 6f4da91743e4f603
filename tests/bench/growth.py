#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Many trials: the study file beside its rows' bytes, the seconds that list
takes, the memory of a worker and of rank 0.

usage: tests/bench/growth.py [--program build/hpotune] [--trials 100000]
                             [--gbt 10000]
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import h5py

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from check_growth import memory_study, raw_bytes  # noqa: E402
from check_run import FUNCTION  # noqa: E402


def run(folder, *words):
    began, cpu = time.monotonic(), sum(os.times()[2:4])
    subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began, sum(os.times()[2:4]) - cpu


def peaks(path, first):
    with h5py.File(path, "r") as f:
        peak = f["trials"]["peak_memory"][:]
    return peak[first] / 1e6, peak[-1] / 1e6


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="build/hpotune")
    parser.add_argument("--trials", type=int, default=100000)
    parser.add_argument("--gbt", type=int, default=10000)
    options = parser.parse_args()
    program = os.path.abspath(options.program)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "f.xml").write_text(FUNCTION.format(
            steps=2, delay=0, trials=options.trials, sampler="random",
            pruner="none", order="arrival"))
        seconds, _ = run(folder, program, "f.xml", "--quiet")
        path = folder / "f.h5"
        size, raw = path.stat().st_size, raw_bytes(path)
        print(f"{options.trials} trials, two steps each, one rank: "
              f"{seconds:.1f} s; file {size / 1e6:.1f} MB, "
              f"{100 * (size / raw - 1):.1f} % over its rows' bytes")
        print("rank 0, trial 1000 and last: %.1f and %.1f MB" %
              peaks(path, min(1000, options.trials - 1)))
        for words in (("list",), ("list", "--sort", "value"), ("status",)):
            seconds, cpu = run(folder, program, *words, "f.h5")
            print(f"{' '.join(words)}: {seconds:.2f} s, of CPU {cpu:.2f} s")
        (folder / "m.xml").write_text(memory_study(options.gbt))
        run(folder, "mpirun", "-np", "2", program, "m.xml", "--quiet")
        print(f"worker, {options.gbt} trials of gbt, trial 100 and last: "
              "%.2f and %.2f MB" % peaks(folder / "m.h5",
                                         min(100, options.gbt - 1)))


main()
