# SPDX-License-Identifier: BSD-3-Clause
"""Synthetic data: prefixes, formats, shares, what is refused."""
import io

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
    (("friedman", "-o", "x.h5"), "not built yet"),
    (("friedman", "-o", "-", "--format", "xls"), "csv, libsvm, npy")])
def test_refused(tool, words, says):
    done = tool.run("generate", *words, expect=2)
    assert says in done.stderr and done.stdout == ""


def test_no_half_files(tool):
    done = tool.run("generate", "friedman", "-o", "no/x.csv", expect=1)
    assert "no/x.csv" in done.stderr
    tool.run("generate", "friedman", "-o", "x.csv")
    assert [p.name for p in tool.folder.iterdir()] == ["x.csv"]


def test_lists(tool):
    assert all(n in tool.run("generate").stdout for n in NAMES)
