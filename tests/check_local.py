# SPDX-License-Identifier: BSD-3-Clause
"""data="local": each trial trains on one shard of the rows alone."""
import csv

import h5py
import numpy as np
import pytest
from check_run import check_rows, finished, wait_for
from conftest import INPUTS
from sklearn.model_selection import StratifiedKFold

QUICK = INPUTS / "quickstart.xml"
STUDY = """<study name="l" seed="4">
  <data task="binary" label="diagnosis" positive="malignant">
    {rows}<standardize/></data>
  <model kind="logistic"><float name="C" low="1" high="1.0000001"/>
    <fixed name="tol" value="1e-10"/></model>
  <objective metric="logloss"/><sampler name="random"/>
  <budget trials="6"/>{parallel}<output file="l.h5"/>
</study>
"""


def local(shards):
    return ("--set", "parallel/data=local", "--set",
            f"parallel/shards={shards}", "--quiet")


def run_local(tool, shards, ranks=1):
    study = tool.folder / "l.xml"
    study.write_text(STUDY.format(
        rows=f'<train href="{INPUTS}/breast_cancer.csv"/>'
             '<validation fraction="0.2"/>',
        parallel=f'<parallel data="local" shards="{shards}"/>'))
    tool.run(study, "--quiet", "--overwrite", ranks=ranks)
    with h5py.File(tool.folder / "l.h5", "r", swmr=True) as f:
        return f["trials"][:], f["data/role"][:], f["data/shard"][:]


def test_a_shard_is_all_that_a_trial_sees(tool):
    """As a study of that shard's rows in files of their own."""
    trials, role, shard = run_local(tool, 3, ranks=3)
    assert list(trials["shard"]) == [0, 1, 2, 0, 1, 2]
    with open(INPUTS / "breast_cancer.csv", newline="") as file:
        head, *rows = csv.reader(file)
    for i in range(3):
        for name, chosen in (("train", shard == i), ("valid", role == 1)):
            with open(tool.folder / f"{name}.csv", "w", newline="") as file:
                csv.writer(file).writerows(
                    [head, *(r for r, c in zip(rows, chosen) if c)])
        study = tool.folder / "one.xml"
        study.write_text(STUDY.format(
            rows='<train href="train.csv"/><validation href="valid.csv"/>',
            parallel=""))
        tool.run(study, "--quiet", "--overwrite", "--trials", 1)
        with h5py.File(tool.folder / "l.h5", "r", swmr=True) as f:
            value = f["trials"]["value"][0]
        assert value == pytest.approx(trials["value"][i], rel=1e-5)
        assert value == pytest.approx(trials["value"][i + 3], rel=1e-5)
    assert len(set(np.round(trials["value"], 4))) == 3


@pytest.mark.parametrize("shards", [2, 5])
def test_sizes_are_those_of_stratified_folds(tool, shards):
    trials, role, shard = run_local(tool, shards)
    assert ((shard >= 0) == (role == 0)).all()
    with open(INPUTS / "breast_cancer.csv", newline="") as file:
        y = np.array([r["diagnosis"] for r in csv.DictReader(file)])
    y, shard = y[role == 0], shard[role == 0]
    theirs = StratifiedKFold(shards, shuffle=True, random_state=1)
    want = sorted(len(test) for _, test in theirs.split(y, y))
    assert sorted(np.bincount(shard)) == want
    for c in set(y):
        count = np.bincount(shard[y == c], minlength=shards)
        assert count.max() - count.min() <= 1


def test_trials_are_the_same_on_any_ranks(tool):
    """One by one: random points do not depend on what came before."""
    found = [run_local(tool, 4, ranks)[0]["value"] for ranks in (1, 2, 4)]
    assert (found[0] == found[1]).all() and (found[0] == found[2]).all()


def test_killed_and_continued(tool):
    words = (QUICK, *local(5), "--trials", 30, "--output", "s.h5")
    run = tool.start(*words, ranks=3, HPOTUNE_TEST_DELAY="2")
    wait_for(run, tool.folder / "s.h5", 3)
    tool.kill(run)
    before = finished(tool.folder / "s.h5")
    tool.run(*words, ranks=4)
    rows = check_rows(tool.folder / "s.h5")
    assert 3 <= before <= len(rows) == 30
    assert list(rows["shard"]) == [n % 5 for n in range(30)]


def test_other_shards_are_another_study(tool):
    words = ("--trials", 2, "--output", "s.h5")
    tool.run(QUICK, *local(5), *words)
    tool.run(QUICK, *local(4), *words, expect=4)
    tool.run(QUICK, *words, "--quiet", expect=4)
    tool.run(QUICK, *local(5), "--trials", 3, "--output", "s.h5", ranks=3)


def test_a_usual_study_has_no_shards(tool):
    tool.run(QUICK, "--trials", 1, "--output", "s.h5", "--quiet")
    with h5py.File(tool.folder / "s.h5", "r", swmr=True) as f:
        assert "shard" not in f["trials"].dtype.names
        assert "shard" not in f["data"]


@pytest.mark.parametrize("words, code, text", [
    (local(456), 3, 'shards="456" of 455 training rows'),
    (local(200), 3, "class 'malignant' has 170 training rows, so that 30 of"),
    (local(0), 2, "shards"),
    (local("many"), 2, "shards"),
    (("--set", "parallel/data=local"), 2, "needs shards="),
    (("--set", "parallel/shards=4"), 2, "belongs to data"),
    ((*local(4), "--set", "parallel/ranks-per-trial=2"), 2, "on one rank"),
    ((*local(4), "--set", "parallel/order=strict"), 2, "arrival"),
])
def test_nonsense_is_refused(tool, words, code, text):
    for command in ("check", "run"):
        given = [w for w in words if command == "run" or w != "--quiet"]
        done = tool.run(command, QUICK, *given, expect=code)
        assert text in done.stderr, done.stderr
