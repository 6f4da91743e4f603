# SPDX-License-Identifier: BSD-3-Clause
"""Our models in XGBoost: same predictions, same statistics; and models as
good as XGBoost's own with the same parameters.

Drives the program gbt_driver (GBT_DRIVER, else tests/gbt_driver under the
current folder).
"""
import json
import os
import warnings

import numpy as np
import pytest

from gbt_tools import (SHARED, Ours, generated, higgs, loss, objective, wine,
                       write_data, xgb)

warnings.filterwarnings("ignore")
SEED = int(os.environ.get("HPO_TEST_SEED", "20261121"))
print("HPO_TEST_SEED", SEED)


def ugly(rng, rows, n_class, missing=0.1, categories=0):
    """Numbers with ties and holes; the first columns are categories."""
    x = rng.normal(size=(rows, 8)).astype(np.float32)
    x[:, 3] = np.round(x[:, 3] * 2)
    x[:, 5] = 1
    n_category = np.zeros(8, int)
    for c in range(categories):
        n_category[c] = 4 + 5 * c
        x[:, c] = rng.integers(0, n_category[c], rows)
    z = x[:, 0] * (x[:, 3] > 0) + x[:, 4] - x[:, 6] * x[:, 7]
    z = z + rng.normal(size=rows) / 2
    x[rng.random(x.shape) < missing] = np.nan
    if n_class == 0:
        y = 50 + 10 * z
    else:
        edges = np.quantile(z, np.linspace(0, 1, n_class + 1)[1:-1])
        y = np.searchsorted(edges, z).astype(float)
    return x, y, n_category


def split(rng, rows):
    return (rng.random(rows) < 0.25).astype(int)


def matrix(booster, x, **kw):
    return xgb.DMatrix(x, feature_names=booster.feature_names,
                       feature_types=booster.feature_types,
                       enable_categorical=True, **kw)


CASES = [dict(), dict(missing=0), dict(categories=2),
         dict(categories=2, missing=0), dict(weight=True)]
OPTIONS = [dict(), dict(max_depth=12, min_child_weight=0, reg_lambda=0.1),
           dict(subsample=0.6, colsample_bynode=0.5, gamma=0.3),
           dict(reg_alpha=0.5, max_delta_step=0.7, max_bin=20)]


@pytest.mark.parametrize("n_class", [0, 2, 5])
@pytest.mark.parametrize("case", range(len(CASES)))
def test_predictions(tmp_path, n_class, case):
    kw = dict(CASES[case])
    rng = np.random.default_rng([SEED, n_class, case])
    has_weight = kw.pop("weight", False)
    x, y, n_category = ugly(rng, 1200, n_class, **kw)
    role = split(rng, len(y))
    w = rng.random(len(y)) * 3 if has_weight else None
    write_data(tmp_path / "d", x, y, n_class, role, w, n_category)
    for options in OPTIONS:
        m = Ours(tmp_path / "d", n_class, role.sum(), n_estimators=15,
                 seed=SEED, **options)
        p = m.booster.predict(matrix(m.booster, x[role == 1]))
        scale = max(1, np.abs(p).max())
        assert np.abs(p.reshape(m.p.shape) - m.p).max() / scale < 1e-6


def test_classifier(tmp_path):
    """XGBClassifier, XGBRegressor, importances and SHAP take our files."""
    for n_class, kind in ((2, xgb.XGBClassifier), (3, xgb.XGBClassifier),
                          (0, xgb.XGBRegressor)):
        rng = np.random.default_rng([SEED, n_class])
        x, y, _ = ugly(rng, 800, n_class)
        role = split(rng, len(y))
        write_data(tmp_path / "d", x, y, n_class, role)
        m = Ours(tmp_path / "d", n_class, role.sum(), n_estimators=5)
        (tmp_path / "m.ubj").write_bytes(m.bytes)
        model = kind()
        model.load_model(tmp_path / "m.ubj")
        if n_class == 0:
            p = model.predict(x[role == 1])[:, None]
            assert np.allclose(p, m.p, rtol=1e-6)
        else:
            p = model.predict_proba(x[role == 1])
            p = p[:, 1:] if n_class == 2 else p
            assert np.abs(p - m.p).max() < 1e-6
            assert set(model.predict(x)) <= set(range(n_class))
        gain = m.booster.get_score(importance_type="total_gain")
        assert gain and all(g > 0 for g in gain.values())
        d = matrix(m.booster, x)
        phi = m.booster.predict(d, pred_contribs=True).sum(axis=-1)
        margin = m.booster.predict(d, output_margin=True)
        assert np.allclose(phi, margin, atol=1e-3 * np.abs(margin).max())
        assert m.attributes["hpotune_seed"] == "1"
        more = xgb.train({"objective": objective(n_class),
                          "num_class": 3 if n_class == 3 else 0},
                         matrix(m.booster, x, label=y), 2,
                         xgb_model=m.booster)
        assert more.num_boosted_rounds() == 7


def flat(node):
    """A tree's nodes from the root, left before right, without numbers: those
    follow the order of growth in XGBoost."""
    if "leaf" in node:
        return [("leaf", node["cover"], node["leaf"])]
    child = {c["nodeid"]: c for c in node["children"]}
    return ([(node["split"], node["cover"], node["gain"])]
            + flat(child[node["yes"]]) + flat(child[node["no"]]))


def same_trees(ours, theirs):
    """Same shape, features, statistics of all trees.  Cuts may differ where
    no row lies between, so thresholds are not compared."""
    a, b = ([sum((flat(json.loads(t)) for t in
                  m.get_dump(dump_format="json", with_stats=True)), [])]
            for m in (ours, theirs))
    a, b = a[0], b[0]
    assert [x[0] for x in a] == [x[0] for x in b]
    assert np.allclose([x[1] for x in a], [x[1] for x in b], rtol=1e-3)
    assert np.allclose([x[2] for x in a], [x[2] for x in b], rtol=2e-2,
                       atol=2e-2)
    return len(a)


def both(tmp_path, x, y, ours=(), theirs=(), **options):
    """The same training rows for us and for XGBoost."""
    role = np.arange(len(y)) % 4 == 3
    write_data(tmp_path / "d", x, y, 0, role)
    options = {"n_estimators": 3, "max_depth": 3, "base_score": 0.5, **options}
    m = Ours(tmp_path / "d", 0, role.sum(), **options, **dict(ours))
    rounds = options.pop("n_estimators")
    d = xgb.DMatrix(x[~role], y[~role], feature_names=m.booster.feature_names)
    booster = xgb.train({"tree_method": "hist", **options, **dict(theirs)}, d,
                        rounds)
    p = m.booster.predict(matrix(m.booster, x[role]))
    assert np.abs(p - m.p[:, 0]).max() / max(1, np.abs(p).max()) < 1e-6
    return m, booster


def few_values(seed=SEED, rows=600):
    """On few distinct values both have the same cuts: the same trees."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 9, (rows, 5)).astype(np.float32)
    return x, (x[:, 0] * 2 + x[:, 1] * x[:, 2] + rng.normal(size=rows) * 4
               + 0.5)


@pytest.mark.parametrize("options", [
    dict(), dict(gamma=8), dict(min_child_weight=30), dict(reg_alpha=5),
    dict(reg_lambda=20), dict(max_delta_step=0.3)])
def test_same_trees(tmp_path, options):
    """On few distinct values both have the same cuts: the same trees."""
    rng = np.random.default_rng(SEED)
    x = rng.integers(0, 9, (600, 5)).astype(np.float32)
    y = (x[:, 0] * 2 + x[:, 1] * x[:, 2] + rng.normal(size=600) * 4 + 0.5)
    role = split(rng, len(y))
    write_data(tmp_path / "d", x, y, 0, role)
    m = Ours(tmp_path / "d", 0, role.sum(), n_estimators=3, max_depth=3,
             base_score=0.5, **options)
    names = m.booster.feature_names
    d = xgb.DMatrix(x[role == 0], y[role == 0], feature_names=names)
    theirs = xgb.train(dict(tree_method="hist", max_depth=3, base_score=0.5,
                            **options), d, 3)
    same_trees(m.booster, theirs)


@pytest.mark.parametrize("options", [
    dict(grow_policy="lossguide", max_leaves=6),
    dict(grow_policy="lossguide", max_leaves=25, max_depth=0),
    dict(grow_policy="lossguide", max_depth=4),
    dict(grow_policy="lossguide", max_leaves=9, gamma=50, max_depth=0),
    dict(max_leaves=6), dict(max_leaves=13, max_depth=0)])
def test_same_leaves(tmp_path, options):
    """Limited leaves: both split the same nodes."""
    m, theirs = both(tmp_path, *few_values(), **options)
    same_trees(m.booster, theirs)
    if "gamma" not in options and "max_leaves" in options:
        for tree in m.booster.get_dump():
            assert tree.count("leaf=") == options["max_leaves"]


def test_lossguide_without_a_limit_of_leaves(tmp_path):
    """The order of splits does not matter then."""
    x, y = few_values()
    a, b = (both(tmp_path, x, y, grow_policy=policy, max_depth=4)[0]
            for policy in ("depthwise", "lossguide"))
    assert np.array_equal(a.p, b.p)


@pytest.mark.parametrize("options", [
    dict(monotone_constraints="(1,0,-1,0,1)"),
    dict(monotone_constraints="(-1,-1,-1,-1,-1)", max_depth=5, sign=-1),
    dict(monotone_constraints="(1,-1)", max_depth=5, reg_alpha=3),
    dict(monotone_constraints="(0,-1,1,-1,0)", max_delta_step=20,
         max_depth=5),
    dict(monotone_constraints="(1,1,1,0,0)", grow_policy="lossguide",
         max_leaves=11, max_depth=0),
    dict(interaction_constraints="[[0,1],[2,3]]", max_depth=5),
    dict(interaction_constraints="[[0,1,2],[2,3,4]]", max_depth=5),
    dict(interaction_constraints="[[1,2]]", max_depth=4),
    dict(interaction_constraints="[[0,2],[1,2,4]]", max_depth=6,
         monotone_constraints="(1,0,0,0,0)")])
def test_same_trees_under_constraints(tmp_path, options):
    x, y = few_values()
    m, theirs = both(tmp_path, x, y * options.pop("sign", 1), **options)
    assert same_trees(m.booster, theirs) > 20


def counts(rng, x):
    return rng.poisson(np.exp(x[:, 0] / 4 - x[:, 1] / 8 + 0.3)).astype(float)


@pytest.mark.parametrize("options", [
    dict(max_depth=4), dict(max_depth=4, max_delta_step=0.2, base_score=6),
    dict(max_depth=5, monotone_constraints="(1,0,0,0,0)")])
def test_same_trees_of_counts(tmp_path, options):
    x, _ = few_values()
    y = counts(np.random.default_rng(SEED), x)
    m, theirs = both(tmp_path, x, y, objective="count:poisson", **options)
    assert same_trees(m.booster, theirs) > 30
    text = m.booster.save_config()
    assert ('"max_delta_step":"%.9g"' % options.get("max_delta_step", 0.7)
            in text.replace("0.699999988", "0.7").replace(
                "0.200000003", "0.2"))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("options", [
    dict(max_depth=2), dict(max_depth=4, min_child_weight=9)])
def test_same_trees_of_absolute_errors(tmp_path, options, weighted):
    """Leaves are medians; 1.7 forgets to multiply them by the learning
    rate, so that is 1 here."""
    x, y = few_values()
    rng = np.random.default_rng(SEED)
    w = rng.integers(1, 5, len(y)).astype(float) if weighted else None
    role = np.arange(len(y)) % 4 == 3
    write_data(tmp_path / "d", x, y, 0, role, w)
    m = Ours(tmp_path / "d", 0, role.sum(), n_estimators=3, learning_rate=1,
             objective="reg:absoluteerror", **options)
    d = xgb.DMatrix(x[~role], y[~role], weight=w[~role] if weighted else None,
                    feature_names=m.booster.feature_names)
    theirs = xgb.train({"tree_method": "hist", "eta": 1, "objective":
                        "reg:absoluteerror", **options}, d, 3)
    assert same_trees(m.booster, theirs) > 15
    p = theirs.predict(matrix(m.booster, x[role]))
    assert np.allclose(p, m.p[:, 0], atol=1e-5)
    again = m.booster.predict(matrix(m.booster, x[role]))
    assert np.abs(again - m.p[:, 0]).max() < 1e-5
    score = float(json.loads(m.booster.save_config())["learner"]
                  ["learner_model_param"]["base_score"])
    if not weighted:
        assert score == pytest.approx(np.median(y[~role]), rel=1e-6)


def test_medians_follow_the_learning_rate(tmp_path):
    x, y = few_values()
    role = np.arange(len(y)) % 4 == 3
    write_data(tmp_path / "d", x, y, 0, role)
    one = {}
    for rate in (1, 0.25):
        m = Ours(tmp_path / "d", 0, role.sum(), n_estimators=1, max_depth=3,
                 learning_rate=rate, objective="reg:absoluteerror",
                 base_score=20)
        one[rate] = m.p - 20
    assert np.allclose(one[0.25], one[1] / 4, atol=1e-5)


@pytest.mark.parametrize("name", ["count:poisson", "reg:absoluteerror"])
def test_quality_of_other_losses(tmp_path, name):
    """Beside XGBoost; where 1.7 has no learning rate, beside squared
    errors, which are no better at absolute ones."""
    ratio = []
    for seed in range(3):
        rng = np.random.default_rng([SEED, seed])
        x = rng.normal(size=(6000, 8)).astype(np.float32)
        y = np.exp(x[:, 0] * x[:, 1] / 2 + x[:, 2] / 2)
        y = rng.poisson(y) if name[0] == "c" else y * rng.lognormal(size=6000)
        role = split(rng, len(y))
        v = role == 1
        write_data(tmp_path / "d", x, y, 0, role)
        options = dict(n_estimators=40, max_depth=5, seed=seed)
        m = Ours(tmp_path / "d", 0, v.sum(), learning_rate=0.1,
                 objective=name, **options)
        p = m.p[:, 0]
        again = m.booster.predict(matrix(m.booster, x[v]))
        assert np.allclose(again, p, rtol=2e-6, atol=1e-6)
        if name[0] == "c":
            theirs = xgb.train(
                dict(tree_method="hist", objective=name, max_depth=5, eta=0.1,
                     base_score=float(y[~v].mean())),
                xgb.DMatrix(x[~v], y[~v]), 40).predict(xgb.DMatrix(x[v]))
            ratio.append(np.mean(p - y[v] * np.log(p))
                         / np.mean(theirs - y[v] * np.log(theirs)))
        else:
            squared = Ours(tmp_path / "d", 0, v.sum(), learning_rate=0.1,
                           **options).p[:, 0]
            ratio.append(np.abs(p - y[v]).mean()
                         / np.abs(squared - y[v]).mean())
    assert np.mean(ratio) < (1.01 if name[0] == "c" else 0.97)


def rising(model, x, f, sign):
    """Predictions along a grid of feature f, for other features as in x."""
    grid = np.linspace(-4, 4, 60, dtype=np.float32)
    each = np.repeat(x[:50], len(grid), axis=0)
    each[:, f] = np.tile(grid, len(x[:50]))
    p = model.predict(matrix(model, each), output_margin=True)
    return (np.diff(p.reshape(50, len(grid), -1), axis=1) * sign >= 0).all()


@pytest.mark.parametrize("n_class", [0, 2, 4])
def test_monotone_constraints_hold(tmp_path, n_class):
    rng = np.random.default_rng([SEED, n_class])
    x, y, _ = ugly(rng, 1500, n_class)
    role = split(rng, len(y))
    write_data(tmp_path / "d", x, y, n_class, role)
    options = dict(n_estimators=15, max_depth=6, seed=SEED, subsample=0.8,
                   min_child_weight=0)
    free = Ours(tmp_path / "d", n_class, role.sum(), **options)
    held = Ours(tmp_path / "d", n_class, role.sum(), **options,
                monotone_constraints="{f0: 1, 'f4': -1, 'f6':-1, f7: 1}")
    for f, sign in ((0, 1), (4, -1), (6, -1), (7, 1)):
        assert not rising(free.booster, x, f, sign)
        assert rising(held.booster, x, f, sign)
    p = held.booster.predict(matrix(held.booster, x[role == 1]))
    assert np.abs(p.reshape(held.p.shape) - held.p).max() < 1e-4


def paths(node, above=()):
    if "leaf" in node:
        return [set(above)]
    return sum((paths(c, above + (node["split"],))
                for c in node["children"]), [])


def test_interaction_constraints_hold(tmp_path):
    rng = np.random.default_rng(SEED)
    x, y, n_category = ugly(rng, 1500, 2, categories=1)
    role = split(rng, len(y))
    write_data(tmp_path / "d", x, y, 2, role, n_category=n_category)
    m = Ours(tmp_path / "d", 2, role.sum(), n_estimators=20, max_depth=7,
             colsample_bynode=0.7, min_child_weight=0,
             interaction_constraints='[["f0", f1, 2], [3, f4], ("f4","f6"),]')
    allowed = [{"f0", "f1", "f2"}, {"f3", "f4"}, {"f4", "f6"}, {"f7"}]
    found = sum((paths(json.loads(t.replace(": inf,", ": 1e38,"))) for t in
                 m.booster.get_dump(dump_format="json")), [])
    assert all(any(p <= a for a in allowed) for p in found)
    assert any(len(p) > 2 for p in found)
    assert {"f7"} in found


def test_gamma_is_asked_before_growing(tmp_path):
    """XGBoost 1.7's hist drops a split of low gain at once, also where
    splits below it would gain much (an exclusive or)."""
    rng = np.random.default_rng(SEED)
    x = rng.integers(0, 2, (400, 2)).astype(np.float32)
    y = (x[:, 0] != x[:, 1]).astype(float) * 4
    role = split(rng, len(y))
    write_data(tmp_path / "d", x, y, 0, role)
    m = Ours(tmp_path / "d", 0, role.sum(), n_estimators=1, max_depth=2,
             gamma=100)
    assert len(m.booster.trees_to_dataframe()) == 1


def test_names(tmp_path):
    rng = np.random.default_rng(SEED)
    x, y, _ = ugly(rng, 300, 2)
    role = split(rng, len(y))
    write_data(tmp_path / "d", x, y, 2, role)
    m = Ours(tmp_path / "d", 2, role.sum(), n_estimators=2)
    assert m.booster.feature_names == [f"f{i}" for i in range(8)]
    assert m.booster.feature_types == ["float"] * 8


def data_set(name, seed):
    rng = np.random.default_rng([SEED, seed])
    if name == "generated":
        x, y = generated(10000, seed=seed)
        return x, y, 2, split(rng, len(y))
    if not SHARED.exists():
        pytest.skip(f"{SHARED} is not there")
    if name == "higgs":
        x, y, _ = higgs()
        return x, y, 2, split(rng, len(y))
    x, q = wine()
    if name == "wine-good":
        return x, (q >= 7).astype(float), 2, split(rng, len(q))
    if name == "wine-classes":
        return x, q - q.min(), 7, split(rng, len(q))
    return x, q, 0, split(rng, len(q))


@pytest.mark.parametrize("name", ["wine-good", "wine-classes", "wine-score",
                                  "higgs", "generated"])
def test_quality(tmp_path, name):
    """A small guard: the benchmark compares more."""
    ratio = []
    for seed in range(3):
        x, y, n_class, role = data_set(name, seed)
        v = role == 1
        write_data(tmp_path / "d", x, y, n_class, role)
        m = Ours(tmp_path / "d", n_class, v.sum(), n_estimators=40,
                 max_depth=5, learning_rate=0.1, base_score=0.5, seed=seed)
        d = xgb.DMatrix(x[~v], y[~v])
        theirs = xgb.train(
            dict(tree_method="hist", objective=objective(n_class),
                 num_class=n_class if n_class > 2 else 0, max_depth=5,
                 eta=0.1, base_score=0.5, seed=seed), d, 40)
        p = theirs.predict(xgb.DMatrix(x[v])).reshape(m.p.shape)
        ratio.append(loss(m.p, y[v], n_class) / loss(p, y[v], n_class))
    assert np.mean(ratio) < 1.01 and np.max(ratio) < 1.05
