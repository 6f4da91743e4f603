#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A study on several ranks, killed again and again: rank 0 or a worker, at
random times, by SIGKILL; continued on another number of ranks each time.
After every kill h5py opens the file and finds what was acknowledged; at the
end the study is compared with one that ran through: trials, states, values,
curves and all models.

usage: tests/bench/kills.py [--program build/hpotune] [--kills 300] [--seed S]
                            [--study gbt|folds|halving|both]
"""
import argparse
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from conftest import end_of  # noqa: E402
from digest import digest  # noqa: E402
from faults import KINDS, check_after, ranks_of, study_text  # noqa: E402



def run(program, folder, ranks, out):
    return subprocess.Popen(
        ["mpirun", "-np", str(ranks), program, "s.xml", "--output", out],
        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="build/hpotune")
    parser.add_argument("--csv", default="inputs/breast_cancer.csv")
    parser.add_argument("--study", choices=KINDS, default="gbt")
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    print("seed", options.seed)
    dice = random.Random(options.seed)
    program = os.path.abspath(options.program)
    kills = studies = trials = hung = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "s.xml").write_text(study_text(
            options.study, os.path.abspath(options.csv), options.trials,
            low=60, high=200))
        began = time.monotonic()
        whole = run(program, folder, 3, "whole.h5")
        text, _ = whole.communicate()
        seconds = time.monotonic() - began
        assert whole.returncode == 0, text
        expected = digest(folder / "whole.h5", options.trials)
        while kills < options.kills:
            for p in folder.glob("f.h5*"):
                p.unlink()
            known, code = {}, None
            while code != 0:
                job = run(program, folder, dice.choice([1, 2, 3, 5]), "f.h5")
                time.sleep(0.2 + dice.random() * seconds / 2)
                pids = ranks_of(folder)
                if pids and job.poll() is None:
                    os.kill(dice.choice([pids[0], *pids]), signal.SIGKILL)
                    kills += 1
                text = end_of(job)
                code = job.returncode
                hung += code == -9
                known = check_after(folder / "f.h5", text, known)
            assert sorted(known) == list(range(options.trials))
            assert digest(folder / "f.h5", options.trials) == expected
            studies += 1
            trials += len(known)
            print(f"{options.study}: {studies} studies, {kills} kills, "
                  f"{trials} trials, 0 lost; mpirun hung at its end {hung} "
                  "times", flush=True)


main()
