#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Digest of a study: everything that strict order promises to be the same.

usage: tests/digest.py FILE.h5...
       tests/digest.py --program PATH [--small]   runs small strict studies
"""
import argparse
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Outside the claim: times, places, offsets and sums of the row; how often a
# trial was interrupted.
OUTSIDE = {"attempt", "start", "end", "wall", "cpu", "peak_memory", "bytes_sent", "team",
           "host", "session", "curve_offset", "model_offset", "crc",
           "metrics.train_seconds"}


def best_models(trials, maximize, keep):
    """Numbers of the best complete trials; with several objectives, of those
    that have a model."""
    if "value" not in trials.dtype.names:
        return np.flatnonzero(trials["model_length"] > 0)
    complete = h5py.check_enum_dtype(trials.dtype["state"])["complete"]
    done = [i for i in range(len(trials)) if trials["state"][i] == complete]
    sign = -1 if maximize else 1
    done.sort(key=lambda i: (sign * trials["value"][i], i))
    return done[:keep]


def digest(path, keep=1, with_data=True):
    """SHA-256 over states, points, values, curves and the best models.

    Without the data: their own SHA-256, which gbt models hold, counts not.
    """
    h = hashlib.sha256()
    with h5py.File(path, "r", swmr=True) as f:
        trials, curves = f["trials"][:], f["curves"][:]
        directions = f.attrs["directions"]
        if isinstance(directions, bytes):
            directions = directions.decode()
        maximize = str(directions).startswith("max")
        best = set(best_models(trials, maximize, keep))
        for i, row in enumerate(trials):
            for name in trials.dtype.names:
                if name in OUTSIDE or name.startswith("model_"):
                    continue
                h.update(name.encode() + np.asarray(row[name]).tobytes())
            at, n = int(row["curve_offset"]), int(row["curve_length"])
            if n:
                for name in ("fold", "step", "metric", "value"):
                    h.update(curves[name][at:at + n].tobytes())
            if i in best and row["model_length"] > 0:
                at, n = int(row["model_offset"]), int(row["model_length"])
                for table in ("confusion", "roc"):
                    rows = f[table][:] if table in f else trials[:0]
                    rows = rows[rows["trial"] == i] if len(rows) else rows
                    for name in sorted(set(rows.dtype.names) - OUTSIDE):
                        if len(rows) and rows["model_offset"][0] == at:
                            h.update(rows[name].tobytes())
                model = f["models"][at:at + n].tobytes()
                h.update(model if with_data else
                         model.replace(f["data/sha256"][()], b""))
    return h.hexdigest()


def run_small(program):
    """One digest over small strict studies of all three tasks."""
    h = hashlib.sha256()
    for name in ("quickstart", "digits", "diabetes"):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "s.h5")
            subprocess.run(
                [program, str(ROOT / "inputs" / f"{name}.xml"), "--trials",
                 "6", "--set", "parallel/order=strict", "--quiet",
                 "--output", out], check=True, stdout=subprocess.DEVNULL)
            h.update(digest(out).encode())
    return h.hexdigest()


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("files", nargs="*")
    options.add_argument("--program")
    options.add_argument("--small", action="store_true")
    given = options.parse_args()
    if given.program:
        print(run_small(str(pathlib.Path(given.program).resolve())))
    for path in given.files:
        print(digest(path), path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
