#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What rank 0 can serve: how its work for a trial grows with their number.

usage: tests/bench/rank0.py [--bench tests/bench/bench_rank0]
                            [--program ./hpotune] [--samplers random tpe]
                            [--trials 100 1000 10000] [--workers 64] [--ms 1]
                            [--ranks 65] [--whole 5000]

First rank 0 alone in one process, with workers that only wait (bench_rank0):
microseconds of CPU for each trial in the mean and of the last tenth, trials
per second from that, bytes of the study file and of memory for each trial,
and the seconds of list.  Then the whole program under mpirun with so many
ranks, trials of that many milliseconds, and rank 0's own CPU seconds, its start among
them; --whole 0 leaves that out.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from check_run import FUNCTION  # noqa: E402

LINE = re.compile(r"(\d+) per s at most, (\d+) came; us per trial ([\d.]+), "
                  r"late ([\d.]+); bytes per trial: file (\d+), memory (-?\d+)")


def alone(options, folder):
    print("sampler  trials    us/trial  late us  trials/s   came/s  "
          "file B/trial  memory B/trial  list s", flush=True)
    for sampler in options.samplers:
        for trials in options.trials:
            path = folder / f"{sampler}{trials}.h5"
            text = subprocess.run(
                [os.path.abspath(options.bench), sampler, str(trials),
                 f"workers={options.workers}", f"ms={options.ms}",
                 f"keep={path}"], check=True, capture_output=True,
                text=True).stdout
            rate, came, mean, late, size, memory = LINE.search(text).groups()
            began = sum(os.times()[2:4])
            subprocess.run([os.path.abspath(options.program), "list", path],
                           check=True, stdout=subprocess.DEVNULL)
            listed = sum(os.times()[2:4]) - began
            print(f"{sampler:8} {trials:7} {mean:>10} {late:>8} {rate:>9} "
                  f"{came:>8} {size:>13} {memory:>15} {listed:7.2f}",
                  flush=True)


def whole(options, folder):
    print(f"\nmpirun -np {options.ranks}, {options.whole} trials of "
          f"{options.ms} ms")
    for sampler in options.samplers:
        (folder / "f.xml").write_text(FUNCTION.format(
            steps=1, delay=options.ms * 1e-3, sampler=sampler, pruner="none",
            trials=options.whole, order="arrival"))
        words = [os.path.abspath(options.program), "f.xml", "--quiet",
                 "--overwrite"]
        timed = f'TIMEFORMAT="rank 0: %U %S"; time {" ".join(words)}'
        began, cpu = time.monotonic(), sum(os.times()[2:4])
        text = subprocess.run(
            ["mpirun", "-np", "1", "bash", "-c", timed, ":", "-np",
             str(options.ranks - 1), *words], cwd=folder, check=True,
            capture_output=True, text=True).stderr
        seconds = time.monotonic() - began
        spent = sum(os.times()[2:4]) - cpu
        own = sum(map(float, re.search(r"rank 0: ([\d.]+) ([\d.]+)",
                                       text).groups()))
        print(f"{sampler:8} {options.whole / seconds:8.0f} trials/s, "
              f"{seconds:.1f} s with the start; CPU s of all ranks "
              f"{spent:.1f}, of rank 0 {own:.2f}: at most "
              f"{options.whole / own:.0f} trials/s", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bench", default="tests/bench/bench_rank0")
    parser.add_argument("--program", default="./hpotune")
    parser.add_argument("--samplers", nargs="+", default=["random", "tpe"])
    parser.add_argument("--trials", type=int, nargs="+",
                        default=[100, 1000, 10000])
    parser.add_argument("--workers", type=int, default=64)
    parser.add_argument("--ms", type=float, default=1)
    parser.add_argument("--ranks", type=int, default=65)
    parser.add_argument("--whole", type=int, default=5000)
    options = parser.parse_args()
    os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT", "1")
    os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
    os.environ.setdefault("OMPI_MCA_rmaps_base_oversubscribe", "1")
    os.environ.setdefault("PRTE_MCA_rmaps_default_mapping_policy",
                          ":oversubscribe")
    with tempfile.TemporaryDirectory() as place:
        alone(options, pathlib.Path(place))
        if options.whole:
            whole(options, pathlib.Path(place))


if __name__ == "__main__":
    main()
