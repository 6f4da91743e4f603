#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A team of ranks beside one rank: the same trial of gbt on the same made
data, in turn; wall seconds of the trial, as the study file has them, and CPU
seconds, MiB sent and peak MiB of the team's first rank.

usage: tests/bench/team_scaling.py [--program build/hpotune] [--ranks 2]
       [--runs 5] [CASE ...]

CPU seconds include those in which a rank waits for the others.  The models
are the same, bit for bit, or it stops.
"""
import argparse
import hashlib
import os
import pathlib
import statistics
import subprocess
import tempfile

import h5py

for name, value in (("OMPI_ALLOW_RUN_AS_ROOT", "1"),
                    ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
                    ("OMPI_MCA_rmaps_base_oversubscribe", "1")):
    os.environ.setdefault(name, value)

STUDY = """<study name="scaling" seed="1">
  <data task="binary" label="28"><train href="h.npy"/>
    <validation fraction="0.1"/></data>
  <model kind="gbt"><fixed name="n_estimators" value="{rounds}"/>
    <fixed name="learning_rate" value="0.1"/>{more}
    <float name="reg_lambda" low="1" high="1.001"/></model>
  <objective metric="logloss" direction="minimize"/>
  <sampler name="random"/><budget trials="1"/>
  <parallel order="strict"/><output models="best:1"/>
</study>
"""
LEAVES = {"max_depth": 0, "max_leaves": 255, "grow_policy": "lossguide"}
# rows, rounds, options
CASES = {
    "1M": (1000000, 100, {"max_depth": 6}),
    "1M-d8": (1000000, 50, {"max_depth": 8}),
    "1M-leaves": (1000000, 30, LEAVES),
    "100k": (100000, 100, {"max_depth": 6}),
    "100k-d15": (100000, 30, {"max_depth": 15}),
    "100k-leaves": (100000, 60, LEAVES),
}


def run(program, folder, size):
    subprocess.run(
        ["mpirun", "-np", str(size + 1), program, "s.xml", "--quiet",
         "--overwrite", "--output", "s.h5", "--set",
         f"parallel/ranks-per-trial={size}"], cwd=folder, check=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with h5py.File(folder / "s.h5") as f:
        row = f["trials"][0]
        digest = hashlib.sha256(f["models"][:].tobytes()).hexdigest()
        return (row["wall"], row["cpu"], row["bytes_sent"] / 2**20,
                row["peak_memory"] / 2**20, digest)


def case(name, options):
    rows, rounds, more = CASES[name]
    with tempfile.TemporaryDirectory() as text:
        folder = pathlib.Path(text)
        subprocess.run([options.program, "generate", "higgs-like", "--rows",
                        str(rows), "-o", "h.npy"], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        (folder / "s.xml").write_text(STUDY.format(
            rounds=rounds, more="".join(
                f'<fixed name="{k}" value="{v}"/>' for k, v in more.items())))
        one, team = [], []
        for _ in range(options.runs):
            one.append(run(options.program, folder, 1))
            team.append(run(options.program, folder, options.ranks))
    assert len({r[-1] for r in one + team}) == 1, "the models differ"
    a, b = ([statistics.median(x) for x in list(zip(*rows))[:4]]
            for rows in (one, team))
    ratio = statistics.median(x[0] / y[0] for x, y in zip(one, team))
    print(f"{name:12s} {a[0]:7.2f} {b[0]:7.2f} {ratio:6.2f}x {a[1]:7.2f} "
          f"{b[1]:7.2f} {b[2]:8.1f} {a[3]:7.0f} {b[3]:7.0f}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--program", default="build/hpotune")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    options.program = os.path.abspath(options.program)
    print("             wall s: 1   team  ratio  cpu s: 1  team  MiB sent  "
          "peak: 1  team")
    for name in options.cases or CASES:
        case(name, options)


main()
