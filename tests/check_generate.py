# SPDX-License-Identifier: BSD-3-Clause
"""Synthetic data: prefixes, formats, shares, what is refused."""
import gzip
import io

import h5py
import numpy as np
import pandas
import pytest
from sklearn.datasets import load_svmlight_file
from sklearn.metrics import roc_auc_score

NAMES = ["loan_applications", "higgs-like", "friedman", "sparse"]


def table(tool, name, rows, *more):
    done = tool.run("generate", name, "--rows", rows, "-o", "-", *more)
    return done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_prefix_and_seed(tool, name):
    more = ("--columns", 40) if name == "sparse" else ()
    long = table(tool, name, 1500, *more)
    assert long.startswith(table(tool, name, 7, *more))
    assert long.count("\n") == 1501
    other = table(tool, name, 1500, "--seed", 1, *more)
    assert other.split("\n")[0] == long.split("\n")[0] and other != long


@pytest.mark.parametrize("name", NAMES)
def test_formats_agree(tool, name):
    frame = pandas.read_csv(io.StringIO(table(tool, name, 500)))
    for suffix in ("npy", "libsvm"):
        tool.run("generate", name, "--rows", 500, "-o", f"x.{suffix}")
    array = np.load(tool.folder / "x.npy")
    assert array.shape == frame.shape and array.dtype == np.float64
    sparse, y = load_svmlight_file(str(tool.folder / "x.libsvm"),
                                   n_features=frame.shape[1] - 1,
                                   zero_based=False)
    assert np.array_equal(y, frame.iloc[:, -1])
    assert np.array_equal(np.nan_to_num(array[:, :-1]), sparse.toarray())
    for j, column in enumerate(frame):
        values = frame[column]
        if values.dtype == object:
            assert np.array_equal(values.isna(), np.isnan(array[:, j]))
            pairs = set(zip(values.dropna(), array[values.notna(), j]))
            assert len(pairs) == len({p[0] for p in pairs})
        else:
            assert np.array_equal(values, array[:, j], equal_nan=True)


def test_loans_are_like_loans(tool):
    frame = pandas.read_csv(io.StringIO(
        table(tool, "loan_applications", 20000)))
    assert frame.shape[1] == 19
    assert 0.08 < frame.defaulted.mean() < 0.13
    text = [c for c in frame if frame[c].dtype == object]
    assert text == ["employment", "home", "region", "purpose"]
    assert 0.1 < frame.savings.isna().mean() < 0.2
    score = frame.credit_score.fillna(690)
    assert 0.65 < roc_auc_score(frame.defaulted, -score) < 0.9


def test_friedman_is_friedmans(tool):
    frame = pandas.read_csv(io.StringIO(table(tool, "friedman", 5000)))
    x, y = frame.to_numpy()[:, :-1].T, frame.target
    rest = y - (10 * np.sin(np.pi * x[0] * x[1]) + 20 * (x[2] - 0.5) ** 2
                + 10 * x[3] + 5 * x[4])
    assert abs(rest.mean()) < 0.06 and abs(rest.std() - 1) < 0.05


@pytest.mark.parametrize("words, says", [
    (("loan",), 'no data set "loan"'),
    (("higs-like", "-o", "-"), 'did you mean "higgs-like"'),
    (("friedman",), "where to?"),
    (("friedman", "-o"), "-o needs a value"),
    (("friedman", "-o", "-", "--rows", "0"), "--rows 0: allowed is 1 to"),
    (("friedman", "-o", "-", "--columns", "4"), "--columns 4: allowed is 5"),
    (("higgs-like", "-o", "-", "--columns", "4"), "always has 28"),
    (("friedman", "-o", "x.h5.gz"), "HDF5 needs a file of its own"),
    (("friedman", "-o", "-", "--format", "hdf5"), "HDF5 needs a file"),
    (("friedman", "-o", "x.parquet"), "-o x.parquet: the suffix tells no"),
    (("friedman", "-o", "x.xls.gz"), "allowed: .csv .txt .libsvm .npy"),
    (("friedman", "-o", "-", "--format", "xls"), "csv, libsvm, npy, hdf5")])
def test_refused(tool, words, says):
    done = tool.run("generate", *words, expect=2)
    assert says in done.stderr and done.stdout == ""


@pytest.mark.parametrize("name, rows", (("loan_applications", 20000),
                                        ("friedman", 1)))
def test_ranks_and_packed_and_hdf5(tool, name, rows):
    """The same file for any number of ranks, also where most have nothing to
    do; packed files hold the plain ones, HDF5 the numbers of NPY."""
    for ranks in (1, 3):
        for suffix in ("csv", "csv.gz", "libsvm.gz", "npy", "h5"):
            tool.run("generate", name, "--rows", rows, "--seed", 3, "-o",
                     f"{ranks}.{suffix}", ranks=ranks)
    read = {p.name: p.read_bytes() for p in tool.folder.iterdir()}
    assert read["1.csv"].count(b"\n") == rows + 1
    array = np.load(tool.folder / "1.npy")
    for ranks in (1, 3):
        for suffix in ("csv", "csv.gz", "libsvm.gz", "npy"):
            assert read[f"{ranks}.{suffix}"] == read[f"1.{suffix}"]
        with h5py.File(tool.folder / f"{ranks}.h5") as f:
            assert np.array_equal(f["X"][:], array[:, :-1], equal_nan=True)
            assert np.array_equal(f["y"][:], array[:, -1])
    assert gzip.decompress(read["1.csv.gz"]) == read["1.csv"]
    if rows > 1:
        assert h5py.File(tool.folder / "1.h5")["X"].chunks[0] < rows


def test_hdf5_is_read_as_the_csv(tool):
    """A study on the HDF5 file finds the trials that one on NPY finds."""
    values = {}
    for suffix, label in (("h5", 'dataset="/X" label-dataset="/y"'),
                          ("csv", "")):
        tool.run("generate", "friedman", "--rows", 400, "-o", f"d.{suffix}")
        (tool.folder / "s.xml").write_text(f"""<study name="s" seed="1">
  <data task="regression" label="target"><train href="d.{suffix}" {label}/>
  <validation fraction="0.25"/></data>
  <model kind="gbt"><int name="n_estimators" low="2" high="9"/></model>
  <objective metric="rmse"/> <budget trials="3"/>
  <output file="{suffix}.study.h5" models="none"/></study>""")
        tool.run("s.xml", "--quiet")
        with h5py.File(tool.folder / f"{suffix}.study.h5") as f:
            values[suffix] = f["trials"]["value"].tolist()
    assert values["h5"] == values["csv"]


def test_no_half_files(tool):
    done = tool.run("generate", "friedman", "-o", "no/x.csv", expect=1)
    assert "no/x.csv" in done.stderr
    done = tool.run("generate", "friedman", "-o", "no/x.h5", expect=1,
                    ranks=3)
    assert done.stderr.count("hpotune: error") == 1
    tool.run("generate", "friedman", "-o", "x.csv")
    assert [p.name for p in tool.folder.iterdir()] == ["x.csv"]


def test_lists(tool):
    assert all(n in tool.run("generate").stdout for n in NAMES)
