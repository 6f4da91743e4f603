# SPDX-License-Identifier: BSD-3-Clause
"""Metrics equal scikit-learn's to 1e-12 on random cases.

Drives the program tests/metric_driver of the build: ties, weights, missing
classes, zero divisions.
"""
import os
import pathlib
import subprocess
import warnings

import numpy as np
import pytest
from sklearn import metrics as sk

warnings.filterwarnings("ignore")
SEED = int(os.environ.get("HPO_TEST_SEED", "20261121"))
ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("HPOTUNE_BUILD", ROOT / "build"))
DRIVER = BUILD / "tests" / "metric_driver"
CASES = 220
UNDEFINED = "undefined"


def ask(cases):
    """Scores of (metric, y, p, n_class, w) cases, in order."""
    lines = []
    for name, y, p, n_class, w in cases:
        p = np.asarray(p, float).reshape(len(y), -1)
        lines.append(f"{name} {len(y)} {p.shape[1]} {n_class} "
                     f"{0 if w is None else 1}")
        table = [np.asarray(y, float)[:, None], p]
        if w is not None:
            table.append(np.asarray(w, float)[:, None])
        for row in np.hstack(table):
            lines.append(" ".join("%.17g" % x for x in row))
    done = subprocess.run([DRIVER], input="\n".join(lines) + "\n", text=True,
                          capture_output=True, check=True)
    answers = [a if a == UNDEFINED else float(a)
               for a in done.stdout.split()]
    assert len(answers) == len(cases)
    return answers


def weights(rng, n):
    kind = rng.integers(4)
    if kind == 0:
        return None
    if kind == 1:
        return rng.integers(0, 3, n).astype(float)
    if kind == 2:
        return rng.random(n) * 10.0 ** rng.integers(-3, 4)
    return np.exp(3 * rng.standard_normal(n))


def scores(rng, shape):
    """Probabilities, often tied, sometimes exactly 0 or 1."""
    p = rng.random(shape)
    kind = rng.integers(4)
    if kind == 0:
        p = np.round(p, 1)
    elif kind == 1:
        p = np.round(p * 3) / 3
    elif kind == 2:
        p = p ** 30
    return p


def binary_case(rng):
    n = int(rng.integers(1, 200))
    y = (rng.random(n) < rng.choice([0.02, 0.5, 0.97])).astype(int)
    return y, scores(rng, n), weights(rng, n)


def multiclass_case(rng):
    n, k = int(rng.integers(1, 200)), int(rng.integers(3, 8))
    classes = rng.permutation(k)[: int(rng.integers(1, k + 1))]
    if rng.random() < 0.5:
        classes = np.arange(k)
    p = scores(rng, (n, k)) + 1e-3
    if rng.random() < 0.3:  # classes that are never predicted
        p[:, rng.integers(k)] = 0
    if rng.random() < 0.3:  # ties of argmax
        p = np.round(p, 1) + 0.1
    return rng.choice(classes, n), p / p.sum(axis=1)[:, None], weights(rng, n)


def regression_case(rng):
    n = int(rng.integers(2, 200))
    y = rng.standard_normal(n) * 10.0 ** rng.integers(-6, 7)
    y = y + rng.choice([0, 1, 1e6]) * np.abs(y).max()
    p = y + rng.standard_normal(n) * np.std(y) * rng.choice([0.01, 1, 100])
    if rng.random() < 0.2:
        y[rng.integers(n)] = 0
    return y, p, weights(rng, n)


def macro_ovr(score, y, p, w):
    k = p.shape[1]
    return np.mean([score((y == c).astype(int), p[:, c], sample_weight=w)
                    for c in range(k)])


def present(y, p, w, need_other):
    """Whether every class has weight, and (need_other) not all of it."""
    k = 2 if p.ndim == 1 else p.shape[1]
    w = np.ones(len(y)) if w is None else w
    has = [w[y == c].sum() > 0 for c in range(k)]
    if p.ndim == 1:
        return has[1] and (has[0] or not need_other)
    return all(has)


def classify_reference(name, y, p, w):
    if w is not None and w.sum() == 0:
        return UNDEFINED
    binary = p.ndim == 1
    said = (p > 0.5).astype(int) if binary else p.argmax(axis=1)
    mean = {"average": "binary" if binary else "macro", "zero_division": 0,
            "sample_weight": w}
    if name == "accuracy":
        return sk.accuracy_score(y, said, sample_weight=w)
    if name == "error":
        return sk.zero_one_loss(y, said, sample_weight=w)
    if name in ("precision", "recall", "f1"):
        return getattr(sk, name + "_score")(y, said, **mean)
    if name == "logloss":
        labels = [0, 1] if binary else range(p.shape[1])
        return sk.log_loss(y, p, sample_weight=w, labels=labels)
    if not present(y, p, w, name == "roc_auc"):
        return UNDEFINED
    if name == "roc_auc" and binary:
        return sk.roc_auc_score(y, p, sample_weight=w)
    if name == "roc_auc":
        return sk.roc_auc_score(y, p, sample_weight=w, multi_class="ovr",
                                labels=range(p.shape[1]))
    if binary:
        return sk.average_precision_score(y, p, sample_weight=w)
    return macro_ovr(sk.average_precision_score, y, p, w)


def regress_reference(name, y, p, w):
    if w is not None and w.sum() == 0:
        return UNDEFINED
    if name == "rmse":
        return sk.mean_squared_error(y, p, sample_weight=w, squared=False)
    function = {"mae": sk.mean_absolute_error, "r2": sk.r2_score,
                "mape": sk.mean_absolute_percentage_error}[name]
    return function(y, p, sample_weight=w)


def compare(cases, expected):
    wrong = []
    for case, got, want in zip(cases, ask(cases), expected):
        if UNDEFINED in (got, want):
            good = got == want
        else:
            good = abs(got - want) <= 1e-12 * max(1.0, abs(want))
        if not good:
            wrong.append((case[0], len(case[1]), got, want))
    assert not wrong, f"seed {SEED}: {wrong[:5]}"


CLASSIFY = ["accuracy", "error", "precision", "recall", "f1", "roc_auc",
            "pr_auc", "logloss"]


@pytest.mark.parametrize("name", CLASSIFY)
@pytest.mark.parametrize("make", [binary_case, multiclass_case])
def test_classification(name, make):
    rng = np.random.default_rng([SEED, len(name)])
    cases, expected = [], []
    for _ in range(CASES):
        y, p, w = make(rng)
        cases.append((name, y, p, 2 if p.ndim == 1 else p.shape[1], w))
        expected.append(classify_reference(name, y, p, w))
    if name.endswith("auc"):
        assert 5 < expected.count(UNDEFINED) < CASES - 50
    compare(cases, expected)


@pytest.mark.parametrize("name", ["rmse", "mae", "r2", "mape"])
def test_regression(name):
    rng = np.random.default_rng([SEED, len(name)])
    cases, expected = [], []
    for _ in range(CASES):
        y, p, w = regression_case(rng)
        if w is not None and (w > 0).sum() < 2:
            w = None
        cases.append((name, y, p, 0, w))
        expected.append(regress_reference(name, y, p, w))
    compare(cases, expected)


def test_r2_of_a_constant():
    y = np.full(5, 0.25)
    cases = [("r2", y, y, 0, None), ("r2", y, y + 1, 0, None)]
    compare(cases, [sk.r2_score(y, y), sk.r2_score(y, y + 1)])
