#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What waiting costs: three ranks wait for the one whose only step sleeps.
Prints CPU seconds per waiting rank and second, start-up taken off, and the
median of all runs.

usage: tests/bench/waiting.py [--program build/hpotune] [--seconds 6]
       [--runs 5]
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import tempfile

STUDY = """<study name="waiting">
  <model kind="function" objective="sphere">
    <fixed name="steps" value="1"/><fixed name="delay" value="{delay}"/>
    <float name="x0" low="0" high="1"/>
  </model>
  <objective metric="value" direction="minimize"/>
  <sampler name="random"/>
  <budget trials="1"/>
</study>
"""


def used(program, folder, delay):
    """CPU seconds of a run on four ranks."""
    study = pathlib.Path(folder) / "s.xml"
    study.write_text(STUDY.format(delay=delay))
    before = os.times()
    subprocess.run(["mpirun", "-np", "4", program, study, "--quiet",
                    "--overwrite", "--output", "s.h5"], cwd=folder,
                   check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return (after.children_user + after.children_system -
            before.children_user - before.children_system)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="build/hpotune")
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    program = os.path.abspath(options.program)
    shares = []
    with tempfile.TemporaryDirectory() as folder:
        start = min(used(program, folder, 0) for _ in range(3))
        for _ in range(options.runs):
            share = ((used(program, folder, options.seconds) - start) /
                     options.seconds / 4)
            shares.append(share)
            print(f"{100 * share:.2f} % of a core each")
    print(f"median {100 * statistics.median(shares):.2f} %")


main()
