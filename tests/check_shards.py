# SPDX-License-Identifier: BSD-3-Clause
"""Shards that bite: data with nothing to learn from, or next to no rows.

Whole runs on one rank and on a team of four; the study is the same.
"""
import os

import h5py
import numpy as np
import pytest

from conftest import INPUTS
from digest import digest

SEED = int(os.environ.get("HPO_TEST_SEED", "20261121"))
ROWS = 60
STUDY = """<study name="t" seed="5">
  <data task="binary" label="y">
    <train href="{file}"/><validation fraction="{fraction}"/>{more}
  </data>
  {model}
  <objective metric="logloss" direction="minimize"/>
  <budget trials="{trials}"/>
  <parallel order="strict" ranks-per-trial="all"/>
  <output file="{out}" models="all"/>
</study>
"""
MODELS = {"gbt": """<model kind="gbt"><fixed name="n_estimators" value="4"/>
  <int name="max_depth" low="2" high="4"/></model>""",
          "logistic": """<model kind="logistic">
  <float name="C" low="0.1" high="10" log="yes"/></model>"""}


def table(rows=ROWS, **columns):
    """CSV of columns, with a label of two classes unless given."""
    rng = np.random.default_rng(SEED)
    y = columns.pop("y", np.arange(rows) % 2)
    columns = {k: np.asarray(v(rng, y) if callable(v) else v)
               for k, v in columns.items()}
    lines = [",".join([*columns, "y"])]
    for i in range(rows):
        row = [c[i] if c.ndim else c[()] for c in columns.values()]
        lines.append(",".join(["" if v != v else repr(v.item())
                               for v in row] + [str(int(y[i]))]))
    return "\n".join(lines) + "\n"


def good(rng, y):
    return rng.random(len(y)) + y


def test_messages_of_many_parts(tool):
    """What goes over MPI in parts of 2^30 bytes at most goes in parts of 400:
    data, jobs, paused models, results, histograms; the study is the same."""
    study = tool.folder / "q.xml"
    study.write_text((INPUTS / "quickstart.xml").read_text()
                     .replace('href="', f'href="{INPUTS}/')
                     .replace('name="median" warmup-steps="20"',
                              'name="halving" min-resource="2"'))
    found = {}
    for data, ranks, size in (("shared", 1, 1), ("shared", 3, 1),
                              ("shared", 4, 3), ("sharded", 4, 3)):
        out = f"{data}{ranks}{size}.h5"
        tool.run(study, "--quiet", "--trials", 8, "--output", out, *(
            w for s in ("model[gbt]/int[n_estimators]/low=8",
                        "model[gbt]/int[n_estimators]/high=16",
                        "parallel/order=strict", f"parallel/data={data}",
                        f"parallel/ranks-per-trial={size}")
            for w in ("--set", s)), ranks=ranks, HPOTUNE_TEST_CHUNK="400")
        found[out] = digest(tool.folder / out, keep=5)
    assert len(set(found.values())) == 1, found


def run(tool, content, model, fraction=0.3, more="", expect=0, file="t.csv",
        trials=3):
    """The digest of the study, which is the same for both."""
    (tool.folder / file).write_text(content)
    found, said = set(), []
    for ranks in (1, 4):
        path = tool.folder / "t.xml"
        out = f"{ranks}.h5"
        path.write_text(STUDY.format(file=file, fraction=fraction, more=more,
                                     model=MODELS[model], out=out,
                                     trials=trials))
        done = tool.run(path, "--quiet", ranks=ranks, expect=expect)
        said.append(done.stderr)
        if expect == 0:
            found.add(digest(tool.folder / out, keep=3))
    assert len(found) <= 1
    return said if expect else h5py.File(tool.folder / "1.h5")


@pytest.mark.parametrize("model", MODELS)
def test_constant_features(tool, model):
    """Nothing to learn: the prior of the training rows."""
    f = run(tool, table(a=3.0, b=0.0), model)
    assert np.allclose(f["trials"]["value"], np.log(2), atol=1e-3)


@pytest.mark.parametrize("model", MODELS)
def test_a_single_feature(tool, model):
    f = run(tool, table(a=good), model)
    assert (f["trials"]["value"] < np.log(2)).all()


def test_all_missing(tool):
    f = run(tool, table(a=np.nan, b=np.nan), "gbt")
    assert np.allclose(f["trials"]["value"], np.log(2), atol=1e-3)
    f.close()
    for name in ("1.h5", "4.h5"):
        (tool.folder / name).unlink()
    for text in run(tool, table(a=np.nan, b=good), "logistic", expect=3,
                    more='<missing impute="mean"/>'):
        assert "column 'a' has no value in any row" in text
        assert '<ignore columns="a"/>' in text


@pytest.mark.parametrize("model", MODELS)
def test_weights_of_zero(tool, model):
    weight = '<weight column="w"/>'
    for text in run(tool, table(a=good, w=0), model, more=weight, expect=3):
        assert "the weights of all training rows are 0" in text
    rng = np.random.default_rng(SEED)
    x, w = rng.random(ROWS), (np.arange(ROWS) % 4 < 2) * 1.0
    f = run(tool, table(a=x, w=w), model, more=weight)
    assert np.isfinite(f["trials"]["value"]).all()
    f.close()
    for name in ("1.h5", "4.h5"):
        (tool.folder / name).unlink()
    # all rows of one class count nothing
    f = run(tool, table(a=x, w=np.arange(ROWS) % 2), model, more=weight)
    assert np.isfinite(f["trials"]["value"]).all()


def test_one_class(tool):
    for text in run(tool, table(a=good, y=np.ones(ROWS)), "gbt", expect=3):
        assert "label 'y' has 1 class ('1')" in text


@pytest.mark.parametrize("model", MODELS)
def test_fewer_rows_than_ranks(tool, model):
    f = run(tool, table(rows=4, a=np.arange(4.0)), model, fraction=0.5)
    assert f["data/n_train"][()] == 2


@pytest.mark.parametrize("model", MODELS)
def test_a_hundred_thousand_features(tool, model):
    rng = np.random.default_rng(SEED)
    lines = []
    for i in range(24):
        at = np.sort(rng.choice(99999, 30, replace=False)) + 1
        lines.append(" ".join([str(i % 2), *(f"{j}:{i}.5" for j in at),
                               "100000:1"]))
    f = run(tool, "\n".join(lines), model, file="t.svm", trials=1)
    assert f["data/columns"][()] == 100000
    assert np.isfinite(f["trials"]["value"]).all()
