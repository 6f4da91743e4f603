#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a team sends and holds, by its number of ranks: one gbt model on made
data, each rank with its own rows, many more ranks than cores; counts, no
seconds.

usage: tests/bench/ranks.py [--driver build/tests/shard_driver]
       [--program build/hpotune] [--rows 100000] [--depth 6]
       [--ranks 1 2 4 8 16 32 64]

Of each tree: collectives that a rank calls, KiB that it hands over and that
`model` below says, messages that a rank sends by Open MPI's own count and by
`messages` below, KiB by that count; the peak memory of the rank that has most,
above what it had before reading.  At the end the model for ranks on paper.
"""
import argparse
import glob
import json
import math
import os
import pathlib
import subprocess
import tempfile

for name, value in (("OMPI_ALLOW_RUN_AS_ROOT", "1"),
                    ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
                    ("OMPI_MCA_rmaps_base_oversubscribe", "1")):
    os.environ.setdefault(name, value)

COLUMNS, CELLS = 28, 28 * 264  # 256 bins and a step of 264
HISTOGRAM = 8 * CELLS  # bytes, one word a cell
SPLIT, ROW, COUNT = 72, 32 + 8, 8  # bytes: a split, a gathered row, a count
SHORT = 5


def pays(ranks, total, rows, levels):
    """gbt_subtree_pays: a node of so many rows is gathered at one rank."""
    return (rows * COLUMNS < 32 * 256 * COLUMNS and
            4 * ranks * rows <= total and
            3 * ROW * rows < (2 ** levels / 2 - 0.5) * HISTOGRAM * ranks)


def model(ranks, rows, depth):
    """Bytes that a rank hands over for a full tree that halves its rows: all
    of a histogram but its own part, for the root and one of each two
    children, with two words a cell above 65,536 rows; the best split of each
    node and its count; below, the rows of subtrees."""
    if ranks == 1:
        return 0
    histograms, level = 1 + (rows > 65536), 1
    while level < depth and not pays(ranks, rows, rows >> level,
                                     depth - level):
        histograms += 2 ** (level - 1) * (1 + (rows >> level > 65536))
        level += 1
    sent = HISTOGRAM * histograms + (SPLIT + COUNT) * 2 ** level
    if level < depth:
        sent += ROW * rows / ranks + SPLIT * 2 ** depth / ranks
    return sent * (ranks - 1) / ranks


def messages(ranks, depth):
    """Of a rank and tree: log2(ranks) for what all get (largest gradients,
    scale, root, splits of subtrees, for each level counts and splits), one to
    each other rank for parts of sums (each level) and for rows."""
    return (math.ceil(math.log2(ranks)) * (4 + 2 * depth) +
            (depth + 2) * (ranks - 1))


def train(driver, folder, ranks, depth, rounds):
    for old in glob.glob(str(folder / "m.*")):
        os.unlink(old)
    run = subprocess.run(
        ["mpirun", "-np", str(ranks), "--mca", "pml_monitoring_enable", "1",
         "--mca", "pml_monitoring_enable_output", "3", "--mca",
         "pml_monitoring_filename", str(folder / "m"), driver, "h.npy",
         str(COLUMNS), "sharded", f"n_estimators={rounds}",
         f"max_depth={depth}"], cwd=folder, check=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    messages = sent = 0
    for path in glob.glob(str(folder / "m.*")):
        for line in pathlib.Path(path).read_text().splitlines():
            word = line.split()
            if word[0] in "EI" and word[1] != word[2]:
                sent += int(word[3])
                messages += int(word[5])
    return json.loads(run.stdout), messages / ranks, sent / ranks


def measure(options, folder, ranks):
    """Per rank and tree, as the difference of two runs."""
    rounds = 2 * SHORT
    a = train(options.driver, folder, ranks, options.depth, SHORT)
    b = train(options.driver, folder, ranks, options.depth, rounds)
    each = [[y[k] - x[k] for x, y in zip(a[0]["ranks"], b[0]["ranks"])]
            for k in (3, 4)]
    trees = rounds - SHORT
    return {"digest": b[0]["digest"],
            "calls": max(each[1]) / trees,
            "handed": sum(each[0]) / ranks / trees,
            "messages": (b[1] - a[1]) / trees,
            "sent": (b[2] - a[2]) / trees,
            "peak": max(r[2] - r[0] for r in b[0]["ranks"])}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", default="build/tests/shard_driver")
    parser.add_argument("--program", default="build/hpotune")
    parser.add_argument("--rows", type=int, default=100000)
    parser.add_argument("--depth", type=int, default=6)
    parser.add_argument("--ranks", type=int, nargs="+",
                        default=[1, 2, 4, 8, 16, 32, 64])
    options = parser.parse_args()
    options.driver = os.path.abspath(options.driver)
    digests = set()
    with tempfile.TemporaryDirectory() as text:
        folder = pathlib.Path(text)
        subprocess.run([os.path.abspath(options.program), "generate",
                        "higgs-like", "--rows", str(options.rows), "-o",
                        "h.npy"], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        print(f"{options.rows} rows x {COLUMNS}, depth {options.depth}; of a "
              "rank and tree:\nranks  calls  KiB handed  model  messages  model "
              " KiB by MPI  peak MiB")
        rows = options.rows * 3 // 4
        for ranks in options.ranks:
            m = measure(options, folder, ranks)
            digests.add(m["digest"])
            print(f"{ranks:5d} {m['calls']:6.1f} {m['handed'] / 1024:11.0f} "
                  f"{model(ranks, rows, options.depth) / 1024:6.0f} "
                  f"{m['messages']:9.0f} {messages(ranks, options.depth):6d} "
                  f"{m['sent'] / 1024:11.0f} {m['peak'] / 2**20:9.1f}",
                  flush=True)
    assert len(digests) == 1, "the models differ"
    for rows, depth in ((100000, 6), (10 ** 7, 8), (10 ** 9, 8)):
        print(f"on paper, {rows} rows, depth {depth}: " + ", ".join(
            f"{r} ranks {model(r, rows, depth) / 2**20:.1f} MiB, "
            f"{messages(r, depth)} messages" for r in (64, 512, 4096)))


main()
