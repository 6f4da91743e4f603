#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Peak memory of a whole job beside the bytes of its float32 data.

    memory.py --program ./hpotune [--rows 1000000] [--columns 28] [--ranks 3]
              [--format csv|npy] [--trials 4] [--trace]

A gbt study (depth 6, a tenth of the rows validate) under mpirun on one node:
the proportional set sizes (PSS) of all ranks, summed every few milliseconds.
"base" is the peak of the same job on 1,000 rows: programs, libraries, MPI.
--trace prints the sum at every twentieth of the time.
"""
import argparse
import os
import pathlib
import subprocess
import tempfile
import time

import numpy as np

STUDY = """<study name="m" seed="1">
  <data task="binary" label="{label}"><train href="{data}"/>
    <validation fraction="0.1"/></data>
  <model kind="gbt"><fixed name="n_estimators" value="10"/>
    <fixed name="max_depth" value="6"/>
    <float name="learning_rate" low="0.05" high="0.3"/></model>
  <objective metric="logloss" direction="minimize"/>
  <budget trials="{trials}"/><output file="{out}" models="none"/>
</study>
"""


def write(path, rows, columns):
    dice = np.random.default_rng(1)
    x = dice.standard_normal((rows, columns + 1), dtype=np.float32)
    x[:, columns] = x[:, 0] + dice.standard_normal(rows) > 0
    if path.suffix == ".npy":
        np.save(path, x)
        return f"f{columns}"
    with open(path, "w") as f:
        f.write(",".join(f"x{j}" for j in range(columns)) + ",y\n")
        for at in range(0, rows, 10000):
            np.savetxt(f, x[at:at + 10000], fmt="%.7g", delimiter=",")
    return "y"


def pss(parent):
    """Bytes of the processes below parent that run the program."""
    total, pids = 0, [parent]
    while pids:
        pid = pids.pop()
        try:
            task = f"/proc/{pid}/task"
            for t in os.listdir(task):
                with open(f"{task}/{t}/children") as f:
                    pids += [int(p) for p in f.read().split()]
            with open(f"/proc/{pid}/comm") as f:
                if not f.read().startswith("hpotune"):
                    continue
            with open(f"/proc/{pid}/smaps_rollup") as f:
                total += sum(int(li.split()[1]) * 1024 for li in f
                             if li.startswith("Pss:"))
        except (OSError, ProcessLookupError):
            pass
    return total


def job(a, folder, rows):
    path = folder / f"d{rows}.{a.format}"
    label = write(path, rows, a.columns)
    study = folder / f"s{rows}.xml"
    study.write_text(STUDY.format(label=label, data=path, trials=a.trials,
                                  out=folder / f"o{rows}.h5"))
    seen, start = [], time.monotonic()
    with subprocess.Popen(
            ["mpirun", "--allow-run-as-root", "--oversubscribe", "-np",
             str(a.ranks), str(a.program), "run", str(study)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as p:
        while p.poll() is None:
            seen.append((time.monotonic() - start, pss(p.pid)))
            time.sleep(0.003)
        if p.returncode != 0:
            raise SystemExit(f"hpotune ended with {p.returncode}")
    path.unlink()
    return seen


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--program", required=True, type=pathlib.Path)
    p.add_argument("--rows", type=int, default=1000000)
    p.add_argument("--columns", type=int, default=28)
    p.add_argument("--ranks", type=int, default=3)
    p.add_argument("--format", choices=("csv", "npy"), default="csv")
    p.add_argument("--trials", type=int, default=4)
    p.add_argument("--trace", action="store_true")
    a = p.parse_args()
    a.program = a.program.resolve()
    with tempfile.TemporaryDirectory() as name:
        base = max(m for _, m in job(a, pathlib.Path(name), 1000))
        seen = job(a, pathlib.Path(name), a.rows)
    raw = a.rows * a.columns * 4
    peak = max(m for _, m in seen)
    if a.trace:
        for k in range(20):
            part = seen[len(seen) * k // 20:len(seen) * (k + 1) // 20]
            if part:
                print(f"{part[0][0]:7.2f} s {max(m for _, m in part) / 1e6:7.0f}"
                      " MB")
    print(f"{a.rows} x {a.columns} from {a.format}, {a.ranks} ranks: "
          f"{raw / 1e6:.0f} MB of float32")
    print(f"peak {peak / 1e6:.0f} MB: {peak / raw:.2f} times the data; "
          f"base {base / 1e6:.0f} MB, above it {(peak - base) / raw:.2f} times")


if __name__ == "__main__":
    main()
