# SPDX-License-Identifier: BSD-3-Clause
"""Data read as pandas reads it, split as scikit-learn sizes it.

Drives the program data_driver (DATA_DRIVER, else tests/data_driver under the
current folder).
"""
import collections
import gzip
import hashlib
import math
import os
import pathlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets
from sklearn.model_selection import train_test_split

SEED = int(os.environ.get("HPO_TEST_SEED", "20261121"))
DRIVER = os.environ.get("DATA_DRIVER", "tests/data_driver")
ROOT = pathlib.Path(__file__).resolve().parent.parent
INPUTS = ROOT / "inputs"
WINE = ("fixed_acidity volatile_acidity citric_acid residual_sugar chlorides "
        "free_sulfur_dioxide total_sulfur_dioxide density pH sulphates "
        "alcohol quality")
Column = collections.namedtuple("Column", "name categorical missing names")
Bins = collections.namedtuple("Bins", "n_bin code_bytes stride cut")


def text(word):
    return "" if word == "-" else bytes.fromhex(word).decode()


class Data:
    """What data_driver says about a data set, and its arrays."""

    def __init__(self, out, path):
        lines = [line.split() for line in out.splitlines()]
        fact = dict(zip(lines[0][::2], lines[0][1::2]))
        self.hash = fact.pop("hash")
        self.__dict__.update({k: int(v) for k, v in fact.items()})
        self.classes = [text(w[1]) for w in lines if w[0] == "class"]
        self.label = [text(w[1]) for w in lines if w[0] == "label"][0]
        self.column = [Column(text(w[1]), w[2] == "1", int(w[3]),
                              [text(t) for t in w[4:]])
                       for w in lines if w[0] == "column"]
        self.bins = [Bins(int(w[1]), int(w[2]), int(w[3]),
                          np.array(w[4:], np.float32))
                     for w in lines if w[0] == "bins"]
        raw = path.read_bytes()
        self.y, raw = self.take(raw, "f8", self.rows)
        if self.weight:
            self.weight, raw = self.take(raw, "f8", self.rows)
        x, raw = self.take(raw, "f4", self.rows * self.columns)
        self.x = x.reshape(self.columns, self.rows).T
        self.role, self.code = self.take(raw, "u1", self.rows)

    @staticmethod
    def take(raw, kind, n):
        size = np.dtype(kind).itemsize * n
        return np.frombuffer(raw[:size], kind), raw[size:]


@pytest.fixture
def load(tmp_path):
    def run(*words, expect=0, **more):
        words = [str(w) for w in words]
        words += [f"{k}={v}" for k, v in more.items()]
        out = tmp_path / "arrays"
        done = subprocess.run([DRIVER, str(out), *words], text=True,
                              capture_output=True)
        assert done.returncode == expect, done.stdout + done.stderr
        return Data(done.stdout, out) if expect == 0 else done.stderr

    return run


@pytest.fixture
def file(tmp_path):
    def write(content, name="d.csv"):
        path = tmp_path / name
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(gzip.compress(content) if name.endswith("gz")
                         else content)
        return path

    return write


def same(a, b):
    assert np.array_equal(a, b, equal_nan=True)


def test_inputs_are_scikit_learns(load, tmp_path):
    cases = [("breast_cancer", datasets.load_breast_cancer(), "binary",
              "diagnosis"),
             ("digits", datasets.load_digits(), "multiclass", "digit"),
             ("diabetes", datasets.load_diabetes(scaled=False), "regression",
              "progression")]
    for name, d, task, label in cases:
        ours = load(task=task, label=label, train=INPUTS / f"{name}.csv")
        assert ([c.name for c in ours.column] ==
                [n.replace(" ", "_") for n in d.feature_names])
        same(ours.x, d.data.astype(np.float32))
        if name == "breast_cancer":  # scikit-learn's order: malignant first
            assert ours.classes == ["benign", "malignant"]
            same(ours.y, 1.0 - d.target)
        else:
            same(ours.y, d.target.astype(float))
        frame = pd.read_csv(INPUTS / f"{name}.csv",
                            float_precision="round_trip")
        same(frame.iloc[:, :-1].to_numpy(float), d.data)
    subprocess.run([sys.executable, str(ROOT / "tests" / "make_inputs.py"),
                    str(tmp_path)], check=True)
    for name, *_ in cases:
        assert ((tmp_path / f"{name}.csv").read_bytes() ==
                (INPUTS / f"{name}.csv").read_bytes())


def ugly_number(rng):
    x = rng.standard_normal() * 10.0 ** rng.integers(-30, 30)
    return rng.choice([repr(x), "%.3g" % x, "%.19e" % x, "%d" % (x % 1000),
                       " %r" % x, "%r  " % x, '"%r"' % x, "-0", "+5", "1e5",
                       ".5", "7.", "0.1000000000000000055511151231257827"])


def test_random_tables_as_pandas(load, file):
    rng = np.random.default_rng(SEED)
    words = ["red", "Grün", "a,b", 'say "hi"', "two\nlines", "x;y", "O'N",
             "日本", "  kept  "]
    for case in range(60):
        n, end = int(rng.integers(2, 60)), ["\n", "\r\n", "\r"][case % 3]
        sep = ",;\t"[int(rng.integers(3))]
        rows = []
        for i in range(n):
            row = [ugly_number(rng) if rng.random() > 0.1 else
                   rng.choice(["", "NA", "nan", "N/A", "null", '""'])
                   for _ in range(3)]
            word = str(rng.choice(words))
            row.append('"' + word.replace('"', '""') + '"'
                       if rng.random() > 0.1 else "")
            row.append(str(int(rng.integers(0, 9))))
            rows.append(sep.join(row))
        lines = [sep.join(["a", "b b", '"c"', "d", "y"])] + rows
        if case % 4 == 0:
            lines.insert(1, "")
        body = end.join(lines) + (end if case % 2 else "")
        body = ("\ufeff" if case % 5 == 0 else "") + body
        path = file(body, "d.csv.gz" if case % 7 == 0 else "d.csv")
        ours = load(task="regression", train=path)
        if end == "\r":  # pandas 1.5 fails on some of these
            path = file("\n".join(lines))
        theirs = pd.read_csv(path, sep=sep, float_precision="round_trip",
                             encoding="utf-8-sig")
        assert [c.name for c in ours.column] == ["a", "b b", "c", "d"]
        same(ours.y, theirs["y"].to_numpy(float))
        for j, name in enumerate(["a", "b b", "c"]):
            column = pd.to_numeric(theirs[name])
            same(ours.x[:, j], column.to_numpy(float).astype(np.float32))
            assert ours.column[j].missing == column.isna().sum()
            assert not np.signbit(ours.x[:, j][ours.x[:, j] == 0]).any()
        c = ours.column[3]
        names = sorted(theirs["d"].dropna().unique(),
                       key=lambda t: t.encode())
        if names:
            assert c.categorical and c.names == names
            codes = theirs["d"].map({t: k for k, t in enumerate(names)})
            same(ours.x[:, 3], codes.to_numpy(np.float32))
        raw = hashlib.sha256(body.encode()).hexdigest()
        assert ours.hash == hashlib.sha256(
            f"train {raw}\n".encode()).hexdigest()


def test_long_records_and_blocks(load, file):
    """Records over the edges of blocks, and one of ten megabytes."""
    rng = np.random.default_rng(SEED)
    values = rng.random((30000, 6)).astype(np.float32)
    lines = [",".join(["%.9g" % v for v in row] +
                      ['"%s"' % ("q\n" * int(rng.integers(3)) + "e")])
             for row in values]
    lines[777] = lines[777].rsplit(",", 1)[0] + ',"' + "z" * 10**7 + '"'
    path = file("a,b,c,d,e,y,junk\n" + "\n".join(lines))
    ours = load(task="regression", train=path, ignore="junk")
    same(ours.x, values[:, :5])
    same(ours.y.astype(np.float32), values[:, 5])
    error = load(task="regression", train=path, expect=3)
    at = 2 + sum(1 + line.count("\n") for line in lines[:777])
    assert f"d.csv:{at}: column 'junk': 'zzz" in error
    ours = load(task="regression", label="0", names="y " + " ".join(
        f"c{i}" for i in range(20000)), train=file(
        "\n".join([",".join(map(str, range(i, i + 20001)))
                   for i in range(30)])))
    assert ours.columns == 20000
    same(ours.x[:, 19999], np.arange(20000, 20030).astype(np.float32))


@pytest.mark.parametrize("content,words,header", [
    ("a,b,y\n1,2,3\n4,5,6\n", {}, True),
    ("1,2,3\n4,5,6\n", {"label": "2"}, False),
    ("0,1,y\n1,2,3\n", {}, True),                 # a number as a name
    ("0,1,y\nu,2,b\nv,3,a\n", {"task": "binary"}, True),
    ("a,b,c\nx,y,z\nx,y,w\n", {"task": "multiclass", "label": "c"}, True),
    ("p,x,p\ne,x,n\n", {"task": "binary", "label": "0"}, False),
    ("male,1,2\nfemale,2,3\n", {"label": "2"}, False),
    ("a,b,y\n1,2,3\n", {"names": "a b y"}, True),
    ("fixed,two,three\n1,2,3\n", {"names": "a b y"}, True),
    ("1,2,3\n1,2,3\n", {"names": "a b y"}, False),
    ("a,b,3\nc,d,3\n", {"names": "a b y"}, False),
    ("5,6,7\n1,2,3\n", {"names": "a b y", "header": "yes"}, True),
    ("a,b,y\nc,d,e\nf,g,e\n", {"header": "no", "label": "2",
                               "task": "multiclass"}, False),
    (",b,y\n0,2,3\n1,5,6\n", {}, True),            # pandas' index column
])
def test_header(load, file, content, words, header):
    rows = content.count("\n")
    words = {"task": "regression", **words}
    ours = load(train=file(content), **words)
    assert ours.rows == rows - header


def test_names_of_columns(load, file):
    ours = load(label="1", train=file("1,2,3\n4,5,6\n"))
    assert [c.name for c in ours.column] == ["f0", "f2"]
    assert ours.label == "f1"
    ours = load(train=file(",b,y\n0,2,3\n"))
    assert [c.name for c in ours.column] == ["Unnamed: 0", "b"]


def test_missing_categorical_weight_ignore(load, file):
    path = file("id,a,w,k,y\n1,-999,1,10,0\n2,-999.0,0,9,1\n3,7,.5,10,1\n"
                "4,?,2,,0\n")
    ours = load("missing=-999", "missing=?", "ignore=id", task="binary",
                weight="w", categorical="k", train=path)
    assert [c.name for c in ours.column] == ["a", "k"]
    same(ours.x[:, 0], np.array([np.nan, np.nan, 7, np.nan]))
    assert ours.column[1].names == ["10", "9"]
    same(ours.x[:, 1], np.array([0, 1, 0, np.nan]))
    same(ours.weight, np.array([1, 0, .5, 2]))
    assert [c.missing for c in ours.column] == [3, 1]


def test_text_after_numbers(load, file):
    """Numbers of a column that turns out to be text keep their spelling."""
    lines = ["1.50,0"] * 5 + ["2,1"] * 5 + ["x,1", "NA,0"]
    ours = load(task="binary", train=file("a,y\n" + "\n".join(lines)))
    assert ours.column[0].names == ["1.50", "2", "x"]
    same(ours.x[:, 0], np.array([0] * 5 + [1] * 5 + [2, np.nan]))
    lines = [f"{i}.5,0" for i in range(300)] + ["?,1"]
    error = load(task="binary", train=file("a,y\n" + "\n".join(lines)),
                 expect=3)
    assert "d.csv:302: column 'a': '?' is no number" in error
    assert '<missing value="?"/>' in error


def test_commas_in_names(load, file):
    """Numbers with commas are names where <categorical> says so, or where
    most texts are others."""
    path = file("a;b;y\n1,5;1,5;0\n2,5;x;1\n1,5;z;1\n")
    ours = load(task="binary", categorical="a", train=path)
    assert [c.names for c in ours.column] == [["1,5", "2,5"],
                                              ["1,5", "x", "z"]]
    rows = "".join(f"{i},{i % 2}\n" for i in range(300))
    path = file('a,y\n' + rows + '"1,5",1\nx,0\nz,0\n')
    error = load(task="binary", train=path, expect=3)
    assert "'1,5' is no number" in error and "write 1.5 for 1,5" in error
    assert "<missing" not in error


def test_types_agree_over_files(load, file):
    one, two = file("a,y\n1,0\n2,1\n", "1.csv"), file("a,y\nb,0\n", "2.csv")
    three = file("a,y\n0,1\n", "3.csv")
    ours = load(f"train={one}", f"train={three}", task="binary",
                validation=two)
    assert ours.column[0].names == ["0", "1", "2", "b"]
    same(ours.x[:, 0], np.array([1, 2, 0, 3]))
    same(ours.role, np.array([0, 0, 0, 1]))
    assert (ours.n_train, ours.n_valid) == (3, 1)
    lines = ""
    for role, path in [("train", one), ("train", three), ("validation", two)]:
        lines += f"{role} {hashlib.sha256(path.read_bytes()).hexdigest()}\n"
    assert ours.hash == hashlib.sha256(lines.encode()).hexdigest()


@pytest.mark.parametrize("labels,words,classes,y", [
    ("3 10 9 3", {"task": "multiclass"}, ["3", "9", "10"], [0, 2, 1, 0]),
    ("1.0 0.0 1", {"task": "binary"}, ["0", "1"], [1, 0, 1]),
    ("b 10 9", {"task": "multiclass"}, ["10", "9", "b"], [2, 0, 1]),
    ("0.1 -5 0.1", {"task": "binary"}, ["-5", "0.1"], [1, 0, 1]),
    ("no yes no", {"task": "binary"}, ["no", "yes"], [0, 1, 0]),
    ("no yes no", {"positive": "no"}, ["yes", "no"], [1, 0, 1]),
    ("no yes may", {"positive": "=yes"}, ["not yes", "yes"], [0, 1, 0]),
    ("5 7 8 6", {"positive": ">=7"}, ["<7", ">=7"], [0, 1, 1, 0]),
    ("5 7 8 6", {"positive": ">7"}, ["<=7", ">7"], [0, 0, 1, 0]),
    ("5 7 8 6", {"positive": "y < 6"}, [">=6", "<6"], [1, 0, 0, 0]),
    ("5 7 8 6", {"positive": "y<=6", "label": "low"}, [">6", "<=6"],
     [1, 0, 0, 1]),
    ("5 7 8 6", {"positive": "7"}, ["not 7", "7"], [0, 1, 0, 0]),
    ("5 7 8 6", {"positive": "==7.0"}, ["not 7.0", "7.0"], [0, 1, 0, 0]),
    (">50K <=50K >50K", {"positive": ">50K"}, ["<=50K", ">50K"], [1, 0, 1]),
])
def test_classes(load, file, labels, words, classes, y):
    rows = "".join(f"{i},{t}\n" for i, t in enumerate(labels.split()))
    ours = load(train=file("x,y\n" + rows), **{"task": "binary", **words})
    assert ours.classes == classes
    same(ours.y, np.array(y, float))
    assert ours.columns == 1
    assert ours.label == words.get("label", "y")


ERRORS = [
    ("a,y\n1,2\n1,2,3\n", {}, "d.csv:3: found 3 fields, expected 2"),
    ("a,y\n\n1,2\n\n1\n", {}, "d.csv:5: found 1 fields, expected 2"),
    ('a,y\n"1\n",2\n1\n', {}, "d.csv:4: found 1 fields"),
    ("a,y\n1,\n", {}, "d.csv:2: column 'y': '' is a missing label"),
    ("a,y\n1,2\n1,NA\n", {}, "d.csv:3: column 'y': 'NA' is a missing label"),
    ("a,y\n1,inf\n", {}, "d.csv:2: column 'y': 'inf' is not finite"),
    ("a,y\n1,1e400\n", {}, "column 'y': '1e400' is an infinite label"),
    ("a,y\n1,no\n", {}, "d.csv:2: column 'y': 'no' is not a number"),
    ("a,y\n1e39,1\n", {}, "column 'a': '1e39' does not fit a float32"),
    ("a,y\n-1e400,1\n", {}, "column 'a': '-1e400' does not fit"),
    ("a,y\n1,1\n-inf,1\n", {}, "d.csv:3: column 'a': '-inf' is not finite"),
    ("a,y\n1,1\nInfinity,1\n", {}, "'Infinity' is not finite"),
    ("a,y\n1,1\n\0,1\n", {}, "d.csv:3: a NUL byte"),
    ('a,y\n1,1\n"2,1\n', {}, "d.csv:3: a quote that is opened here is never"),
    ('a,y\n1,1\n"2"x,1\n', {}, "d.csv:3: text after a closing quote"),
    (b"a,y\n\xe9,1\nb,2\n", {}, "d.csv:2: column 'a': '?' is not UTF-8"),
    (b"\xff\xfea\0,\0y\0", {}, "UTF-16"),
    (b"\x89HDF\r\n\x1a\n\0\0\0", {}, "d.csv: this is an HDF5 file"),
    (b"PK\x03\x04\x14\0\x1b[2J", {}, "d.csv: this is a zip archive"),
    (b"\x93NUMPY\x01\0v\0", {}, "this is a NumPy file"),
    ("PAR1,b\n1,2\n", {"label": "c"}, "no column 'c'"),
    ("1,2;3,4\n1,2;3,5,6\n", {"label": "9"}, "columns: f0, f1 (or"),
    ("1,2,3;4\n5,6,x\n", {"label": "9"}, "columns: f0, f1, f2 (or"),
    (b"PAR1\x15\x04", {}, "this is a Parquet file"),
    ("a,la\x1bbel\n1,2\n", {"label": "label"}, "did you mean 'la?bel'?"),
    ("a;y\n1;1\n2,5;3\nx;1\n1,5;1\n", {},
     "d.csv:3: column 'a': '2,5' is a number with a comma, as 2 of the "
     "column's 3 different texts; write 1.5 for 1,5"),
    ('a,y\n"1,000",1\n"-12,345.5",0\n', {}, "d.csv:2: column 'a': '1,000' is"),
    ("1.234,5;-0,5e3;1\n,7;0,5;2\n", {"label": "2"},
     "d.csv:1: column 'f0': '1.234,5' is a number with a comma"),
    ("a;y\n1;1,5\n", {}, "column 'y': '1,5' is not a number: it has a comma"),
    ("", {}, "the file holds no rows"),
    ("\n\n  \n", {}, "the file holds no rows"),
    ("a,y\n", {}, "the file holds no rows"),
    ("a,b,a\n1,2,3\n", {"label": "b"}, "columns 0 and 2 have the same name"),
    ("target,b\n1,2\n", {"label": "tarjet"}, "did you mean 'target'?"),
    ("a,b\n1,2\n", {"label": "2"}, "no column '2' for label=; columns: a, b"),
    ("a,y\n1,2\n", {"ignore": "a"}, "no feature is left of its 2 columns"),
    ("a,y\n1,2\n", {"ignore": "y"}, "column 'y' is the label and cannot be"),
    ("a,y\n1,2\n", {"weight": "q"}, "no column 'q' for <weight>"),
    ("a,w,y\n1,-1,2\n", {"weight": "w"}, "column 'w': '-1' is no weight"),
    ("a,w,y\n1,,2\n", {"weight": "w"}, "column 'w': '' is no weight"),
    ("a,w,y\n1,x,2\n", {"weight": "w"}, "column 'w': 'x' is not a number"),
    ("a,w,y\n1,0,2\n2,0,1\n", {"weight": "w"}, "weights of all training"),
    ("a,y\n1,2\n", {"names": "a b y"}, "found 2 fields, but names= gives 3"),
    ("a,y\n1,2\n2,2\n", {"task": "binary"}, "has 1 class ('2')"),
    ("a,y\n1,2\n2,3\n3,4\n", {"task": "binary"},
     "has 3 classes ('2', '3', '4'); task=\"binary\" needs exactly 2"),
    ("a,y\n1,2\n2,2\n", {"task": "multiclass"}, "needs 2 or more"),
    ("a,y\n1,u\n2,v\n", {"task": "binary", "positive": "w"},
     "has no such class; found: 'u', 'v'"),
    ("a,y\n1,u\n2,v\n", {"task": "binary", "positive": ">=7"},
     "d.csv:2: column 'y': 'u' is no number, which positive='>=7' needs"),
    ("a,y\n1,1\n2,2\n", {"task": "binary", "positive": ">=7"},
     "holds for none of the 2 rows"),
    ("a,y\n1,1\n2,2\n", {"task": "binary", "positive": "yes"},
     "column 'y' holds numbers"),
    ("a,y\n1,1\n2,2\n", {"task": "binary", "positive": "b>=7"},
     "no column 'b' for positive="),
    ("a,y\n" + "".join(f"1,{i}\n" for i in range(1001)),
     {"task": "multiclass"}, "more than 1000 different values"),
    ("a,y\n1,0\n2,1\n3,1\n", {"task": "binary", "fraction": "0.5",
                              "stratify": "yes"}, "each side needs 2"),
    ("a,y\n1,0\n2,1\n3,1\n4,1\n", {"task": "binary", "fraction": "0.5",
                                   "stratify": "yes"}, "'0' has 1 row, too"),
    ("a,y\n1,0\n", {"fraction": "0.5"}, "leaves 1 to validate and 0"),
    ("a,y\n" + "\n".join(f"t{i},1" for i in range(65536)), {},
     "65535 different"),
]


@pytest.mark.parametrize("content,words,sentence", ERRORS,
                         ids=range(len(ERRORS)))
def test_errors(load, file, content, words, sentence):
    error = load(train=file(content), expect=3, **words)
    assert sentence in error
    assert error.count("\n") == 1


def test_errors_of_files(load, file, tmp_path):
    one = file("a,b,y\n1,2,3\n", "1.csv")
    two = file("b,a,y\n1,2,3\n", "2.csv")
    error = load(f"train={one}", f"train={two}", expect=3)
    assert ("column 0 is 'b' in " in error and "2.csv" in error and
            "but 'a' in " in error and "1.csv" in error)
    two = file("a,y\n1,2\n", "2.csv")
    error = load(f"train={one}", f"train={two}", expect=3)
    assert "2.csv has 2 columns, but " in error and "1.csv has 3" in error
    two = file("1,2,3\n", "2.csv")
    error = load(f"train={two}", f"train={one}", label="2", expect=3)
    assert "1.csv begins with a header, but" in error
    assert "nowhere.csv" in load(train=tmp_path / "nowhere.csv", expect=3)
    error = load(train=file("PK", "d.npz"), expect=2)
    assert "'npz' is not built yet in this version" in error
    error = load(train=file("1 1:2\n", "d.xyz"), expect=2)
    assert "suffix 'xyz'; allowed: .csv" in error
    whole = gzip.compress(b"a,y\n" + b"1,2\n" * 100000)
    (tmp_path / "cut.csv.gz").write_bytes(whole[:len(whole) // 2])
    assert "cut.csv.gz" in load(train=tmp_path / "cut.csv.gz", expect=3)


def sizes(y, fraction, stratify):
    """scikit-learn's: rows to validate, of each class."""
    index = np.arange(len(y))
    _, valid = train_test_split(index, test_size=fraction, random_state=0,
                                stratify=y if stratify else None)
    return len(valid), np.bincount(y[valid], minlength=y.max() + 1)


def test_split_sizes(load, file):
    rng = np.random.default_rng(SEED)
    for case in range(40):
        n, k = int(rng.integers(30, 400)), int(rng.integers(2, 6))
        y = rng.integers(0, k, n)
        y[:2 * k] = np.repeat(np.arange(k), 2)
        fraction = [0.2, 0.25, 0.1, 1 / 3, 0.5, 0.333][case % 6]
        path = file("a,y\n" + "".join(f"{i},{t}\n" for i, t in enumerate(y)))
        try:
            n_valid, of_class = sizes(y, fraction, True)
        except ValueError:
            load(task="multiclass", train=path, fraction=repr(fraction),
                 stratify="yes", expect=3)
            continue
        ours = load(task="multiclass", train=path, fraction=repr(fraction),
                    stratify="yes", seed=case)
        valid = ours.role == 1
        assert valid.sum() == ours.n_valid == n_valid
        assert ours.n_train == n - n_valid
        assert abs(np.bincount(y[valid], minlength=k) - of_class).max() <= 1
        ours = load(task="regression", train=path, fraction=repr(fraction))
        assert ours.n_valid == sizes(y, fraction, False)[0]
        assert ours.n_valid == math.ceil(fraction * n)


def test_split_is_random_and_repeats(load):
    words = dict(task="binary", label="diagnosis", fraction=0.2,
                 train=INPUTS / "breast_cancer.csv", stratify="yes")
    roles = [load(seed=s, **words).role for s in range(20)]
    same(roles[3], load(seed=3, **words).role)
    assert len({r.tobytes() for r in roles}) == 20
    share = np.mean(roles, axis=0)  # of 20 draws with p = 0.2
    assert share.max() < 0.75 and (share == 0).mean() < 0.05
    assert abs(np.corrcoef(share, np.arange(len(share)))[0, 1]) < 0.15


def test_bins_are_quantiles(load):
    ours = load(task="multiclass", label="quality", fraction=0.2, names=WINE,
                train=INPUTS / "diabetes.csv", expect=3)
    assert "found 11 fields, but names= gives 12" in ours
    ours = load(task="binary", label="diagnosis", fraction=0.2, max_bin=16,
                train=INPUTS / "breast_cancer.csv", stratify="yes")
    code = np.frombuffer(ours.code, np.uint8).reshape(ours.rows, -1)
    train = ours.x[ours.role == 0]
    for j, b in enumerate(ours.bins):
        same(code[:, j], np.searchsorted(b.cut, ours.x[:, j], "right"))
        values = np.sort(train[:, j])
        assert set(b.cut) <= set(values)
        counts = np.diff(np.searchsorted(
            values, [-np.inf, *b.cut, np.inf], "left"))
        runs = np.unique(values, return_counts=True)[1]
        assert b.n_bin == 16 or runs.max() >= len(values) / 16
        assert counts.max() <= max(runs.max(), 2 * len(values) / 16)


def test_wine_as_published(load, file):
    """UCI's own form (semicolons, quoted names) beside the names given."""
    shared = ROOT.parent / "shared" / "data" / "winequality-white.csv"
    if not shared.exists():
        pytest.skip(f"no {shared}: the real data sets are not here")
    plain = load(label="quality", names=WINE, train=shared)
    head = ";".join('"%s"' % n.replace("_", " ") for n in WINE.split())
    uci = file(head + "\n" + shared.read_text().replace(",", ";"))
    same(load(label="quality", names=WINE, train=uci).x, plain.x)
    theirs = pd.read_csv(shared, header=None, float_precision="round_trip")
    same(plain.x, theirs.iloc[:, :-1].to_numpy(np.float32))
    assert plain.rows == 4898


def npy(path, array, version=None, pack=False):
    with (gzip.open if pack else open)(path, "wb") as f:
        np.lib.format.write_array(f, array, version)
    return path


TYPES = ("?", "i1", "u1", "<i2", ">i4", "<u8", ">i8", "<f2", ">f2", "<f4",
         ">f4", "<f8", ">f8")


@pytest.mark.parametrize("kind", TYPES)
def test_npy(load, tmp_path, kind):
    rng = np.random.default_rng(SEED)
    x = rng.integers(0, 2 if kind == "?" else 100, (50, 4)).astype(kind)
    x[:, 3] = np.arange(50) % 2
    for i, array in enumerate((x, np.asfortranarray(x))):
        for version in ((1, 0), (2, 0), (3, 0)):
            name = tmp_path / f"{i}{version[0]}.npy.gz"
            d = load(train=npy(name, array, version, True), label="f3")
            assert (d.x == x[:, :3].astype("f4")).all()
            assert (d.y == x[:, 3].astype("f8")).all()
            assert [c.name for c in d.column] == ["f0", "f1", "f2"]


def test_npy_as_csv(load, file, tmp_path):
    rng = np.random.default_rng(SEED)
    x = rng.normal(size=(200, 5))
    x[rng.random(x.shape) < 0.1] = np.nan
    x[:, 3] = rng.integers(0, 3, 200)
    x[:, 4] = rng.integers(0, 2, 200)
    text = pd.DataFrame(x).to_csv(index=False, header=list("abcwy"))
    words = {"label": "y", "weight": "w", "task": "binary"}
    want = load(train=file(text), **words)
    got = load(train=npy(tmp_path / "x.npy", x), names="a b c w y", **words)
    assert (got.x.tobytes(), got.y.tobytes(), got.weight.tobytes()) == (
        want.x.tobytes(), want.y.tobytes(), want.weight.tobytes())
    assert (got.classes, got.column) == (want.classes, want.column)
    assert (got.role == want.role).all()


def test_npy_faults(load, tmp_path):
    path = tmp_path / "x.npy"
    x = np.arange(12.0).reshape(4, 3)

    def error(change=lambda raw: raw, array=x, **words):
        npy(path, array)
        path.write_bytes(change(path.read_bytes()))
        words = {"label": "f2", "expect": 3, **words}
        return load(train=path, **words)

    assert "cut short: 1 more byte" in error(lambda raw: raw[:-1])
    assert "cut short" in error(lambda raw: raw[:40])
    assert "cut short" in error(lambda raw: raw[:-1], np.asfortranarray(x))
    assert "cut short" in error(lambda raw: b"")
    assert "goes on after its 4 x 3" in error(lambda raw: raw + b"x")
    assert "no .npy file" in error(lambda raw: b"abcdefgh" + raw[8:])
    assert "version 9" in error(lambda raw: raw[:6] + b"\x09" + raw[7:])
    assert "can't hold 99999999 x 3" in error(
        lambda raw: raw.replace(b"(4, 3), }" + b" " * 7, b"(99999999, 3), }"))
    assert "larger than any memory" in error(
        lambda raw: raw.replace(b"(4, 3), }" + b" " * 30,
                                b"(%d, %d), }" % (2**61, 10**9) +
                                b" " * 4)[:len(raw)])
    assert "type is '<c16'" in error(array=x.astype("c16"))
    assert "type is '<U3'" in error(array=np.full((2, 3), "abc"))
    assert "structured" in error(array=np.zeros(3, "i4,f4"))
    assert "more than two dim" in error(array=np.zeros((2, 2, 2)))
    assert "single number" in error(array=np.array(3.0))
    assert "is empty (0 x 3)" in error(array=x[:0])
    for value, column, sentence in (
            (np.inf, 0, "row 1, column 'f0': inf is not finite"),
            (1e39, 1, "row 1, column 'f1': 1e+39 does not fit"),
            (np.nan, 2, "row 1, column 'f2': nan is a missing label")):
        bad = x.copy()
        bad[1, column] = value
        assert sentence in error(array=bad)
    assert "names= gives 2 names" in error(names="a b", label="b")


IDX = {"u1": 8, "i1": 9, ">i2": 11, ">i4": 12, ">f4": 13, ">f8": 14}


def idx(path, array, kind="u1"):
    array = np.asarray(array)
    raw = (bytes([0, 0, IDX[kind], array.ndim]) +
           np.array(array.shape, ">u4").tobytes() +
           array.astype(kind).tobytes())
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path


@pytest.mark.parametrize("kind", IDX)
def test_idx(load, tmp_path, kind):
    rng = np.random.default_rng(SEED)
    x = rng.integers(-100 if kind != "u1" else 0, 100, (40, 3, 2, 1))
    x[:, 0, 0, 0] %= 2
    if ">f" in kind:
        x = x / 8
    flat = x.reshape(40, 6)
    for name in ("x.idx", "x.idx.gz", "x-idx4-ubyte", "x.idx4-ubyte.gz"):
        d = load(train=idx(tmp_path / name, x, kind), label="f0")
        same(d.x, flat[:, 1:].astype("f4"))
        same(d.y, flat[:, 0].astype("f8"))
    plain = idx(tmp_path / "x.idx", x, kind)
    (tmp_path / "x").write_bytes(plain.read_bytes())
    assert load(train=tmp_path / "x", label="f0", format="idx").hash == d.hash
    assert len(load(train=idx(plain, flat[:, 0], kind), label="0",
                    expect=3)) > 0  # no feature is left


def test_labels_of_their_own(load, file, tmp_path):
    rng = np.random.default_rng(SEED)
    x = rng.integers(0, 256, (60, 4, 4))
    y = rng.integers(0, 5, 60)
    flat = x.reshape(60, 16).astype("f8")
    table = np.c_[flat, y]
    want = load(train=npy(tmp_path / "t.npy", table), task="multiclass",
                names=" ".join(f"f{i}" for i in range(16)) + " y",
                fraction=0.25, stratify="yes")
    images = [idx(tmp_path / "x-idx3-ubyte.gz", x),
              npy(tmp_path / "x.npy", flat)]
    labels = [idx(tmp_path / "y-idx1-ubyte.gz", y),
              idx(tmp_path / "y.idx", y[:, None], ">i4"),
              npy(tmp_path / "y1.npy", y),
              npy(tmp_path / "y2.npy.gz", y[:, None].astype("f4"), None, True),
              file("\n".join(map(str, y)) + "\n", "y.csv"),
              file("y\n" + "\n".join(map(str, y)), "y.csv.gz")]
    for train in images:
        for label in labels:
            d = load(train=train, label_file=label, task="multiclass",
                     fraction=0.25, stratify="yes")
            assert (d.x.tobytes(), d.y.tobytes(), d.role.tobytes()) == (
                want.x.tobytes(), want.y.tobytes(), want.role.tobytes())
            assert (d.classes, d.label) == (want.classes, "y")
            assert d.column == want.column
    rows = hashlib.sha256(gzip.decompress(images[0].read_bytes())).hexdigest()
    ids = hashlib.sha256(gzip.decompress(labels[0].read_bytes())).hexdigest()
    both = hashlib.sha256(f"data {rows}\nlabels {ids}\n".encode())
    d = load(train=images[0], label_file=labels[0])
    assert d.hash == hashlib.sha256(
        f"train {both.hexdigest()}\n".encode()).hexdigest()
    # several files, a validation file, words of columns
    d = load(f"train={images[0]}", f"train={images[1]}",
             f"label_file={labels[0]}", f"label_file={labels[4]}",
             f"validation={images[1]}", f"valid_label_file={labels[2]}",
             task="binary", positive="y>=3", weight="f3", ignore="0",
             categorical="f1", missing="7")
    same(d.y, np.r_[y, y, y] >= 3)
    same(d.weight, np.r_[flat, flat, flat][:, 3])
    assert (d.n_train, d.n_valid, d.columns) == (120, 60, 14)
    assert d.classes == ["<3", ">=3"]
    assert d.column[0].categorical
    same(np.isnan(d.x[:, 1]), np.r_[flat, flat, flat][:, 2] == 7)


def test_labels_of_text(load, file, tmp_path):
    x = npy(tmp_path / "x.npy", np.arange(12.0).reshape(6, 2))
    words = ["cat", "dog", "Grün", "cat", "a,b", "cat"]
    text = "\n".join(f'"{w}"' for w in words)
    for head in ("", "species\n"):
        d = load(train=x, task="multiclass",
                 label_file=file(head + text, "y.csv"))
        assert d.classes == sorted(set(words), key=lambda w: w.encode())
        assert [d.classes[int(k)] for k in d.y] == words
    # numbers in one file and words in the next: all are names
    one = file("1\n2\n1\n2\n1\n2\n", "n.csv")
    two = file(text, "y.csv")
    for a, b in ((one, two), (two, one)):
        d = load(f"train={x}", f"train={x}", f"label_file={a}",
                 f"label_file={b}", task="multiclass")
        assert d.classes == ["1", "2", "Grün", "a,b", "cat", "dog"]


def test_label_faults(load, file, tmp_path):
    x = npy(tmp_path / "x.npy", np.arange(8.0).reshape(4, 2))

    def error(label, expect=3, **words):
        return load(train=x, label_file=label, expect=expect, **words)

    y = np.array([0.0, 1, 0, 1])
    name = tmp_path / "y.npy"
    assert "y.npy holds 3 labels, but " in error(npy(name, y[:3]))
    assert "x.npy has 4 rows" in error(npy(name, y[:3]))
    assert "holds 5 labels, but" in error(file("1\n" * 5, "y.csv"))
    assert "holds 3 labels, but" in error(file("y\n" + "1\n" * 3, "y.csv"))
    assert "labels have one column, but this array has 2" in error(
        npy(name, np.zeros((4, 2))))
    bad = y.copy()
    bad[2] = np.nan
    assert "y.npy: row 2, column 'y': nan is a missing label" in error(
        npy(name, bad))
    bad[2] = -np.inf
    assert "y.npy: row 2, column 'y': -inf is not finite" in error(
        npy(name, bad))
    assert "y.csv: row 1: 'b' is not a number" in error(
        file("1\nb\n1\n2\n", "y.csv"))
    assert "y.csv: row 1: 'NA' is a missing label" in error(
        file("a\nNA\nb\na\n", "y.csv"), task="binary")
    assert "y.csv:2: '2' is followed by another field" in error(
        file("1\n2,3\n1\n2\n", "y.csv"))
    assert "y.csv: the file holds no labels" in error(file("\n\n", "y.csv"))
    assert "y.csv:1: 'a?' is no label; allowed: UTF-8" in error(
        file(b"a\xff\n1\n1\n1\n", "y.csv"))
    assert "nowhere.npy" in error(tmp_path / "nowhere.npy")
    assert "label=\"f1\" is a column" in load(
        train=x, label_file=npy(name, y), label="f1", expect=3)
    csv = file("a,b\n1,2\n3,4\n", "d.csv")
    assert ("d.csv: labels of their own go with idx, npy and hdf5; in csv "
            "they are a column") in load(train=csv, label_file=name, expect=2)


def test_idx_faults(load, tmp_path):
    path = tmp_path / "x.idx"

    def error(change=lambda raw: raw, array=np.arange(12).reshape(4, 3),
              kind="u1", **words):
        idx(path, array, kind)
        path.write_bytes(change(path.read_bytes()))
        return load(train=path, **{"label": "f2", "expect": 3, **words})

    assert "this is no IDX file: it begins with 01 00" in error(
        lambda raw: b"\x01" + raw[1:])
    assert "it begins with 50 4b" in error(lambda raw: b"PK" + raw[2:])
    assert "type 0x0a; allowed: 0x08 (ubyte), 0x09 (byte), 0x0b (short), " \
        "0x0c (int), 0x0d (float), 0x0e (double)" in error(
            lambda raw: raw[:2] + b"\x0a" + raw[3:])
    assert "the array has no dimensions" in error(
        lambda raw: raw[:3] + b"\0" + raw[4:])
    assert "cut short: 1 more byte" in error(lambda raw: raw[:-1])
    assert "cut short: 6 more bytes" in error(lambda raw: raw[:6])
    assert "cut short: 4 more bytes" in error(lambda raw: b"")
    assert "goes on after its 4 x 3 values" in error(lambda raw: raw + b"x")
    assert "can't hold 4294967295 x 3" in error(
        lambda raw: raw[:4] + b"\xff" * 4 + raw[8:])
    assert "is larger than any memory" in error(
        lambda raw: raw[:3] + b"\x03" + b"\xff" * 12)
    assert "the array is empty: dimension 0 is 0" in error(
        array=np.zeros((0, 3)))
    assert "the array is empty: dimension 1 is 0" in error(
        array=np.zeros((3, 0)))
    x = np.arange(12.0).reshape(4, 3)
    x[3, 0] = np.inf
    assert "row 3, column 'f0': inf is not finite" in error(array=x,
                                                            kind=">f4")
    x[3, 0], x[3, 2] = 0, np.nan
    assert "row 3, column 'f2': nan is a missing label" in error(array=x,
                                                                 kind=">f8")
    assert "is a directory" in load(train=tmp_path, format="idx", expect=3)
    packed = gzip.compress(idx(path, np.arange(3000).reshape(1000, 3) % 251)
                           .read_bytes())
    cut = tmp_path / "c.idx.gz"
    cut.write_bytes(packed[:len(packed) // 2])
    assert "c.idx.gz" in load(train=cut, label="f0", expect=3)
    if os.getuid() != 0:
        path.chmod(0)
        assert "x.idx" in load(train=path, label="f0", expect=3)


def test_mnist(load):
    folder = ROOT.parent / "shared" / "data"
    if not folder.exists():
        pytest.skip(f"no {folder}: the real data sets are not here")
    d = load(train=folder / "t10k-images-idx3-ubyte.gz", task="multiclass",
             label_file=folder / "t10k-labels-idx1-ubyte.gz")
    raw = gzip.open(folder / "t10k-images-idx3-ubyte.gz").read()[16:]
    same(d.x, np.frombuffer(raw, "u1").reshape(10000, 784).astype("f4"))
    raw = gzip.open(folder / "t10k-labels-idx1-ubyte.gz").read()[8:]
    same(d.y, np.frombuffer(raw, "u1").astype("f8"))
    assert d.classes == list("0123456789")
