# SPDX-License-Identifier: BSD-3-Clause
"""Peak memory of each rank where a team holds the data in parts.

    /usr/bin/python3 ../tests/bench/sharded_memory.py --rows 1000000 --ranks 4

Writes a table of float32 as NPY, trains gbt on one rank that holds the whole
and on a team that holds parts, and prints what each rank took on top of what
it had before reading. Fails if the models differ or a rank holds the whole.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy


def write(path, rows, columns, seed):
    rng = numpy.random.default_rng(seed)
    out = numpy.lib.format.open_memmap(path, "w+", "f4", (rows, columns + 1))
    for at in range(0, rows, 100000):
        x = rng.standard_normal((min(100000, rows - at), columns + 1), "f4")
        x[:, columns] += x[:, 0] * x[:, 1]
        out[at:at + len(x)] = x
    out.flush()


def run(driver, ranks, path, label, mode):
    text = subprocess.run(
        ["mpirun", "-np", str(ranks), driver, path, label, mode,
         "n_estimators=5", "max_depth=6"],
        check=True, stdout=subprocess.PIPE).stdout
    return json.loads(text)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--driver", default="tests/shard_driver")
    p.add_argument("--rows", type=int, default=1000000)
    p.add_argument("--columns", type=int, default=28)
    p.add_argument("--ranks", type=int, default=4)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "table.npy")
        write(path, a.rows, a.columns, a.seed)
        label = f"f{a.columns}"
        whole = run(a.driver, 1, path, label, "shared")
        parts = run(a.driver, a.ranks, path, label, "sharded")
    raw = a.rows * a.columns * 4
    print(f"{a.rows} rows x {a.columns}: {raw / 1e6:.0f} MB of float32")
    for name, r in (("whole", whole), ("parts", parts)):
        for k, (before, read, end, *_) in enumerate(r["ranks"]):
            print(f"{name} rank {k}: {(read - before) / 1e6:.0f} MB after "
                  f"reading, {(end - before) / 1e6:.0f} MB at the peak")
    same = whole["digest"] == parts["digest"]
    print("models:", "the same" if same else "DIFFERENT")
    most = max(end - before for before, _, end, *_ in parts["ranks"])
    return 0 if same and most < raw else 1


if __name__ == "__main__":
    sys.exit(main())
