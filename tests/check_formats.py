# SPDX-License-Identifier: BSD-3-Clause
"""One table in every format that is read: the same data, the same study."""
import gzip
import os
import struct

import h5py
import numpy as np
import pytest

from check_data import load, same  # noqa: F401
from conftest import SHARED
from digest import digest

SEED = int(os.environ.get("HPO_TEST_SEED", "20261121"))


def text(x, delimiter, names=None):
    lines = [delimiter.join(names)] if names else []
    lines += [delimiter.join("" if np.isnan(v) else repr(float(v))
                             for v in row) for row in x]
    return ("\n".join(lines) + "\n").encode()


def libsvm(x, zero_is_absent):
    """The label is column 0; NaN is left out, and so are zeros if told."""
    def row(values):
        entries = [f"{j}:{float(v)!r}" for j, v in enumerate(values)
                   if j and not np.isnan(v) and (v or not zero_is_absent)]
        return " ".join([repr(float(values[0])), *entries])
    return ("\n".join(map(row, x)) + "\n").encode()


def npy(path, x):
    np.save(path, x)


def idx(path, x):
    path.write_bytes(struct.pack(">4B2I", 0, 0, 0x0E, 2, *x.shape) +
                     x.astype(">f8").tobytes())


def write_all(folder, x, names, zero_is_absent):
    """The files of one table, label first, by what tells them apart."""
    made = {"csv": folder / "t.csv", "csv.gz": folder / "t.csv.gz",
            "tsv": folder / "t.tsv", "libsvm": folder / "t.libsvm",
            "libsvm.gz": folder / "t.svm.gz", "npy": folder / "c.npy",
            "npy fortran": folder / "f.npy", "npy.gz": folder / "z.npy.gz",
            "idx": folder / "t.idx"}
    made["csv"].write_bytes(text(x, ",", names))
    made["csv.gz"].write_bytes(gzip.compress(text(x, ";")))
    made["tsv"].write_bytes(text(x, "\t", names))
    made["libsvm"].write_bytes(libsvm(x, zero_is_absent))
    made["libsvm.gz"].write_bytes(gzip.compress(libsvm(x, zero_is_absent)))
    npy(made["npy"], x)
    npy(made["npy fortran"], np.asfortranarray(x))
    made["npy.gz"].write_bytes(gzip.compress(made["npy"].read_bytes()))
    idx(made["idx"], x)
    return made


def random_table(rows=240, with_missing=True):
    rng = np.random.default_rng(SEED)
    x = rng.standard_normal((rows, 7)) * 10.0 ** rng.integers(-3, 4, 7)
    x[:, 3] = rng.integers(0, 3, rows)
    x[rng.random(x.shape) < 0.2] = np.nan if with_missing else 0
    score = np.nan_to_num(x[:, 1] / 10.0 + x[:, 3])
    x[:, 0] = score + rng.standard_normal(rows) > np.median(score)
    x[0, 6] = 1.5  # the last column is there
    return x, ["y", *"abcdef"]


def equal(a, b):
    same(a.x, b.x)
    same(a.y, b.y)
    same(a.role, b.role)
    assert (a.column, a.label, a.classes) == (b.column, b.label, b.classes)


def test_same_data(load, tmp_path):  # noqa: F811
    x, names = random_table()
    words = {"task": "binary", "label": "y", "fraction": "0.25",
             "stratify": "yes", "names": " ".join(names)}
    files = write_all(tmp_path, x, names, False)
    want = load(train=files["csv"], **words)
    same(want.x, x[:, 1:].astype(np.float32))
    for name, path in files.items():
        equal(load(train=path, **words), want)


def test_same_real_data(load, tmp_path):  # noqa: F811
    if not SHARED.is_dir():
        pytest.skip(f"no {SHARED}: the real data sets are not here")
    x = np.loadtxt(SHARED / "winequality-red.csv", delimiter=",")[:, ::-1]
    names = ["quality", *(f"w{j}" for j in range(1, x.shape[1]))]
    words = {"task": "binary", "label": "quality", "positive": ">=6",
             "fraction": "0.2", "names": " ".join(names)}
    files = write_all(tmp_path, x, names, False)
    want = load(train=files["csv"], **words)
    assert want.rows == 1599 and want.classes == ["<6", ">=6"]
    for name, path in files.items():
        equal(load(train=path, **words), want)


STUDY = """<study name="t" seed="5">
  <data task="{task}" label="{label}" {layout}>
    <train href="{file}"/><validation fraction="0.25"/>
  </data>
  {model}
  <objective metric="{metric}" direction="minimize"/>
  <budget trials="3"/><parallel order="strict" {parallel}/>
  <output file="t.h5" models="all"/>
</study>
"""
GBT = """<model kind="gbt"><fixed name="n_estimators" value="6"/>
  <float name="learning_rate" low="0.1" high="0.5"/>
  <int name="max_depth" low="2" high="5"/></model>"""
LOGISTIC = """<model kind="logistic">
  <float name="C" low="0.01" high="10" log="yes"/></model>"""


def study_digest(tool, file, ranks, model, task="binary", label="y",
                 metric="logloss", layout="", parallel=""):
    path = tool.folder / "t.xml"
    path.write_text(STUDY.format(file=file, model=model, task=task,
                                 label=label, metric=metric, layout=layout,
                                 parallel=parallel))
    tool.run(path, "--quiet", "--overwrite", ranks=ranks)
    return digest(tool.folder / "t.h5", keep=4, with_data=False)


@pytest.mark.parametrize("model", [GBT, LOGISTIC], ids=["gbt", "logistic"])
def test_same_study(tool, model):
    """Missing values for gbt; zeros, which LIBSVM leaves out, for logistic."""
    x, names = random_table(with_missing=model == GBT)
    files = write_all(tool.folder, x, names, model == LOGISTIC)
    layout = f'names="{" ".join(names)}"'
    found = {(name, ranks): study_digest(tool, files[name].name, ranks, model,
                                         layout=layout)
             for name, ranks in (("csv", 1), ("csv", 3), ("libsvm", 1),
                                 ("libsvm.gz", 3), ("npy fortran", 3),
                                 ("idx", 3))}
    assert len(set(found.values())) == 1, found


@pytest.mark.parametrize("recipe,columns,label,model,task,metric", [
    ("sparse", 60, "label", LOGISTIC, "binary", "logloss"),
    ("friedman", 8, "target", GBT, "regression", "rmse")])
def test_same_study_of_generated_data(tool, recipe, columns, label, model,
                                      task, metric):
    """What LIBSVM leaves out of sparse is 0 for logistic; friedman has no
    zeros."""
    names = " ".join(f"x{j}" for j in range(columns))
    found = []
    for suffix, all_names in (("csv", f"{names} {label}"),
                              ("npy", f"{names} {label}"),
                              ("libsvm", f"{label} {names}")):
        tool.run("generate", recipe, "--rows", 300, "--columns", columns,
                 "--seed", 2, "-o", f"g.{suffix}")
        for ranks in (1, 3)[suffix == "npy":]:
            found.append(study_digest(
                tool, f"g.{suffix}", ranks, model, task, label, metric,
                layout=f'names="{all_names}"'))
    assert len(set(found)) == 1, found


def test_hdf5(tool):
    """Chunked and packed: the study that CSV gives."""
    x, names = random_table()
    (tool.folder / "t.csv").write_bytes(text(x, ",", names))
    with h5py.File(tool.folder / "x.h5", "w") as f:
        f.create_dataset("X", data=x, chunks=(50, 3), compression="gzip")
    layout = f'names="{" ".join(names)}"'
    found = {study_digest(tool, file, ranks, GBT, layout=layout)
             for file, ranks in (("t.csv", 1), ('x.h5" dataset="/X', 3))}
    assert len(found) == 1


def test_same_study_of_shards(tool):
    """A team whose ranks hold their rows alone; two blocks of rows."""
    x, names = random_table(rows=1100)
    (tool.folder / "t.svm").write_bytes(libsvm(x, False))
    found = {study_digest(tool, "t.svm", ranks, GBT, parallel=parallel)
             for ranks, parallel in (
                 (1, ""), (3, 'ranks-per-trial="all" data="sharded"'))}
    assert len(found) == 1


def test_absent_is_missing_for_gbt_and_zero_for_linear_models(tool):
    """Zeros written out or left out: the same for logistic, not for gbt."""
    x, names = random_table(with_missing=False)
    for model, is_same in ((LOGISTIC, True), (GBT, False)):
        found = set()
        for name, absent in (("w.svm", False), ("a.svm", True)):
            (tool.folder / name).write_bytes(libsvm(x, absent))
            found.add(study_digest(tool, name, 1, model))
        assert (len(found) == 1) == is_same
    done = tool.run("check", tool.folder / "t.xml")
    assert "entries absent (missing for gbt, 0 for linear models)" in (
        done.stdout)
