# SPDX-License-Identifier: BSD-3-Clause
"""gbt's options in whole studies, seen through XGBoost: early stopping, other
losses, weights of classes."""
import io
import subprocess

import h5py
import numpy as np
import pandas
import pytest
import sklearn.metrics
import xgboost
from digest import digest

STUDY = """<study name="gbt" seed="{seed}">
  <data task="{task}" label="y"><train href="t.csv"/>{split}</data>
  <model kind="gbt">{model}</model>
  <objective metric="{metric}"/>
  <sampler name="random"/><pruner name="{pruner}"/>
  <budget trials="{trials}"/><parallel order="strict"/>
  <output file="s.h5" models="all"/>
</study>
"""
SPLIT = '<validation fraction="0.3"/>'
STOPPED = """<fixed name="n_estimators" value="120"/>
<fixed name="early_stopping_rounds" value="{rounds}"/>
<float name="learning_rate" low="0.1" high="1" log="yes"/>
<int name="max_depth" low="1" high="6"/>"""


def noisy(seed, n=500, classes=2):
    dice = np.random.default_rng(seed)
    table = pandas.DataFrame(dice.normal(size=(n, 4)).astype(np.float32),
                             columns=list("abcd"))
    z = table.a * table.b + table.c + dice.normal(size=n) * 2
    table["y"] = z if classes == 0 else np.searchsorted(
        np.quantile(z, np.arange(1, classes) / classes), z)
    return table


def study(tool, table, model, split=SPLIT, task="binary", metric="logloss",
          trials=4, pruner="none", seed=5):
    table.to_csv(tool.folder / "t.csv", index=False)
    (tool.folder / "s.xml").write_text(STUDY.format(
        task=task, split=split, model=model, metric=metric, trials=trials,
        pruner=pruner, seed=seed))
    return "s.xml"


def curve_of(f, row):
    at, n = int(row["curve_offset"]), int(row["curve_length"])
    curve = f["curves"][at:at + n]
    return curve["value"][curve["fold"] == 0]


def booster_of(f, row):
    at, n = int(row["model_offset"]), int(row["model_length"])
    booster = xgboost.Booster()
    booster.load_model(bytearray(f["models"][at:at + n]))
    return booster


def predict(booster, table):
    return booster.predict(xgboost.DMatrix(table.drop(columns="y")))


def check_best(f, row, rounds, maximize=False):
    """The row's value is its best step's, and the model ends there."""
    curve = curve_of(f, row)
    best = int(np.argmax(curve) if maximize else np.argmin(curve))
    assert row["value"] == curve[best]
    assert row["steps"] == len(curve) == min(120, best + 1 + rounds)
    booster = booster_of(f, row)
    assert booster.num_boosted_rounds() == best + 1
    assert booster.attr("best_iteration") == str(best)
    assert float(booster.attr("best_score")) == row["value"]
    return booster, best


@pytest.mark.parametrize("task, classes, metric", [
    ("binary", 2, "logloss"), ("binary", 2, "roc_auc"),
    ("multiclass", 3, "accuracy"), ("regression", 0, "rmse")])
def test_early_stopping(tool, task, classes, metric):
    table = noisy(classes, classes=classes)
    tool.run(study(tool, table, STOPPED.format(rounds=7), task=task,
                   metric=metric), "--quiet", ranks=3)
    stopped = 0
    with h5py.File(tool.folder / "s.h5", "r") as f:
        held = table[f["data/role"][:] == 1]
        for row in f["trials"][:]:
            booster, _ = check_best(f, row, 7, metric in ("roc_auc", "accuracy"))
            stopped += row["steps"] < 120
            p, y = predict(booster, held), held.y
            found = {"logloss": lambda: sklearn.metrics.log_loss(y, p),
                     "roc_auc": lambda: sklearn.metrics.roc_auc_score(y, p),
                     "accuracy": lambda: np.mean(p.argmax(1) == y),
                     "rmse": lambda: np.sqrt(np.mean((p - y) ** 2))}[metric]()
            assert found == pytest.approx(row["value"], rel=1e-5)
    assert stopped > 0


def test_early_stopping_reports_the_best_step(tool):
    """Metrics beside the objective are the best step's as well."""
    table = noisy(9)
    name = study(tool, table, STOPPED.format(rounds=5))
    text = (tool.folder / name).read_text()
    (tool.folder / name).write_text(text.replace(
        "<sampler", '<report metrics="accuracy roc_auc"/><sampler'))
    tool.run(name, "--quiet")
    with h5py.File(tool.folder / "s.h5", "r") as f:
        held = table[f["data/role"][:] == 1]
        for row in f["trials"][:]:
            p = predict(booster_of(f, row), held)
            assert row["metrics.accuracy"] == np.mean((p > .5) == held.y)
            auc = sklearn.metrics.roc_auc_score(held.y, p)
            assert row["metrics.roc_auc"] == pytest.approx(auc, rel=1e-12)


def test_early_stopping_with_folds(tool):
    """The mean over the folds stops; the kept model, of all rows, has as
    many rounds."""
    table = noisy(11)
    found = set()
    for ranks in (1, 3):
        tool.run(study(tool, table, STOPPED.format(rounds=5),
                       split='<folds count="3"/>'), "--quiet", "--overwrite",
                 ranks=ranks)
        with h5py.File(tool.folder / "s.h5", "r") as f:
            for row in f["trials"][:]:
                check_best(f, row, 5)
        found.add(digest(tool.folder / "s.h5"))
    assert len(found) == 1


def test_early_stopping_prunes_as_well(tool):
    tool.run(study(tool, noisy(3), STOPPED.format(rounds=50), trials=30,
                   pruner="median"), "--quiet", ranks=2)
    with h5py.File(tool.folder / "s.h5", "r") as f:
        rows = f["trials"][:]
        assert np.sum(rows["state"] == 4) > 0
        for row in rows:
            assert row["value"] == curve_of(f, row).min()


def test_early_stopping_needs_a_curve(tool):
    name = study(tool, noisy(1), STOPPED.format(rounds=2),
                 metric="model_bytes")
    done = tool.run("check", name, expect=2)
    assert "needs an objective that every step has" in done.stderr


@pytest.mark.parametrize("objective", ["count:poisson", "reg:absoluteerror"])
def test_other_losses_in_a_study(tool, objective):
    """Defaults, the model in XGBoost, predict and exported C alike."""
    table = noisy(4, classes=0)
    table["y"] = np.random.default_rng(4).poisson(np.exp(table.y / 3))
    tool.run(study(tool, table, f'<fixed name="objective" value="{objective}"'
                   '/><fixed name="n_estimators" value="30"/>'
                   '<int name="max_depth" low="2" high="5"/>',
                   task="regression", metric="mae"), "--quiet")
    with h5py.File(tool.folder / "s.h5", "r") as f:
        rows, valid = f["trials"][:], f["data/role"][:] == 1
        best = rows[np.argmin(rows["value"])]
        booster = booster_of(f, best)
    theirs = predict(booster, table)
    found = np.abs(theirs - table.y)[valid].mean()
    assert found == pytest.approx(best["value"], rel=1e-5)
    if objective == "count:poisson":
        assert ('"poisson_regression_param":{"max_delta_step":"0.7'
                in booster.save_config().replace("0.69999", "0.7"))
        assert theirs.min() > 0
    said = tool.run("predict", "s.h5", "t.csv").stdout
    ours = pandas.read_csv(io.StringIO(said)).to_numpy()[:, -1]
    assert np.allclose(ours, theirs, rtol=2e-6, atol=1e-6)
    tool.run("export", "s.h5", "--format", "c", "-o", "m.c")
    subprocess.run(["cc", "-DHPOTUNE_MAIN", "m.c", "-o", "m", "-lm"],
                   cwd=tool.folder, check=True)
    x = table.drop(columns="y").to_csv(sep=" ", index=False, header=False)
    c = subprocess.run([tool.folder / "m"], input=x, text=True, check=True,
                       stdout=subprocess.PIPE).stdout
    assert np.allclose(np.array(c.split(), float), ours, rtol=1e-12)


def test_counts_are_not_negative(tool):
    table = noisy(4, classes=0)
    done = tool.run("check", study(
        tool, table, '<fixed name="objective" value="count:poisson"/>',
        task="regression", metric="mae"), expect=3)
    assert "count:poisson needs labels of 0 and more; y is -" in done.stderr


@pytest.mark.parametrize("objective", ["count:poisson", "reg:absoluteerror"])
def test_same_study_by_teams_and_shards(tool, objective):
    """Early stopping, other losses, constraints: all the same bits."""
    table = noisy(6, n=1500, classes=0)
    table["y"] = np.random.default_rng(6).poisson(np.exp(table.y / 3))
    name = study(tool, table, STOPPED.format(rounds=3) + f"""
<fixed name="objective" value="{objective}"/><fixed name="max_leaves" value="9"/>
<fixed name="interaction_constraints" value="[[a, b, c], [c, d]]"/>""",
                 task="regression", metric="mae", trials=3)
    found = set()
    for ranks, more in ((1, {}), (3, {"ranks-per-trial": 2}),
                        (4, {"ranks-per-trial": 3, "data": "sharded"})):
        words = sum((["--set", f"parallel/{k}={v}"] for k, v in more.items()),
                    [])
        tool.run(name, "--quiet", "--overwrite", *words, ranks=ranks)
        found.add(digest(tool.folder / "s.h5", keep=3))
    assert len(found) == 1


@pytest.mark.parametrize("name, right", [
    ("eta", "learning_rate"), ("lambda", "reg_lambda"),
    ("alpha", "reg_alpha"), ("min_split_loss", "gamma"),
    ("num_boost_round", "n_estimators"), ("num_leaves", "max_leaves"),
    ("num_parallel_tree", None), ("booster", None), ("tree_method", None),
    ("nthread", None)])
def test_names_of_other_programs(tool, name, right):
    done = tool.run("check", study(
        tool, noisy(1), f'<fixed name="{name}" value="1"/>'), expect=2)
    assert f'gbt has no option "{name}"' in done.stderr
    assert ("did you mean" in done.stderr) == (right is not None)
    if right:
        assert f'did you mean "{right}"?' in done.stderr


def class_weights(tool, table, more):
    model = ('<fixed name="n_estimators" value="10"/>'
             '<fixed name="max_depth" value="3"/>' + more)
    task = "binary" if table.y.max() == 1 else "multiclass"
    tool.run(study(tool, table, model, trials=1, task=task), "--quiet",
             "--overwrite")
    with h5py.File(tool.folder / "s.h5", "r") as f:
        return booster_of(f, f["trials"][0]), f["data/role"][:] == 0


@pytest.mark.parametrize("classes", [2, 4])
def test_class_weight_is_scikit_learns(tool, classes):
    """balanced: as XGBoost trained with scikit-learn's sample weights."""
    from sklearn.utils.class_weight import compute_sample_weight
    table = noisy(2, n=2000, classes=classes)
    table = table[(table.y > 0) | (table.index % 10 == 0)]
    for name in "abcd":
        table[name] = (table[name] * 2).round()
    ours, train = class_weights(
        tool, table, '<fixed name="class_weight" value="balanced"/>'
        '<fixed name="base_score" value="0.5"/>')
    used = table[train]
    weight = compute_sample_weight("balanced", used.y)
    theirs = xgboost.train(
        {"tree_method": "hist", "max_depth": 3, "base_score": 0.5,
         "num_class": classes if classes > 2 else 0,
         "objective": "multi:softprob" if classes > 2 else "binary:logistic"},
        xgboost.DMatrix(used.drop(columns="y"), used.y, weight=weight), 10)
    a, b = predict(ours, table), predict(theirs, table)
    assert np.abs(a - b).mean() < 1e-3
    plain, _ = class_weights(tool, table, "")
    assert np.abs(predict(plain, table) - b).mean() > 0.02
