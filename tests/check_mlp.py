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
