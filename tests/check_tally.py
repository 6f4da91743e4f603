# SPDX-License-Identifier: BSD-3-Clause
"""What the file says of kept models' validation predictions equals
scikit-learn's confusion matrix, ROC and precision-recall curves of XGBoost's
predictions with the stored model."""
import pathlib

import h5py
import numpy as np
import pandas
import pytest
import xgboost
from conftest import INPUTS
from sklearn import metrics as sk

STUDY = """<study name="t" seed="7">
  <data task="{task}" label="{label}"><train href="{data}"/>{split}{more}</data>
  <model kind="gbt"><fixed name="n_estimators" value="{rounds}"/>
    <int name="max_depth" low="2" high="5"/></model>
  <objective metric="logloss" direction="minimize"/>
  <budget trials="{trials}"/>{parallel}
  <output file="{file}" models="{models}"/>
</study>
"""
HOLD = '<validation fraction="0.4" stratify="yes"/>'


def study(tool, data, **words):
    words = {"task": "binary", "label": "y", "split": HOLD, "more": "",
             "trials": 3, "models": "all", "parallel": "", "rounds": 12,
             "file": "t.h5", **words}
    path = tool.folder / "t.xml"
    path.write_text(STUDY.format(data=data, **words))
    return path


def kept(f, number):
    """Confusion matrix and ROC points of a trial's stored model."""
    t = f["trials"][number]
    n = len(f["data/classes"])
    matrix = np.zeros((n, n))
    for row in f["confusion"][:]:
        if (row["trial"], row["model_offset"]) == (number, t["model_offset"]):
            matrix[row["truth"], row["predicted"]] += row["weight"]
    roc = f["roc"][:]
    return matrix, roc[(roc["trial"] == number)
                       & (roc["model_offset"] == t["model_offset"])]


def scores(tool, f, number, x):
    """XGBoost's, with the digits of hpotune predict."""
    t = f["trials"][number]
    b = xgboost.Booster()
    b.load_model(bytearray(f["models"][t["model_offset"]:
                                       t["model_offset"] + t["model_length"]]))
    np.save(tool.folder / "x.npy", x)
    tool.run("predict", pathlib.Path(f.filename).name, "x.npy", "--model",
             number, "-o", "p.npy")
    p = np.load(tool.folder / "p.npy")
    want = b.predict(xgboost.DMatrix(x, feature_names=list("abcd")))
    np.testing.assert_allclose(p, want, atol=1e-6)
    return p


def table(rng, rows, classes=2, digits=None):
    x = rng.normal(size=(rows, 4))
    score = x[:, 0] + x[:, 1] ** 2 + rng.normal(size=rows)
    edges = np.quantile(score, np.arange(1, classes) / classes)
    if digits is not None:
        x = x.round(digits)
    d = pandas.DataFrame(x, columns=list("abcd"))
    d["y"] = np.searchsorted(edges, score)
    return d


def same_curve(roc, positive, truth, score, weight, most):
    mine = roc[roc["positive"] == positive]
    fpr, tpr, at = sk.roc_curve(truth, score, sample_weight=weight,
                                drop_intermediate=False)
    assert np.all(np.diff(mine["threshold"]) < 0)
    # every threshold is one of scikit-learn's, with its rates
    place = {t: i for i, t in enumerate(at)}
    own = [place[t] for t in mine["threshold"]]
    total = mine[-1]
    np.testing.assert_allclose(
        mine["true_positives"] / total["true_positives"], tpr[own], atol=1e-12)
    np.testing.assert_allclose(
        mine["false_positives"] / total["false_positives"], fpr[own],
        atol=1e-12)
    p, r, at = sk.precision_recall_curve(truth, score, sample_weight=weight)
    place = {t: i for i, t in enumerate(at)}
    own = [place[t] for t in mine["threshold"]
           if t in place]
    assert len(own) >= 2
    mine = [m for m in mine if m["threshold"] in place]
    for i, m in zip(own, mine):
        said = m["true_positives"] + m["false_positives"]
        assert m["true_positives"] / said == pytest.approx(p[i], abs=1e-12)
        assert m["true_positives"] / total["true_positives"] == \
            pytest.approx(r[i], abs=1e-12)
    # all of few, and of many none that leaves a gap
    n = len(place)
    assert len(roc[roc["positive"] == positive]) <= most
    if n <= most:
        assert len(roc[roc["positive"] == positive]) == len(tpr) - 1
    else:
        mine = roc[roc["positive"] == positive]
        step = np.diff(mine["true_positives"] / total["true_positives"]
                       + mine["false_positives"] / total["false_positives"])
        largest = np.diff(tpr + fpr).max()
        assert step.max() <= 2 / (most - 2) + largest + 1e-12
    return total


def test_many_scores_with_weights_and_teams(tool):
    rng = np.random.default_rng(3)
    d = table(rng, 4000)
    d["w"] = rng.integers(0, 4, len(d)) / 2
    d.to_csv(tool.folder / "d.csv", index=False)
    files = []
    for ranks, words in ((1, ""), (5, 'ranks-per-trial="2"')):
        path = study(tool, "d.csv", more='<weight column="w"/>',
                     file=f"t{ranks}.h5", rounds=60,
                     parallel=f'<parallel order="strict" {words}/>')
        tool.run(path, "--quiet", ranks=ranks)
        files.append(h5py.File(tool.folder / f"t{ranks}.h5"))
    f = files[0]
    values = ["positive", "threshold", "true_positives", "false_positives"]
    for number in range(3):  # the same bits, in the order of arrival
        (matrix, roc), (other, team_roc) = (kept(g, number) for g in files)
        assert np.array_equal(matrix, other)
        assert np.array_equal(roc[values], team_roc[values])
    valid = f["data/role"][:] == 1
    x, y, w = (d[list("abcd")].to_numpy()[valid], d["y"].to_numpy()[valid],
               d["w"].to_numpy()[valid])
    for number in range(3):
        score = scores(tool, f, number, x)
        matrix, roc = kept(f, number)
        np.testing.assert_allclose(
            matrix, sk.confusion_matrix(y, score > 0.5, sample_weight=w))
        total = same_curve(roc, 1, y, score, w, 256)
        assert 220 < len(roc) <= 256
        assert total["true_positives"] == w[y == 1].sum()
        # the area under the points is the metric, but for what was left out
        area = np.trapz(np.r_[0, roc["true_positives"]],
                        np.r_[0, roc["false_positives"]])
        area /= total["true_positives"] * total["false_positives"]
        assert area == pytest.approx(
            sk.roc_auc_score(y, score, sample_weight=w), abs=1e-3)


def test_few_scores_three_classes(tool):
    d = table(np.random.default_rng(4), 300, classes=3, digits=0)
    d["y"] = d["y"].map({0: "low", 1: "mid", 2: "high"})
    d.to_csv(tool.folder / "d.csv", index=False)
    tool.run(study(tool, "d.csv", task="multiclass", rounds=2), "--quiet")
    f = h5py.File(tool.folder / "t.h5")
    names = [c.decode() for c in f["data/classes"][:]]
    assert names == ["high", "low", "mid"]
    valid = f["data/role"][:] == 1
    y = d["y"].map(names.index).to_numpy()[valid]
    score = scores(tool, f, 1, d[list("abcd")].to_numpy()[valid])
    matrix, roc = kept(f, 1)
    np.testing.assert_array_equal(
        matrix, sk.confusion_matrix(y, score.argmax(1)))
    for c in range(3):
        same_curve(roc, c, y == c, score[:, c], None, 64)


def test_folds_together(tool):
    """Each row is predicted by the model of the fold that left it out."""
    d = table(np.random.default_rng(5), 200)
    d.to_csv(tool.folder / "d.csv", index=False)
    tool.run(study(tool, "d.csv", split='<folds count="3" stratify="yes"/>'),
             "--quiet", ranks=2)
    f = h5py.File(tool.folder / "t.h5")
    for number in range(3):
        matrix, roc = kept(f, number)
        assert matrix.sum(1).tolist() == d["y"].value_counts()[[0, 1]].tolist()
        assert (roc[-1]["true_positives"], roc[-1]["false_positives"]) == \
            (d["y"].sum(), (1 - d["y"]).sum())


def test_only_kept_models_and_classes(tool):
    d = table(np.random.default_rng(6), 200)
    d.to_csv(tool.folder / "d.csv", index=False)
    tool.run(study(tool, "d.csv", models="none"), "--quiet")
    with h5py.File(tool.folder / "t.h5") as f:
        assert len(f["roc"]) == len(f["confusion"]) == 0
    tool.run(study(tool, "d.csv", models="best:1", trials=12), "--quiet",
             "--overwrite")
    with h5py.File(tool.folder / "t.h5") as f:
        t = f["trials"][:]
        stored = t["number"][t["model_offset"] >= 0]
        assert set(f["roc"]["trial"]) == set(f["confusion"]["trial"]) == \
            set(stored) < set(t["number"])
    text = (INPUTS / "diabetes.xml").read_text()
    (tool.folder / "r.xml").write_text(text)
    tool.run(INPUTS / "diabetes.xml", "--trials", 2, "--quiet",
             "--output", "r.h5")
    with h5py.File(tool.folder / "r.h5") as f:
        assert len(f["roc"]) == len(f["confusion"]) == 0
        assert len(f["models"]) > 0


def test_older_files_go_on(tool):
    """A file without these tables is continued and read."""
    d = table(np.random.default_rng(7), 200)
    d.to_csv(tool.folder / "d.csv", index=False)
    path = study(tool, "d.csv", trials=2)
    tool.run(path, "--quiet")
    with h5py.File(tool.folder / "t.h5", "a") as f:
        del f["roc"], f["confusion"]
    tool.run(path, "--quiet", "--trials", 4)
    with h5py.File(tool.folder / "t.h5") as f:
        assert len(f["trials"]) == 4 and "roc" not in f
    tool.run("report", "t.h5")
