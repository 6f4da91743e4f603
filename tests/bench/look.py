#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""How long list, best, importance and report take on many trials.

usage: tests/bench/look.py [--program build/hpotune] [--ranks 2] [--keep DIR]

Makes a study of 10,000 and one of 100,000 trials of a test function, and a
study of 10,000 gbt trials with curves and models, and times each command,
best of three.
"""
import argparse
import os
import pathlib
import subprocess
import tempfile
import time

FUNCTION = """<study name="many" seed="3">
  <model kind="function" objective="hartmann6">{parameters}</model>
  <objective metric="value" direction="minimize"/>
  <sampler name="random"/> <budget trials="{trials}"/>
  <output file="{file}" models="none"/>
</study>
"""
TREES = """<study name="trees" seed="3">
  <data task="binary" label="y"><train href="d.csv"/>
    <validation fraction="0.4"/></data>
  <model kind="gbt"><int name="n_estimators" low="5" high="20"/>
    <int name="max_depth" low="1" high="3"/>
    <float name="learning_rate" low="0.05" high="0.5"/></model>
  <objective metric="logloss"/> <report metrics="accuracy f1 roc_auc"/>
  <sampler name="random"/> <budget trials="{trials}"/>
  <output file="{file}" models="all"/>
</study>
"""


def timed(command, folder):
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True,
                              check=True)
        best = min(best, time.perf_counter() - began)
    return best, len(done.stdout)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    root = pathlib.Path(__file__).resolve().parents[2]
    p.add_argument("--program", default=root / "build" / "hpotune")
    p.add_argument("--ranks", default="2")
    p.add_argument("--keep", help="a folder for the files")
    a = p.parse_args()
    program = str(pathlib.Path(a.program).resolve())
    env = {**os.environ, "OMPI_MCA_rmaps_base_oversubscribe": "1"}
    parameters = "".join(f'<float name="x{i}" low="0" high="1"/>'
                         for i in range(6))
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(a.keep or scratch)
        folder.mkdir(exist_ok=True)
        subprocess.run([program, "generate", "friedman", "--rows", "200",
                        "-o", "d.csv"], cwd=folder, check=True)
        lines = (folder / "d.csv").read_text().splitlines()
        rows = [k.rsplit(",", 1) for k in lines[1:]]
        middle = sorted(float(k[1]) for k in rows)[len(rows) // 2]
        (folder / "d.csv").write_text("\n".join(
            [lines[0].rsplit(",", 1)[0] + ",y"]
            + [f"{x},{int(float(y) > middle)}" for x, y in rows]) + "\n")
        for name, text, trials in (("f10k", FUNCTION, 10_000),
                                   ("f100k", FUNCTION, 100_000),
                                   ("t10k", TREES, 10_000)):
            (folder / f"{name}.xml").write_text(text.format(
                parameters=parameters, trials=trials, file=f"{name}.h5"))
            if not (folder / f"{name}.h5").exists():
                subprocess.run(["mpirun", "-np", a.ranks, program,
                                f"{name}.xml", "--quiet"], cwd=folder,
                               check=True, env=env,
                               stdout=subprocess.DEVNULL)
            file = f"{name}.h5"
            size = (folder / file).stat().st_size / 1e6
            print(f"{trials:,} trials, {size:.0f} MB ({name})")
            for words in (["list", file],
                          ["list", file, "--where", "value < 0.5",
                           "--sort", "value", "--limit", "10"],
                          ["best", file], ["importance", file],
                          ["report", file, "-o", "-"]):
                seconds, n = timed([program, *words], folder)
                print(f"  {seconds:6.2f} s  {n / 1e6:7.2f} MB  "
                      f"hpotune {' '.join(words)}")


if __name__ == "__main__":
    main()
