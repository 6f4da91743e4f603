# SPDX-License-Identifier: BSD-3-Clause
"""LIBSVM files as scikit-learn reads them, and what is refused."""
import gzip
import io
import os
import resource
import subprocess

import numpy as np
import pytest
from sklearn import datasets

from check_data import DRIVER, SEED, file, load, same  # noqa: F401


def ugly(rng):
    x = rng.standard_normal() * 10.0 ** rng.integers(-20, 20)
    return str(rng.choice([repr(x), "%.3g" % x, "%.19e" % x, "-0", "+5",
                           "1e5", ".5", "7.", "0"]))


def write_rows(rng, n, features, base, end):
    """Random lines, with comments, blank lines and odd blanks."""
    lines = []
    for _ in range(n):
        at = np.flatnonzero(rng.random(features) < 0.3) + base
        gap = [" ", "  ", "\t"][int(rng.integers(3))]
        line = gap.join([str(rng.choice(["1", "+1", "-1", "2.5", "-3e-1"])),
                         *(f"{i}:{ugly(rng)}" for i in at)])
        line = ["", " "][int(rng.integers(2))] + line
        line += ["", " ", " # 7:1 \xe9".encode("latin1").decode("latin1"),
                 "#", " \t"][int(rng.integers(5))]
        lines.append(line)
        if rng.random() < 0.2:
            lines.append(["", "  ", "# 9:9", "\t"][int(rng.integers(4))])
    return end.join(lines) + ["", end][int(rng.integers(2))]


def test_random_files_as_scikit_learn(load, file):  # noqa: F811
    rng = np.random.default_rng(SEED)
    for case in range(40):
        base, end = case % 2, ["\n", "\r\n"][case // 2 % 2]
        wide = [int(rng.integers(2, 40)) for _ in range(3)]
        bodies = [write_rows(rng, int(rng.integers(1, 30)), w, base, end)
                  for w in wide]
        # scikit-learn takes a file without entries for one that counts
        # from 0; and each body shows the base that was meant
        bodies = [f"3 {base}:1 {base + 1}:2{end}{b}" for b in bodies]
        suffix = ["libsvm", "svm", "svmlight.gz"][case % 3]
        paths = [file(b, f"{i}.{suffix}") for i, b in enumerate(bodies)]
        ours = load(f"train={paths[0]}", f"train={paths[1]}",
                    validation=paths[2], label="target")
        theirs = datasets.load_svmlight_files(
            [io.BytesIO(b.encode()) for b in bodies], zero_based="auto")
        x = np.vstack([m.toarray() for m in theirs[::2]])
        same(ours.y, np.concatenate(theirs[1::2]))
        assert ours.columns == x.shape[1]
        same(np.nan_to_num(ours.x), x.astype(np.float32))
        there = np.vstack([(m != 0).toarray() for m in theirs[::2]])
        assert not np.isnan(ours.x[there]).any()
        assert [c.missing for c in ours.column] == list(
            np.isnan(ours.x).sum(0))
        assert [c.name for c in ours.column] == [
            f"f{j}" for j in range(ours.columns)]
        assert (ours.label, ours.n_valid) == (
            "target", len(theirs[5]))


def test_base_is_one_for_all_files(load, file):  # noqa: F811
    one = file("1 1:5\n2 2:6\n", "1.libsvm")
    two = file("3 0:7\n", "2.libsvm")
    ours = load(train=one)
    same(ours.x, np.array([[5, np.nan], [np.nan, 6]]))
    ours = load(train=one, validation=two)
    same(ours.x, np.array([[np.nan, 5, np.nan], [np.nan, np.nan, 6],
                           [7, np.nan, np.nan]]))


def test_classes_and_columns(load, file):  # noqa: F811
    path = file("+1 1:2 2:3\n-1 3:1e3\n+1 2:10\n", "d.libsvm")
    ours = load(task="binary", train=path)
    assert ours.classes == ["-1", "1"]
    same(ours.y, np.array([1., 0, 1]))
    ours = load(task="binary", train=path, positive="<0", label="0")
    assert (ours.classes, ours.label) == ([">=0", "<0"], "label")
    ours = load("ignore=f0", task="binary", train=path, weight="f1",
                categorical="f2")
    same(ours.weight, np.array([3., 0, 10]))
    assert [c.name for c in ours.column] == ["f2"]
    assert ours.column[0].names == ["1000"]
    ours = load(task="binary", train=path, names="y a b c d")
    assert [c.name for c in ours.column] == list("abcd")
    assert [c.missing for c in ours.column] == [2, 1, 2, 3]
    path = file("9 1:2\n3 1:1\n10 1:3\n3 #\n", "m.txt.gz")
    ours = load(task="multiclass", train=path, format="libsvm")
    assert ours.classes == ["3", "9", "10"]
    same(ours.y, np.array([1., 0, 2, 0]))


PAIRS = "d.libsvm:2: "
FAULTS = [
    ("1 1:2\n1 3:1 2:1\n", {}, PAIRS + "'2:1' has a smaller index"),
    ("1 1:2\n1 3:1 3:1\n", {}, PAIRS + "'3:1' has the same index"),
    ("1 1:2\n1 1:x\n", {}, PAIRS + "'1:x' has a value that is not a finite"),
    ("1 1:2\n1 1:inf\n", {}, PAIRS + "'1:inf' has a value that is not"),
    ("1 1:2\n1 1:nan\n", {}, "a missing value is left out"),
    ("1 1:2\n1 1:\n", {}, PAIRS + "'1:' has a value"),
    ("1 1:2\n1 1:2:3\n", {}, PAIRS + "'1:2:3' has a value"),
    ("1 1:2\n1 1: 2\n", {}, PAIRS + "'1:' has a value"),
    ("1 1:2\n1 1 2\n", {}, PAIRS + "'1' is not index:value"),
    ("1 1:2\n1 -1:2\n", {}, PAIRS + "'-1:2' is not index:value"),
    ("1 1:2\n1 a:2\n", {}, PAIRS + "'a:2' is not index:value"),
    ("1 1:2\n1 1:2\r3:4\n", {}, PAIRS + "'1:2 3:4' has a value"),
    ("1 1:2\n1 \0:2\n", {}, "is not index:value"),
    ("1 1:2\n1 2147483647:2\n", {}, "too large an index; allowed: 0 to"),
    ("1 1:2\n1 99999999999999999999999:2\n", {}, "too large an index"),
    ("1 1:2\n1 qid:3 1:2\n", {}, "'qid:3' is a query of a ranking task"),
    ("1 1:2\n1:3\n", {}, PAIRS + "'1:3' where the label should stand"),
    ("1 1:2\nx 1:3\n", {}, PAIRS + "label 'x' is not a number"),
    ("1 1:2\n1,2 1:3\n", {}, PAIRS + "label '1,2' is not a number"),
    ("1 1:2\nnan 1:3\n", {}, PAIRS + "label 'nan' is not a number"),
    ("1 1:2\n1e999 1:3\n", {}, PAIRS + "label '1e999' is infinite"),
    ("1 1:2\n1 1:1e39\n", {}, PAIRS + "column 'f0' (index 1): '1e39' does "
                                      "not fit a float32"),
    ("1 1:2\n1 1:1e999\n", {}, "'1e999' does not fit a float32"),
    ("", {}, "the file holds no rows"),
    ("# nothing\n\n \r\n", {}, "the file holds no rows"),
    ("1\n2\n", {}, "no row of the files has an index:value"),
    ("1 1:2\n", {"label": "f0"}, 'label="f0" is a feature\'s name'),
    ("1 1:2\n", {"label": "2"}, 'label="2" is not where a LIBSVM file'),
    ("1 1:2\n", {"names": "a y"}, "the label is column 'y', but a LIBSVM "
                                  "file has it first, as 'a'"),
    ("1 1:2 3:4\n", {"names": "y a b"}, "indices 1 to 3 make 3 features, but "
                                        "names= gives the label and 2 f"),
    ("1 1:2 2:4\n2 0:1\n", {"names": "y a b"},
     "indices 0 to 2 (index 0 stands at "),
    ("1 1:2\n", {"weight": "f4"}, "no column 'f4' for <weight>"),
    ("1 1:-2\n", {"weight": "f0", "names": "y f0 b"},
     "'-2' is no weight; allowed"),
    ("1 1:2.5\n", {"categorical": "f0"}, "'2.5' is no whole number"),
    ("1 1:2\n1 1:3\n", {"task": "binary"}, "has 1 class ('1')"),
    (b"\xff\xfe1\0", {}, "UTF-16"),
]


@pytest.mark.parametrize("content,words,sentence", FAULTS,
                         ids=range(len(FAULTS)))
def test_faults(load, file, content, words, sentence):  # noqa: F811
    error = load(train=file(content, "d.libsvm"), expect=3, **words)
    assert sentence in error
    assert error.count("\n") == 1


def test_faults_of_files(load, file, tmp_path):  # noqa: F811
    one = file("1 1:2\n2 2:1\n", "1.libsvm")
    two = file("y,a,b\n1,2,3\n", "2.csv")
    for train, valid in ((one, two), (two, one)):
        error = load(train=train, validation=valid, expect=3)
        assert "LIBSVM does not go with other formats" in error
    bad = file("1 1:2\n\n2 2;1\n", "3.libsvm")
    assert "3.libsvm:3: '2;1' is not" in load(
        f"train={one}", train=bad, expect=3)
    assert "4.libsvm: the file holds no rows" in load(
        train=one, validation=file("\n", "4.libsvm"), expect=3)
    error = load("missing=-9", train=one, expect=2)
    assert '<missing value="-9"/> is for other formats' in error
    assert "LIBSVM has none" in load(train=one, header="yes", expect=2)
    whole = gzip.compress(b"1 1:2\n" * 100000)
    (tmp_path / "cut.svm.gz").write_bytes(whole[:len(whole) // 2])
    assert "cut.svm.gz" in load(train=tmp_path / "cut.svm.gz", expect=3)
    assert "nowhere.svm" in load(train=tmp_path / "nowhere.svm", expect=3)


def test_long_lines(load, file):  # noqa: F811
    """Lines over the edges of blocks, of ten megabytes, and overlong."""
    rng = np.random.default_rng(SEED)
    x = rng.random((5, 60000)).astype(np.float32)
    body = "".join("%d %s #%s\n" % (i, " ".join(
        f"{j}:%.9g" % v for j, v in enumerate(row)), "z" * 10**7 * (i == 3))
        for i, row in enumerate(x))
    ours = load(train=file(body, "d.svm"))
    same(ours.x, x)
    path = file("1 1:1\n1 1:1 #" + "z" * (68 << 20), "d.svm.gz")
    error = load(train=path, expect=3)
    assert "d.svm.gz:2: a line of more than 67108864 bytes" in error


def test_a_table_that_fits_no_memory(file, tmp_path):  # noqa: F811
    path = file("1 1:1\n" * 1000 + "2 1000001:1\n", "d.svm")

    def small():
        resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))

    done = subprocess.run([DRIVER, str(tmp_path / "out"), f"train={path}"],
                          text=True, capture_output=True, preexec_fn=small)
    assert done.returncode == 3, done.stderr
    assert ("1001 rows x 1000001 features, held as a full table, need about "
            "4.4 GB, and this process can have 2.1 GB") in done.stderr
    path = file("1 2147483646:1\n", "d.svm")
    done = subprocess.run([DRIVER, str(tmp_path / "out"), f"train={path}"],
                          text=True, capture_output=True)
    assert done.returncode == 3 and "need about 867.6 GB" in done.stderr


def test_new_rows_count_as_the_study_did(tool):
    """A zero-based study, new rows without index 0: nothing is shifted."""
    rng = np.random.default_rng(3)
    x = rng.random((80, 4)) + 0.5
    y = (x[:, 1] > 1).astype(int)

    def lines(rows, keep):
        return "".join(f"{y[i]} " + " ".join(
            f"{j}:{x[i, j]:.6f}" for j in range(4) if j or keep) + "\n"
            for i in rows)
    (tool.folder / "t.libsvm").write_text(lines(range(80), True))
    (tool.folder / "whole.libsvm").write_text(lines(range(20), True))
    (tool.folder / "cut.libsvm").write_text(lines(range(20), False))
    (tool.folder / "t.xml").write_text("""<study name="t" seed="1">
      <data task="binary" label="0"><train href="t.libsvm"/>
        <validation fraction="0.25"/></data>
      <model kind="gbt"><fixed name="n_estimators" value="20"/>
        <fixed name="min_child_weight" value="0"/>
        <int name="max_depth" low="2" high="3"/></model>
      <objective metric="logloss" direction="minimize"/>
      <budget trials="2"/></study>""")
    tool.run("t.xml", "--quiet")
    for name in ("whole", "cut"):
        tool.run("predict", "t.h5", f"{name}.libsvm", "-o", f"{name}.csv")
    whole, cut = (np.loadtxt(tool.folder / f"{n}.csv", skiprows=1)
                  for n in ("whole", "cut"))
    assert ((whole > 0.5) == (y[:20] == 1)).all()
    assert ((cut > 0.5) == (y[:20] == 1)).all()
