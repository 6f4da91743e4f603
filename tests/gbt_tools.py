# SPDX-License-Identifier: BSD-3-Clause
"""Runs tests/gbt_driver on numpy arrays, and XGBoost on the same."""
import json
import os
import pathlib
import subprocess
import tempfile

os.environ.setdefault("OMP_NUM_THREADS", "1")  # no threads that spin

import numpy as np  # noqa: E402
import xgboost as xgb  # noqa: E402

SHARED = pathlib.Path(__file__).resolve().parents[2] / "shared" / "data"
DRIVER = os.environ.get("GBT_DRIVER", "tests/gbt_driver")
LOSS = {0: "reg:squarederror", 2: "binary:logistic"}


def write_data(path, x, y, n_class, role, weight=None, n_category=None):
    rows, columns = x.shape
    if n_category is None:
        n_category = np.zeros(columns)
    with open(path, "wb") as f:
        head = [rows, columns, n_class, weight is not None]
        np.array(head, "<i8").tofile(f)
        np.asarray(role, "u1").tofile(f)
        np.asarray(y, "<f8").tofile(f)
        if weight is not None:
            np.asarray(weight, "<f8").tofile(f)
        np.asarray(n_category, "<i8").tofile(f)
        np.ascontiguousarray(x.T, "<f4").tofile(f)


class Ours:
    """One training run: predictions p, model file, CPU seconds."""

    def __init__(self, data, n_class, n_valid, **options):
        with tempfile.TemporaryDirectory() as d:
            model, pred = d + "/m.ubj", d + "/p"
            words = [f"{k}={v}" for k, v in options.items()]
            run = subprocess.run([DRIVER, str(data), model, pred] + words,
                                 stdout=subprocess.PIPE, check=True)
            self.seconds = json.loads(run.stdout)
            self.bytes = pathlib.Path(model).read_bytes()
            k = n_class if n_class > 2 else 1
            self.p = np.fromfile(pred, "<f8").reshape(n_valid, k)
            self.booster = xgb.Booster(model_file=model)
            self.attributes = self.booster.attributes()


def objective(n_class):
    return LOSS.get(n_class, "multi:softprob")


def loss(p, y, n_class):
    """Log loss or root mean squared error."""
    if n_class == 0:
        return float(np.sqrt(np.mean((p[:, 0] - y) ** 2)))
    if n_class == 2:
        p = np.column_stack([1 - p[:, 0], p[:, 0]])
    q = p[np.arange(len(y)), y.astype(int)]
    return float(-np.mean(np.log(np.clip(q, 1e-15, 1))))


def wine():
    """Wine Quality, red and white: x, quality."""
    parts = [np.loadtxt(SHARED / f"winequality-{c}.csv", delimiter=",")
             for c in ("red", "white")]
    table = np.vstack(parts)
    return table[:, :-1].astype(np.float32), table[:, -1]


def higgs():
    """HIGGS sample: x, label, and which rows are the test part's."""
    parts = [np.loadtxt(SHARED / f"higgs7k.{c}.tsv", delimiter="\t")
             for c in ("train", "test")]
    table = np.vstack(parts)
    role = np.repeat([0, 1], [len(p) for p in parts])
    return table[:, 1:].astype(np.float32), table[:, 0], role


def generated(rows, columns=28, seed=0):
    """Like HIGGS: a noisy non-linear rule of normal and log-normal values."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, columns)).astype(np.float32)
    x[:, ::3] = np.exp(x[:, ::3])
    z = (x[:, 0] * x[:, 1] - np.abs(x[:, 2]) + x[:, 4] * (x[:, 5] > 0)
         + np.sin(2 * x[:, 7]) + 0.5 * x[:, 8] * x[:, 10] - 0.3 * x[:, 11])
    y = (z + rng.logistic(size=rows) > np.median(z)).astype(float)
    return x, y
