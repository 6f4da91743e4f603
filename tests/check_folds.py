# SPDX-License-Identifier: BSD-3-Clause
"""Folds: sizes against scikit-learn, values against references, the model
that is trained again, ranks, kills, pruning."""
import os
import time

import h5py
import numpy as np
import pandas
import pytest
import xgboost
from conftest import INPUTS
from digest import digest
from sklearn import model_selection

STUDY = """<study name="folds" seed="{seed}">
  <data task="{task}" label="y" {data}><train href="t.csv"/>{split}</data>
  {model}
  <objective metric="{metric}"/>
  <sampler name="random"/><pruner name="{pruner}"/>
  <budget trials="{trials}"/><parallel order="strict"/>
  <output file="s.h5" models="best:2"/>
</study>
"""
BASELINE = '<model kind="baseline"/>'
GBT = """<model kind="gbt"><int name="n_estimators" low="4" high="12"/>
<float name="learning_rate" low="0.01" high="0.5" log="yes"/>
<int name="max_depth" low="1" high="5"/>
<float name="colsample_bytree" low="0.3" high="1"/></model>"""


def study(tool, table, split, model=BASELINE, data="", task="multiclass",
          metric="logloss", trials=1, name="s.xml", pruner="none", seed=3):
    table.to_csv(tool.folder / "t.csv", index=False)
    (tool.folder / name).write_text(STUDY.format(
        task=task, data=data, split=split, model=model, metric=metric,
        trials=trials, pruner=pruner, seed=seed))
    return name


def make_table(seed, n=331, classes=3, groups=40):
    dice = np.random.default_rng(seed)
    y = dice.choice(classes, n, p=[0.6, 0.3, 0.1])
    return pandas.DataFrame({
        "a": dice.integers(0, 16, n) + 3 * y, "b": dice.integers(0, 9, n),
        "c": dice.normal(size=n).round(3) + y,
        "g": [f"p{k}" for k in dice.integers(0, groups, n) ** 2 // groups],
        "y": y})


def fold_of(path):
    with h5py.File(path, "r") as f:
        return f["data/fold"][:].astype(int)


def sizes(table, fold, count):
    """[count][classes], in a canonical order."""
    table = np.array([[np.sum((fold == f) & (table.y == c)) for c in range(3)]
                      for f in range(1, count + 1)])
    return table[np.lexsort(table.T)]


def of_sklearn(splitter, table, groups=None):
    fold = np.zeros(len(table), int)
    for f, (_, valid) in enumerate(splitter.split(table, table.y, groups)):
        fold[valid] = f + 1
    return fold


@pytest.mark.parametrize("count", [2, 5, 7])
def test_plain_and_stratified_sizes(tool, count):
    table = make_table(count)
    for yes, splitter in (("yes", model_selection.StratifiedKFold(count)),
                          ("no", model_selection.KFold(count))):
        tool.run(study(tool, table,
                       f'<folds count="{count}" stratify="{yes}"/>'),
                 "--overwrite", "--quiet")
        fold = fold_of(tool.folder / "s.h5")
        theirs = of_sklearn(splitter, table)
        assert sorted(np.bincount(fold)) == sorted(np.bincount(theirs))
        if yes == "yes":
            mine, want = sizes(table, fold, count), sizes(table, theirs, count)
            assert np.array_equal(np.sort(mine, 0), np.sort(want, 0))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_groups(tool, seed):
    table = make_table(seed)
    for yes, splitter in (("yes", model_selection.StratifiedGroupKFold(4)),
                          ("no", model_selection.GroupKFold(4))):
        tool.run(study(tool, table, f'<folds count="4" stratify="{yes}"/>',
                       data='group="g"'), "--overwrite", "--quiet")
        fold = fold_of(tool.folder / "s.h5")
        assert table.groupby("g").apply(
            lambda rows: len(set(fold[rows.index]))).max() == 1
        theirs = of_sklearn(splitter, table, table.g)
        if yes == "no":
            assert sorted(np.bincount(fold)) == sorted(np.bincount(theirs))
            continue
        share = sizes(table, fold, 4) / np.bincount(table.y)
        want = sizes(table, theirs, 4) / np.bincount(table.y)
        assert share.std(0).mean() <= want.std(0).mean() + 0.01
    with h5py.File(tool.folder / "s.h5", "r") as f:
        assert b"g" not in f["data/names"][:]


def test_time(tool):
    table = make_table(8)
    tool.run(study(tool, table, '<folds count="5" order="time"/>'), "--quiet")
    assert np.array_equal(fold_of(tool.folder / "s.h5"), of_sklearn(
        model_selection.TimeSeriesSplit(5), table))


def baseline_logloss(table, fold, before=False):
    found = []
    for f in range(1, fold.max() + 1):
        train = table.y[(fold < f) if before else (fold != f)]
        share = np.bincount(train, minlength=3) / len(train)
        found.append(-np.log(share[table.y[fold == f]]).mean())
    return found


@pytest.mark.parametrize("way", ["column", "time", "dealt"])
def test_value_is_the_mean_of_the_folds(tool, way):
    table = make_table(9)
    data, split = "", '<folds count="4"/>'
    if way == "column":
        table["k"] = np.where(table.index % 7 < 3, "x", np.where(
            table.index % 2 == 0, "w", "z"))
        data, split = 'fold="k"', "<folds/>"
    if way == "time":
        split = '<folds count="4" order="time"/>'
    tool.run(study(tool, table, split, data=data), "--quiet")
    fold = fold_of(tool.folder / "s.h5")
    if way == "column":
        assert np.array_equal(fold, np.searchsorted(["w", "x", "z"],
                                                    table.k) + 1)
    want = baseline_logloss(table, fold, way == "time")
    with h5py.File(tool.folder / "s.h5", "r") as f:
        curve, value = f["curves"][:], f["trials"]["value"][0]
    assert list(curve["fold"]) == list(range(len(want) + 1))
    np.testing.assert_allclose(curve["value"][1:], want, rtol=1e-12)
    np.testing.assert_allclose([curve["value"][0], value], np.mean(want),
                               rtol=1e-12)


def test_refit_equals_a_model_of_all_rows(tool):
    table = make_table(10).drop(columns="g")
    tool.run(study(tool, table, '<folds count="3"/>', GBT, trials=3),
             "--quiet", ranks=3)
    table.head(90).to_csv(tool.folder / "v.csv", index=False)
    tool.run(study(tool, table, '<validation href="v.csv"/>', GBT, trials=3,
                   name="all.xml"), "--output", "all.h5", "--quiet")
    with h5py.File(tool.folder / "s.h5", "r") as f, \
            h5py.File(tool.folder / "all.h5", "r") as g:
        mine, want, refits = f["trials"][:], g["trials"][:], f["refits"][:]
        kept = 0
        for row, other in zip(mine, want):
            assert row["params.max_depth"] == other["params.max_depth"]
            n = row["model_length"]
            if n == 0 or other["model_length"] == 0:
                continue
            kept += 1
            at, to = row["model_offset"], other["model_offset"]
            model = f["models"][at:at + n].tobytes()
            other = g["models"][to:to + n].tobytes()
            for data in (f, g):  # the data's hash stands in the model
                hash = data["data/sha256"][0]
                model = model.replace(hash, b"")
                other = other.replace(hash, b"")
            assert model == other
            booster = xgboost.Booster()
            booster.load_model(bytearray(f["models"][at:at + n].tobytes()))
            assert booster.num_boosted_rounds() == row["steps"]
            line = refits[refits["model_offset"] == at][0]
            assert line["trial"] == row["number"]
            assert line["rows"] == len(table)
            assert line["model_crc"] == row["model_crc"]
    assert kept >= 2


def test_same_on_any_ranks_and_after_kills(tool):
    table = make_table(11)
    name = study(tool, table, '<folds count="3"/>', GBT, trials=8,
                 data='group="g"', pruner="median")
    found = {}
    for ranks in (1, 3, 5):
        tool.run(name, "--output", f"s{ranks}.h5", "--quiet", ranks=ranks,
                 HPOTUNE_TEST_DELAY=str(ranks))
        found[ranks] = digest(tool.folder / f"s{ranks}.h5", keep=2)
    cut = tool.folder / "cut.h5"
    kills = 0
    while True:
        before = finished(cut)
        run = tool.start(name, "--output", "cut.h5", "--quiet",
                         HPOTUNE_TEST_DELAY="7")
        while run.poll() is None and finished(cut) < before + 2:
            time.sleep(0.01)
        if run.poll() is not None:
            assert run.returncode == 0, run.stdout.read()
            if kills > 0:
                break
            os.unlink(cut)  # too late to kill: once more
            continue
        run.kill()
        run.wait()
        kills += 1
    found["cut"] = digest(cut, keep=2)
    assert len(set(found.values())) == 1, found
    assert kills > 0


def finished(path):
    if not os.path.exists(path):
        return 0
    try:
        with h5py.File(path, "r", swmr=True) as f:
            return int(np.isin(f["trials"]["state"], [3, 4, 5]).sum())
    except (OSError, KeyError):
        return 0


def test_pruned_on_the_mean(tool):
    table = make_table(12)
    tool.run(study(tool, table, '<folds count="3"/>', GBT, trials=30,
                   pruner="median"), "--quiet", ranks=3)
    with h5py.File(tool.folder / "s.h5", "r") as f:
        trials, curves = f["trials"][:], f["curves"][:]
    pruned = trials[trials["state"] == 4]
    assert len(pruned) > 0
    for row in trials[np.isin(trials["state"], [3, 4])]:
        at, n = row["curve_offset"], row["curve_length"]
        curve = curves[at:at + n]
        assert n == 4 * row["steps"]
        each = curve["value"].reshape(-1, 4)
        np.testing.assert_allclose(each[:, 0], each[:, 1:].mean(1),
                                   rtol=1e-14)
        assert row["value"] == each[-1, 0]
        if row["state"] == 4:
            said = row["reason"].decode()
            assert f"best logloss {each[:, 0].min():.6g} up to" in said


def test_digits_stratified(tool):
    tool.run(INPUTS / "digits.xml", "--set", "data/folds/count=4",
             "--trials", 1, expect=2)
    text = (INPUTS / "digits.xml").read_text().replace(
        '<validation fraction="0.2" stratify="yes"/>',
        '<folds count="4" stratify="yes"/>').replace(
        "digits.csv", str(INPUTS / "digits.csv"))
    (tool.folder / "d.xml").write_text(text)
    tool.run("d.xml", "--trials", 2, "--output", "d.h5", "--quiet",
             "--set", "model[gbt]/int[n_estimators]/high=25", ranks=3)
    digit = pandas.read_csv(INPUTS / "digits.csv").digit
    fold = fold_of(tool.folder / "d.h5")
    counts = pandas.crosstab(digit, fold)
    assert (counts.max(axis=1) - counts.min(axis=1)).max() <= 1
    with h5py.File(tool.folder / "d.h5", "r") as f:
        assert f["trials"]["metrics.accuracy"].max() > 0.9


@pytest.mark.parametrize("data, split, words", [
    ('group="g"', '<folds count="200"/>', "need as many groups"),
    ('fold="y2"', "<folds/>", "has 1 different values; allowed: 2 to 255"),
    ('fold="k"', '<folds count="4"/>', 'but <folds> says count="4"'),
    ('fold="holes"', "<folds/>", "names no group or fold"),
    ('group="nowhere"', "<folds/>", "no column 'nowhere' for group="),
    ('fold="byclass"', "<folds/>", 'fold 1: class "0" of y has no training'),
])
def test_refused_in_words(tool, data, split, words):
    table = make_table(13)
    table["y2"], table["k"] = 1, table.index % 3
    table["holes"] = np.where(table.index == 50, None, table.index % 3)
    table["byclass"] = table.y
    done = tool.run("check", study(tool, table, split, data=data), expect=3)
    assert words in done.stderr + done.stdout
