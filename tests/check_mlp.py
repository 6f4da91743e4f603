# SPDX-License-Identifier: BSD-3-Clause
"""mlp against scikit-learn: predictions, gradients, whole trajectories from
the same weights, accuracy; and whole runs."""
import json
import os
import warnings

import h5py
import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

import conftest
from check_pruners import check_same
from linear_tools import fit

warnings.filterwarnings("ignore")
SEED = int(os.environ.get("HPO_TEST_SEED", "20261121"))
print("HPO_TEST_SEED", SEED)
ACTIVATIONS = ["identity", "logistic", "tanh", "relu"]


def single(x):
    """What is left of x in float32."""
    return np.asarray(x).astype(np.float32).astype(float)


def data(task, rows=400):
    """Features of mean 0 and variance 1 in float32, labels, classes."""
    x, y = {"binary": load_breast_cancer, "multiclass": load_digits,
            "regression": load_diabetes}[task](return_X_y=True)
    x = single(StandardScaler().fit_transform(x))[:rows]
    y = y[:rows].astype(float)
    if task == "regression":
        return x, single((y - y.mean()) / y.std()), 0
    return x, y, int(y.max()) + 1


def theirs(model, x, y, **kw):
    """scikit-learn's network with our model's weights."""
    kind = MLPRegressor if model["task"] == "regression" else MLPClassifier
    p = {k: v for k, v in model["params"].items()
         if k not in ("dropout", "class_weight")}
    s = kind(**{**p, **kw, "max_iter": 1}).fit(x, y)  # makes its parts
    s.coefs_ = [np.array(w) for w in model["coefs_"]]
    s.intercepts_ = [np.array(b) for b in model["intercepts_"]]
    return s


def predict(s, x):
    """In the shape of our predictions."""
    if isinstance(s, MLPRegressor):
        return s.predict(x)
    p = s.predict_proba(x)
    return (p[:, 1] if p.shape[1] == 2 else p).ravel()


def far(a, b):
    """Largest distance of two lists of arrays, relative to their size."""
    return max(np.linalg.norm(np.subtract(p, q)) / np.linalg.norm(q)
               for p, q in zip(a, b))


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_predictions(task):
    """Loaded with our weights, scikit-learn predicts what we do."""
    x, y, k = data(task)
    role = (np.arange(len(y)) % 3 == 0).astype(int)
    for activation in ACTIVATIONS:
        m = fit(x, y, k, "mlp", role=role, activation=activation,
                hidden_layer_sizes="30 17", max_iter=5)
        s = theirs(m.model, x[role == 0], y[role == 0])
        assert len(s.coefs_) == 3 and s.coefs_[1].shape == (30, 17)
        assert s.out_activation_ == m.model["out_activation_"]
        assert np.abs(predict(s, x[role == 1]) - m.p).max() < 1e-6


@pytest.mark.parametrize("solver, more", [
    ("sgd", {"learning_rate_init": 0.05}),
    ("sgd", {"learning_rate_init": 0.05, "nesterovs_momentum": "no",
             "momentum": 0.5, "learning_rate": "invscaling",
             "power_t": 0.2, "alpha": 0.1}),
    ("adam", {"alpha": 0.01, "beta_1": 0.8, "beta_2": 0.99,
              "epsilon": 1e-6})])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_trajectories(task, solver, more):
    """From the same weights, on the same batches, scikit-learn's weights and
    losses epoch by epoch: all rows as one batch, and 8 batches of which the
    last has fewer rows."""
    x, y, k = data(task)
    for i, activation in enumerate(ACTIVATIONS):
        kw = dict(more, solver=solver, activation=activation, shuffle="no",
                  hidden_layer_sizes="20 10"[:2 + 3 * (i % 2)],
                  batch_size=[len(y), 53][i // 2], tol=0)
        begin = fit(x, y, k, "mlp", untrained=1, **kw)
        end = fit(x, y, k, "mlp", max_iter=6, **kw)
        s = theirs(begin.model, x, y)
        assert far(begin.model["coefs_"], end.model["coefs_"]) > 1e-3
        s.set_params(max_iter=6, warm_start=True)
        s.loss_curve_, s.best_loss_, s.t_, s.n_iter_ = [], np.inf, 0, 0
        s.fit(x, y)
        assert far(end.model["coefs_"] + end.model["intercepts_"],
                   s.coefs_ + s.intercepts_) < 1e-6
        assert np.allclose(end.model["loss_curve_"], s.loss_curve_,
                           rtol=1e-6, atol=0)


def mean_gap(x, y, k, seeds, **kw):
    """Accuracy of ours less scikit-learn's, over seeds: mean and its standard
    error."""
    role = (np.arange(len(y)) % 4 == 0).astype(int)
    gap = []
    for seed in range(1, seeds + 1):
        m = fit(x, y, k, "mlp", role=role, seed=seed, **kw)
        s = MLPClassifier(random_state=seed, **kw)
        s.fit(x[role == 0], y[role == 0])
        p = m.p.reshape(-1, k).argmax(axis=1)
        gap.append((p == y[role == 1]).mean() -
                   s.score(x[role == 1], y[role == 1]))
    return np.mean(gap), np.std(gap, ddof=1) / np.sqrt(seeds)


def test_accuracy_is_scikit_learns():
    gap, error = mean_gap(*data("multiclass", 1797), 6, max_iter=15)
    assert abs(gap) < 4 * error + 0.005


@pytest.mark.parametrize("more", [
    {"solver": "adam", "learning_rate_init": 0.01, "tol": 0.02},
    {"solver": "sgd", "learning_rate_init": 0.05, "tol": 0.02},
    {"solver": "sgd", "learning_rate_init": 0.5, "tol": 0.005,
     "learning_rate": "adaptive"}])
def test_ends_when_scikit_learn_does(more):
    x, y, k = data("multiclass")
    kw = dict(more, shuffle="no", hidden_layer_sizes="20",
              n_iter_no_change=3, max_iter=300, activation="tanh")
    begin = fit(x, y, k, "mlp", untrained=1, **kw)
    end = fit(x, y, k, "mlp", **kw)
    s = theirs(begin.model, x, y)
    s.set_params(max_iter=300, warm_start=True)
    s.loss_curve_, s.best_loss_, s.t_, s.n_iter_ = [], np.inf, 0, 0
    s._no_improvement_count = 0
    s.fit(x, y)
    assert 5 < s.n_iter_ == end.steps == end.model["n_iter_"] < 300
    assert np.allclose(end.model["loss_curve_"], s.loss_curve_, rtol=1e-3)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_weights_are_repeated_rows(task):
    """A row of weight 3 counts as three rows, one of weight 0 not at all;
    balanced classes are such weights."""
    x, y, k = data(task, 150)
    w = np.random.default_rng(SEED).integers(0, 4, len(y)).astype(float)
    kw = dict(hidden_layer_sizes="12", max_iter=5, batch_size=100000,
              solver="sgd", learning_rate_init=0.1, activation="tanh")
    a = fit(x, y, k, "mlp", weight=w, **kw)
    again = np.repeat(np.arange(len(y)), w.astype(int))
    b = fit(x[again], y[again], k, "mlp", **kw)
    plain = fit(x, y, k, "mlp", **kw)
    assert far(a.model["coefs_"], b.model["coefs_"]) < 1e-6
    assert far(a.model["coefs_"], plain.model["coefs_"]) > 1e-4
    if k > 0:
        count = np.bincount(y.astype(int))
        own = (len(y) / k / count)[y.astype(int)]
        a = fit(x, y, k, "mlp", class_weight="balanced", **kw)
        b = fit(x, y, k, "mlp", weight=own, **kw)
        assert far(a.model["coefs_"], b.model["coefs_"]) < 1e-6


def test_dropout_has_its_share():
    """The first loss, by its expectation over masks: each unit's part of the
    output has the variance p / (1 - p) times its square."""
    x, y, k = data("regression")
    share = {0.1: [], 0.5: [], 0.8: []}
    for seed in range(1, 6):
        kw = dict(hidden_layer_sizes="400", activation="identity",
                  batch_size=len(y), seed=seed)
        m = fit(x, y, k, "mlp", untrained=1, **kw).model
        (w, v), (b, c) = m["coefs_"], m["intercepts_"]
        parts = (x @ w + b) * np.array(v).ravel()
        y = single(parts.sum(axis=1) + c[0])  # no loss without dropout
        penalty = 1e-4 * (np.square(w).sum() + np.square(v).sum()) / len(y)
        for p in share:
            m = fit(x, y, k, "mlp", max_iter=1, dropout=p, **kw).model
            noise = p / (1 - p) * (parts ** 2).sum(axis=1).mean()
            share[p].append((2 * m["loss_curve_"][0] - penalty) / noise)
    for each in share.values():
        assert abs(np.mean(each) - 1) < 0.12, each


# ---- whole runs ----

STUDY = """<study name="s" seed="3">
  <data task="multiclass" label="digit">
    <train href="{inputs}/digits.csv"/>{validation}<standardize/>
  </data>
  <model kind="mlp">{model}</model>
  <objective metric="logloss"/><report metrics="accuracy"/>
  <sampler name="random"/>{pruner}
  <budget trials="{trials}"/>{limits}
  <parallel order="strict" window="4"/>
  <output file="s.h5" models="all"/>
</study>
"""
SEARCH = """<int name="hidden_layers" low="0" high="2"/>
  <int name="hidden_layer_width" low="5" high="40"/>
  <float name="learning_rate_init" low="1e-3" high="0.1" log="yes"/>"""


def write(tool, model=SEARCH, trials=6, pruner="", limits="",
          validation='<validation fraction="0.3"/>'):
    text = STUDY.format(inputs=conftest.INPUTS, model=model, trials=trials,
                        pruner=pruner, limits=limits, validation=validation)
    (tool.folder / "s.xml").write_text(text)


def stored(f, row):
    at = row["model_offset"]
    return json.loads(f["models"][at:at + row["model_length"]].tobytes())


@pytest.mark.parametrize("validation", [
    '<validation fraction="0.3"/>', '<folds count="3"/>'])
def test_early_stopping(tool, validation):
    """The best epoch is what counts and what is stored; scikit-learn gives
    the stored model's score."""
    write(tool, SEARCH + '<fixed name="early_stopping" value="yes"/>'
          '<fixed name="n_iter_no_change" value="3"/>', trials=4,
          validation=validation)
    tool.run("s.xml", "--quiet")
    table = np.loadtxt(conftest.INPUTS / "digits.csv", delimiter=",",
                       skiprows=1)
    early = 0
    with h5py.File(tool.folder / "s.h5") as f:
        curves, role = f["curves"][:], f["data/role"][:].ravel()
        for row in f["trials"][:]:
            at, n = row["curve_offset"], row["curve_length"]
            curve = [p["value"] for p in curves[at:at + n] if p["fold"] == 0]
            best = int(np.argmin(curve)) + 1
            m = stored(f, row)
            assert row["value"] == curve[best - 1]
            assert row["steps"] == len(curve) <= best + 3
            assert m["n_iter_"] == best == len(m["loss_curve_"])
            early += row["steps"] == best + 3
            if "folds" in validation:
                continue
            x, y = table[role == 1, :-1], table[role == 1, -1]
            x = (x - m["mean_"]) / m["scale_"]
            p = theirs(m, x, y).predict_proba(x)
            loss = -np.log(p[np.arange(len(y)), y.astype(int)]).mean()
            assert abs(loss - row["value"]) < 1e-6
    assert early > 1


def test_the_same_after_pauses_and_kills(tool):
    """halving on 1, 2, 3 and 5 ranks and after kills; paused trials go on
    with the bits of whole ones."""
    fixed = """<fixed name="max_iter" value="12"/>
      <fixed name="dropout" value="0.2"/>"""
    words = ["run", "s.xml", "--quiet", "--output"]
    write(tool, SEARCH + fixed, trials=16, pruner='<pruner name="halving" '
          'min-resource="2" reduction-factor="2"/>')
    check_same(tool, words, keep=3, kills=2)
    tool.run("run", "s.xml", "--quiet", "--set", "pruner/name=none",
             "--output", "whole.h5")
    with h5py.File(tool.folder / "s1.h5") as a, \
            h5py.File(tool.folder / "whole.h5") as b:
        states = h5py.check_enum_dtype(a["trials"].dtype["state"])
        complete = a["trials"][:]["state"] == states["complete"]
        assert complete.any() and not complete.all()
        for i in np.flatnonzero(complete):
            assert a["trials"][i]["model_crc"] == b["trials"][i]["model_crc"]


def reasons(tool):
    with h5py.File(tool.folder / "s.h5") as f:
        rows = f["trials"][:]
        failed = h5py.check_enum_dtype(rows.dtype["state"])["failed"]
        assert (rows["state"] == failed).all()
        return {r.decode().split(":")[0] for r in rows["reason"]}


@pytest.mark.parametrize("more, limits, reason", [
    ({"learning_rate_init": 1e12, "solver": "sgd", "activation": "identity"},
     "", "the training loss is not finite after epoch"),
    ({}, '<trial-limits time="0.001"/>', "time limit"),
    ({}, '<trial-limits memory="1M"/>', "memory limit"),
    ({"hidden_layers": 16, "hidden_layer_width": 65536}, "",
     ("memory limit", "the network has more than"))])
def test_failures_have_reasons(tool, more, limits, reason):
    fixed = "".join(f'<fixed name="{k}" value="{v}"/>'
                    for k, v in more.items())
    write(tool, fixed + '<float name="alpha" low="0.1" high="1"/>', trials=2,
          limits=limits)
    tool.run("s.xml", "--quiet", expect=5)
    assert all(r.startswith(reason) for r in reasons(tool))


@pytest.mark.parametrize("model, words", [
    ('<categorical name="hidden_layer_sizes"><choice value="9"/>'
     '<choice value="9 x"/></categorical>', '"9 x" is no list of sizes'),
    ('<fixed name="hidden_layer_sizes" value="9"/>'
     '<int name="hidden_layers" low="1" high="2"/>', "one or the other"),
    ('<fixed name="solver" value="lbfgs"/>', "not built"),
    ('<fixed name="hiden_layers" value="2"/>', "hidden_layers")])
def test_refusals(tool, model, words):
    write(tool, model)
    assert words in tool.run("check", "s.xml", expect=2).stderr


def test_absent_entries_are_zero(tool):
    """LIBSVM rows train as the same rows with their zeros."""
    x, y = load_digits(return_X_y=True)
    (tool.folder / "d.svm").write_text("".join(
        f"{c} " + " ".join(f"{j + 1}:{v:g}" for j, v in enumerate(row) if v)
        + "\n" for c, row in zip(y[:500], x[:500])))
    np.savetxt(tool.folder / "d.csv", np.column_stack([x, y])[:500],
               fmt="%g", delimiter=",", comments="",
               header=",".join([f"p{j}" for j in range(64)] + ["digit"]))
    value = []
    for name in ("d.svm", "d.csv"):
        write(tool, '<fixed name="max_iter" value="4"/>' + SEARCH, trials=2)
        text = (tool.folder / "s.xml").read_text()
        (tool.folder / "s.xml").write_text(
            text.replace(f"{conftest.INPUTS}/digits.csv", name))
        tool.run("s.xml", "--quiet", "--overwrite")
        with h5py.File(tool.folder / "s.h5") as f:
            value.append(list(f["trials"][:]["value"]))
    assert value[0] == value[1]
