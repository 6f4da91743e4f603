# SPDX-License-Identifier: BSD-3-Clause
"""logistic and linear against scikit-learn: coefficients, objective values,
optimality, and whole runs."""
import json
import os
import warnings

import h5py
import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.datasets import (load_breast_cancer, load_diabetes, load_digits)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (ElasticNet, Lasso, LinearRegression,
                                  LogisticRegression, Ridge)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import conftest
from linear_tools import (fit, linear_objective, logistic_objective)

warnings.filterwarnings("ignore")
SEED = int(os.environ.get("HPO_TEST_SEED", "20261121"))
print("HPO_TEST_SEED", SEED)
PENALTIES = [("l2", {}), ("l1", {}), ("elasticnet", {"l1_ratio": 0.3}),
             ("none", {})]
TIGHT = dict(tol=1e-11, max_iter=500)


def single(x):
    """What is left of x in float32."""
    return np.asarray(x).astype(np.float32).astype(float)


def noisy(n_class, rows=300, columns=7):
    rng = np.random.default_rng([SEED, n_class])
    x = single(rng.normal(size=(rows, columns)) * [1, 9, 1, 3, 1, 0.1, 1])
    z = x @ rng.normal(size=(columns, max(n_class, 1)))
    z += 3 * rng.normal(size=z.shape)
    y = z[:, 0] if n_class == 0 else z.argmax(axis=1)
    return x, y.astype(float), rng.random(rows) + 0.1


def balanced(y):
    count = np.bincount(y.astype(int))
    return (len(y) / len(count) / count)[y.astype(int)]


def check_logistic(x, y, w, penalty, C, more, intercept=True, class_w=None,
                   reference=True, standardize=True):
    n_class = int(y.max()) + 1
    z = StandardScaler().fit_transform(x) if standardize else x
    kw = dict(more, standardize=1) if standardize else dict(more)
    if class_w:
        kw["class_weight"] = class_w
    m = fit(x, y, n_class, "logistic", weight=w, penalty=penalty, C=C,
            fit_intercept="yes" if intercept else "no", **kw, **TIGHT)
    assert m.model["converged"]
    if n_class > 2:
        assert abs(m.intercept.sum()) < 1e-10
    if standardize:
        assert np.allclose(m.model["mean_"], x.mean(axis=0))
        assert np.allclose(m.model["scale_"], StandardScaler().fit(x).scale_)
    if not reference:
        return m
    solver = "newton-cg" if penalty in ("l2", "none") else "saga"
    s = LogisticRegression(penalty=penalty, C=C, solver=solver, tol=1e-12,
                           max_iter=4000, fit_intercept=intercept,
                           class_weight=class_w,
                           random_state=0, **more).fit(z, y, w)
    weight = np.ones(len(y)) if w is None else w
    if class_w:
        weight = weight * balanced(y)
    args = (z, y, weight)
    ours = logistic_objective(*args, m.coef, m.intercept, penalty, C, **more)
    theirs = logistic_objective(*args, s.coef_, s.intercept_, penalty, C,
                                **more)
    assert ours <= theirs * (1 + 1e-8)
    assert ours >= theirs * (1 - (1e-8 if solver == "newton-cg" else 1e-6))
    shift = s.intercept_ - (s.intercept_.mean() if n_class > 2 else 0)
    assert np.abs(m.coef - s.coef_).max() < 1e-4
    assert np.abs(m.intercept - shift).max() < 1e-4
    return m


@pytest.mark.parametrize("n_class", [2, 3])
@pytest.mark.parametrize("penalty, more", PENALTIES)
def test_logistic_on_noise(n_class, penalty, more):
    x, y, w = noisy(n_class)
    check_logistic(x, y, None, penalty, 0.7, more)
    check_logistic(x, y, w, penalty, 0.05, more, class_w="balanced")
    check_logistic(x, y, w, penalty, 0.2, more, intercept=False)


@pytest.mark.parametrize("penalty, more, C", [
    ("l2", {}, 1e-3), ("l2", {}, 1), ("l2", {}, 100), ("l1", {}, 0.1),
    ("elasticnet", {"l1_ratio": 0.5}, 0.1)])
def test_logistic_on_cancer(penalty, more, C):
    x, y = load_breast_cancer(return_X_y=True)
    check_logistic(single(x), y.astype(float), None, penalty, C, more)


def test_logistic_without_standardize():
    """Raw features: the same optimum, whatever their size."""
    x, y, w = noisy(2)
    for intercept in (True, False):
        check_logistic(x, y, w, "l2", 0.3, {}, intercept, standardize=False)
        check_logistic(x, y, w, "l1", 0.3, {}, intercept, standardize=False)
    x, y = load_breast_cancer(return_X_y=True)
    x, y = single(x), y.astype(float)
    m = fit(x, y, 2, "logistic", **TIGHT)
    assert optimality(x, y, np.ones(len(y)), m, "l2", 1, 0) < 1e-6


def optimality(x, y, w, m, penalty, C, l1_ratio):
    """Largest violation of the optimality conditions of the logistic
    objective / (C sum w), by features scaled to variance 1."""
    rho = {"l1": 1, "l2": 0}.get(penalty, l1_ratio)
    scale = x.std(axis=0)
    scale[scale == 0] = 1
    z = x @ m.coef.T + m.intercept
    if len(m.coef) == 1:
        p = 1 / (1 + np.exp(-z))
        r = (p - y[:, None]) * w[:, None]
    else:
        p = np.exp(z - z.max(axis=1)[:, None])
        p /= p.sum(axis=1)[:, None]
        r = (p - np.eye(p.shape[1])[y.astype(int)]) * w[:, None]
    g = r.T @ x + (1 - rho) / C * m.coef
    zero = m.coef == 0
    g = np.where(zero, np.maximum(np.abs(g) - rho / C, 0),
                 g + rho / C * np.sign(m.coef))
    worst = max(np.abs(g / scale).max(), np.abs(r.sum(axis=0)).max())
    return worst / w.sum()


@pytest.mark.parametrize("penalty, C", [("l2", 1), ("l1", 0.1), ("l1", 10),
                                        ("elasticnet", 1)])
def test_multinomial_on_digits(penalty, C):
    x, y = load_digits(return_X_y=True)
    z = StandardScaler().fit_transform(x)
    m = fit(x, y, 10, "logistic", standardize=1, penalty=penalty, C=C,
            tol=1e-9, max_iter=300)
    assert m.model["converged"]
    assert optimality(z, y, np.ones(len(y)), m, penalty, C, 0.5) < 1e-8
    if penalty == "l2":
        s = LogisticRegression(C=C, solver="newton-cg", tol=1e-10).fit(z, y)
        assert np.abs(m.coef - s.coef_).max() < 1e-4


REGRESSION = {
    "l2": lambda a, r, i: Ridge(a, fit_intercept=i, solver="cholesky"),
    "l1": lambda a, r, i: Lasso(a, fit_intercept=i, tol=1e-14,
                                max_iter=100000),
    "elasticnet": lambda a, r, i: ElasticNet(a, l1_ratio=r, fit_intercept=i,
                                             tol=1e-14, max_iter=100000),
    "none": lambda a, r, i: LinearRegression(fit_intercept=i)}


@pytest.mark.parametrize("penalty", list(REGRESSION))
@pytest.mark.parametrize("data", ["noise", "diabetes"])
def test_linear(penalty, data):
    x, y, w = noisy(0)
    if data == "diabetes":
        x, y = load_diabetes(return_X_y=True, scaled=False)
        x, w = single(x), None
    weight = np.ones(len(y)) if w is None else w
    more = {"l1_ratio": 0.3} if penalty == "elasticnet" else {}
    for alpha in (0.01, 1.0):
        for standardize in (True, False):
            for intercept in (True, False):
                z = StandardScaler().fit_transform(x) if standardize else x
                kw = dict(standardize=1) if standardize else {}
                m = fit(x, y, 0, "linear", weight=w, penalty=penalty,
                        alpha=alpha, fit_intercept="yes" if intercept
                        else "no", tol=1e-12, max_iter=300, **more, **kw)
                s = REGRESSION[penalty](alpha, 0.3, intercept)
                s.fit(z, y, w)
                ours, theirs = (linear_objective(
                    z, y, weight, np.ravel(k), i, penalty, alpha, **more)
                    for k, i in ((m.coef, m.intercept),
                                 (s.coef_, s.intercept_)))
                assert m.model["converged"]
                assert abs(ours - theirs) <= 1e-8 * theirs
                size = max(1, np.abs(s.coef_).max())
                assert np.abs(m.coef - s.coef_).max() < 1e-4 * size


def test_awkward_data():
    """Separable, constant, collinear, one feature, fewer rows than
    features, one row of a class."""
    rng = np.random.default_rng(SEED)
    x, y, _ = noisy(2)
    constant, twin = x.copy(), x.copy()
    constant[:, 2] = 0.1
    twin[:, 3] = 2 * twin[:, 4]
    wide = single(rng.normal(size=(30, 90)))
    few = np.zeros(len(y))
    few[0] = 1
    for z, t in ((x, (x[:, 0] > 0).astype(float)), (single(constant), y),
                 (single(twin), y), (x[:, :1], y), (wide, y[:30]), (x, few)):
        for penalty in ("l2", "l1", "elasticnet"):
            for kw in ({}, {"standardize": 1}):
                m = fit(z, t, 2, "logistic", penalty=penalty, C=2, tol=1e-10,
                        max_iter=500, **kw)
                v = (StandardScaler().fit_transform(z) if kw else z)
                assert m.model["converged"] and m.steps < 100
                assert optimality(v, t, np.ones(len(t)), m, penalty, 2,
                                  0.5) < 1e-8
    separable = fit(x, (x[:, 0] > 0).astype(float), 2, "logistic",
                    penalty="none", standardize=1)
    assert separable.steps < 100 and np.isfinite(separable.coef).all()
    wide_y = wide @ rng.normal(size=90)
    m = fit(wide, wide_y, 0, "linear", penalty="l1", alpha=0.1, tol=1e-12)
    s = Lasso(0.1, tol=1e-14, max_iter=100000).fit(wide, wide_y)
    assert np.abs(m.coef - s.coef_).max() < 1e-4
    m = fit(x[:, :1] * 0 + 3, wide_y[rng.integers(0, 30, len(x))], 0,
            "linear")
    assert m.coef[0, 0] == 0 and m.model["converged"]


@pytest.mark.parametrize("penalty", ["l2", "l1"])
@pytest.mark.parametrize("columns", [2500, 3000])
def test_thousands_of_columns(columns, penalty):
    x, y, _ = noisy(2, rows=1200, columns=7)
    rng = np.random.default_rng(SEED)
    x = single(np.hstack([x, rng.normal(size=(1200, columns - 7))]))
    C = 0.1 if penalty == "l1" else 1e-3
    m = fit(x, y, 2, "logistic", penalty=penalty, C=C, tol=1e-9,
            standardize=1, max_iter=500)
    assert m.model["converged"] and m.steps < 100
    assert optimality(StandardScaler().fit_transform(x), y, np.ones(len(y)),
                      m, penalty, C, 0.5) < 1e-6


@pytest.mark.parametrize("impute", ["mean", "median", "most_frequent"])
def test_imputed_and_one_hot(impute):
    """As scikit-learn's pipeline: everything from the training rows."""
    rng = np.random.default_rng(SEED)
    x, y, _ = noisy(2)
    role = (rng.random(len(y)) < 0.3).astype(int)
    x[:, 0] = np.round(x[:, 0])
    x[rng.random(len(y)) < 0.3, 0] = np.nan
    x[rng.random(len(y)) < 0.1, 1] = np.nan
    x[:, 2] = rng.integers(0, 5, len(y))
    m = fit(x, y, 2, "logistic", role=role, standardize=1, impute=impute,
            n_category=[0, 0, 5, 0, 0, 0, 0], **TIGHT)
    prepare = ColumnTransformer([
        ("a", SimpleImputer(strategy=impute), [0, 1]),
        ("b", OneHotEncoder(categories=[np.arange(5.0)]), [2]),
        ("c", "passthrough", [3, 4, 5, 6])], sparse_threshold=0)
    s = make_pipeline(prepare, StandardScaler(),
                      LogisticRegression(tol=1e-10, solver="newton-cg"))
    s.fit(x[role == 0], y[role == 0])
    assert m.model["feature_names"][2] == "f2=c000000"
    assert np.abs(m.coef - s[-1].coef_).max() < 1e-4
    p = s.predict_proba(x[role == 1])[:, 1]
    assert np.abs(p - m.p).max() < 1e-5


STUDY = """<study name="s" seed="3">
  <data task="binary" label="diagnosis">
    <train href="{inputs}/breast_cancer.csv"/>
    <validation fraction="0.25"/>
    {data}
  </data>
  <model kind="gbt"><fixed name="n_estimators" value="5"/>
    <int name="max_depth" low="1" high="3"/></model>
  <model kind="logistic">
    <float name="C" low="1e-3" high="1e2" log="yes"/>
    <categorical name="penalty"><choice value="l1"/> <choice value="l2"/>
      <choice value="elasticnet"><float name="l1_ratio" low="0" high="1"/>
      </choice></categorical>
  </model>
  <objective metric="logloss"/>
  <budget trials="16"/>
  <parallel order="strict" window="4"/>
  <output file="s.h5" models="all"/>
</study>
"""


def test_choice_of_models(tool):
    """gbt and logistic in one study; the stored model gives the scores."""
    text = STUDY.format(inputs=conftest.INPUTS, data="<standardize/>")
    (tool.folder / "s.xml").write_text(text)
    tool.run("run", "s.xml", "--overwrite")
    with h5py.File(tool.folder / "s.h5") as f:
        trials, bytes_ = f["trials"][:], f["models"][:]
        role = f["data/role"][:].ravel()
    names = h5py.check_enum_dtype(trials.dtype["model"])
    rows = trials[trials["model"] == names["logistic"]]
    formats = h5py.check_enum_dtype(trials.dtype["model_format"])
    assert set(rows["model_format"]) == {formats["json"]}
    assert len(rows) > 2 and len(rows) < len(trials)
    table = np.genfromtxt(conftest.INPUTS / "breast_cancer.csv",
                          delimiter=",", dtype=str)
    assert "diagnosis" in table[0]
    label = list(table[0]).index("diagnosis")
    for row in rows:
        at = row["model_offset"]
        m = json.loads(bytes_[at:at + row["model_length"]].tobytes())
        at = [list(table[0]).index(n) for n in m["feature_names"]]
        x = single(table[1:, at].astype(float))[role == 1]
        y = (table[1:, label] == m["classes_"][1])[role == 1]
        z = (x - m["mean_"]) / m["scale_"]
        z = z @ np.array(m["coef_"])[0] + m["intercept_"][0]
        loss = np.log1p(np.exp(-np.where(y, z, -z)))
        loss = np.minimum(loss, 52 * np.log(2)).mean()  # clipped
        assert abs(loss - row["value"]) < 1e-9
        assert row["steps"] == m["n_iter_"] < 100


def test_refusals(tool):
    def told(change, to, data="", code=2):
        text = STUDY.format(inputs=conftest.INPUTS, data=data)
        assert change in text
        (tool.folder / "s.xml").write_text(text.replace(change, to))
        return tool.run("check", "s.xml", expect=code).stderr

    assert "C = 0 is out of range: allowed are numbers above 0" in told(
        'low="1e-3"', 'low="0"')
    assert "l1_ratio goes with penalty elasticnet" in told(
        '<choice value="elasticnet">', '<choice value="none">')
    assert "model logistic is not for task regression" in told(
        'task="binary"', 'task="regression"')
    rows = "a,b,y\n" + "".join(f"{i % 3 or ''},{'uv'[i % 2]},{i % 5 > 2}\n"
                               for i in range(40))
    (tool.folder / "d.csv").write_text(rows)
    href = f'{conftest.INPUTS}/breast_cancer.csv'
    both = {href: "d.csv", "diagnosis": "y"}

    def of_rows(data, code=3):
        text = STUDY.format(inputs=conftest.INPUTS, data=data)
        for a, b in both.items():
            text = text.replace(a, b)
        (tool.folder / "s.xml").write_text(text)
        return tool.run("check", "s.xml", expect=code).stderr

    onehot = '<categorical columns="b" encode="onehot"/>'
    assert "column 'a' has 14 missing values" in of_rows(onehot)
    assert "column 'b' holds categories (2, such as 'u')" in of_rows(
        '<missing impute="mean"/>')
    of_rows(onehot + '<missing impute="mean"/>', 0)
    tool.run("run", "s.xml", "--trials", "6")
