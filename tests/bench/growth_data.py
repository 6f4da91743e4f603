#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""How loading, binning and training grow with rows and features.

    growth_data.py [--most 1e8] [--rounds 10] [--plot docs/growth-data.svg]

Run in the build folder after `make tests/bench/bench_load`.  For rows 10^4 ..
10^7 and 10, 30, 100, 300, 1000 features with at most --most values: a table
of float32 in NPY on one rank; CPU seconds of loading, of binning (max_bin
256) and of a round of gbt (depth 6, the mean of --rounds), peak memory.  Then
the model, seconds = a rows + b rows x features + c features, fitted to
relative errors.
"""
import argparse
import os
import pathlib
import subprocess
import tempfile

os.environ["OMP_NUM_THREADS"] = "1"
import numpy as np  # noqa: E402

STAGE = {"load": "load", "bin": "bin", "train": "round"}


def write(path, rows, columns):
    dice = np.random.default_rng(1)
    out = np.lib.format.open_memmap(path, "w+", "f4", (rows, columns + 1))
    step = max(1, 10 ** 7 // (columns + 1))
    for at in range(0, rows, step):
        n = min(step, rows - at)
        x = dice.standard_normal((n, columns + 1), dtype=np.float32)
        x[:, columns] = x[:, 0] * x[:, 1] + x[:, 2]
        out[at:at + n] = x
    out.flush()


def measure(driver, path, columns, rounds):
    out = subprocess.run([driver, path, f"f{columns}", "256",
                          f"rounds={rounds}"], check=True,
                         capture_output=True, text=True).stdout
    line = {li.split()[0]: li.split()[1:] for li in out.splitlines()}
    return {"load": float(line["load"][1]), "bin": float(line["bin"][1]),
            "train": float(line["train"][1]) / rounds,
            "peak": int(line["peak"][0]) * 1024}


def terms(rows, columns):
    return rows, rows * columns, columns


def fit(cells, stage):
    """The least squares of relative errors, weights not below 0."""
    a = np.array([np.array(terms(r, k)) / c[stage]
                  for (r, k), c in cells.items() if c[stage] > 0.001])
    best, least = None, np.inf
    for use in ([0, 1, 2], [0, 1], [1, 2], [1]):
        x = np.zeros(3)
        x[use] = np.linalg.lstsq(a[:, use], np.ones(len(a)), rcond=None)[0]
        error = np.sum((a @ x - 1) ** 2)
        if (x >= 0).all() and error < least:
            best, least = x, error
    return best, float(np.median(np.abs(a @ best - 1)))


def draw(path, cells, models):
    import matplotlib
    matplotlib.use("svg")
    import matplotlib.pyplot as plt
    plt.rcParams.update({"svg.fonttype": "none", "font.size": 11,
                         "svg.hashsalt": "growth", "axes.grid": True,
                         "grid.color": "#dddddd"})
    figure, axes = plt.subplots(1, 3, figsize=(12, 4.2), sharey=True)
    columns = sorted({k for _, k in cells})
    for axis, (stage, name) in zip(axes, STAGE.items()):
        for i, k in enumerate(columns):
            rows = sorted(r for r, c in cells if c == k)
            colour = plt.cm.viridis(i / len(columns))
            axis.plot(rows, [cells[r, k][stage] for r in rows], "o",
                      color=colour, label=f"{k} features")
            axis.plot(rows, [models[stage][0] @ terms(r, k) for r in rows],
                      "-", color=colour, linewidth=1)
        axis.set(xscale="log", yscale="log", xlabel="rows",
                 title={"load": "load NPY", "bin": "bin",
                        "train": "a round, depth 6"}[stage])
    axes[0].set_ylabel("CPU seconds (lines: the model)")
    axes[0].legend(frameon=False, fontsize=10)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--most", type=float, default=1e8)
    p.add_argument("--rounds", type=int, default=10)
    p.add_argument("--plot", type=pathlib.Path)
    a = p.parse_args()
    driver = str(pathlib.Path("tests/bench/bench_load").resolve())
    cells = {}
    print(f"{'rows':>9}{'features':>9}{'load s':>9}{'bin s':>9}{'round s':>9}"
          f"{'peak MB':>9}{'x data':>8}")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "x.npy"
        for rows in (10 ** 4, 10 ** 5, 10 ** 6, 10 ** 7):
            for k in (10, 30, 100, 300, 1000):
                if rows * k > a.most:
                    continue
                write(path, rows, k)
                c = measure(driver, path, k, a.rounds)
                cells[rows, k] = c
                print(f"{rows:9}{k:9}{c['load']:9.3f}{c['bin']:9.3f}"
                      f"{c['train']:9.4f}{c['peak'] / 1e6:9.0f}"
                      f"{c['peak'] / rows / k / 4:8.2f}", flush=True)
                path.unlink()
    models = {s: fit(cells, s) for s in STAGE}
    print("\nns for each row, for each value, us for each feature; median "
          "error of the model")
    for s, ((u, v, w), error) in models.items():
        print(f"{STAGE[s]:6}{1e9 * u:8.1f}{1e9 * v:8.2f}{1e6 * w:8.1f}"
              f"{error:8.0%}")
    if a.plot:
        draw(a.plot, cells, models)


if __name__ == "__main__":
    main()
