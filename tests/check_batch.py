# SPDX-License-Identifier: BSD-3-Clause
"""Trials side by side on a rank: the study stays the same."""
import os
import signal

import h5py
import numpy as np
import pytest
from check_memory import greedy, outcome
from check_run import check_rows, states, wait_for, write_function
from conftest import INPUTS
from digest import digest

LINEAR = """<study name="b" seed="3">
  <data task="binary" label="diagnosis">
    <train href="{data}"/>{split}<standardize/></data>
  <model kind="logistic"><float name="C" low="0.001" high="100" log="yes"/>
    <categorical name="penalty"><choice value="l2"/><choice value="l1"/>
    </categorical><fixed name="max_iter" value="30"/></model>
  <objective metric="logloss"/><report metrics="roc_auc"/>
  <sampler name="tpe"/><pruner name="{pruner}"/><budget trials="{trials}"/>
  <parallel order="strict" window="{window}"/>
  <output file="b.h5" models="best:3"/>
</study>
"""
FOLDS = '<folds count="3"/>'
SPLIT = '<validation fraction="0.25"/>'


def write(tool, split=SPLIT, pruner="none", trials=40, window=12):
    path = tool.folder / "b.xml"
    path.write_text(LINEAR.format(data=INPUTS / "breast_cancer.csv",
                                  split=split, pruner=pruner, trials=trials,
                                  window=window))
    return path


def batch(size):
    return ("--set", f"parallel/batch={size}", "--quiet")


def same(tool, study, parts, *words, **env):
    """One digest for all (ranks, batch); returns the last file."""
    found = {}
    for ranks, size in parts:
        out = f"s{ranks}-{size}.h5"
        tool.run(study, *words, *batch(size), "--output", out, ranks=ranks,
                 **env)
        found[ranks, size] = digest(tool.folder / out, keep=3)
    assert len(set(found.values())) == 1, found
    return tool.folder / out


def most_at_once(path):
    """Trials that were in training on one host at the same time."""
    with h5py.File(path) as f:
        rows = f["trials"][:]
    return max(int(((rows["start"] < t) & (rows["end"] > t)).sum())
               for t in rows["end"] - 1)


@pytest.mark.parametrize("split, pruner, states_of", [
    (FOLDS, "median", {"complete", "pruned"}), (SPLIT, "none", {"complete"})],
    ids=["folds", "split"])
def test_one_study_for_all_batches(tool, split, pruner, states_of):
    study = write(tool, split, pruner)
    out = same(tool, study, [(1, 1), (1, 32), (2, 4), (3, 32), (5, 4)],
               HPOTUNE_TEST_DELAY="7")
    assert set(states(out)) == states_of
    check_rows(out)


def test_one_rank_holds_several(tool):
    """All of the first trials begin before any of them ends."""
    study = write(tool, trials=12)
    tool.run(study, *batch(6), HPOTUNE_TEST_DELAY="3")
    assert 2 <= most_at_once(tool.folder / "b.h5") <= 6
    with h5py.File(tool.folder / "b.h5") as f:
        assert set(f["trials"]["team"]) == set(range(6))


def test_time_is_shared_out(tool):
    """What trials took together is not more than what the rank took."""
    study = write(tool, trials=24, window=24)
    tool.run(study, *batch(8))
    with h5py.File(tool.folder / "b.h5") as f:
        rows = f["trials"][:]
        session = f["sessions"][0]
    assert (rows["cpu"] > 0).all()
    assert rows["cpu"].sum() <= session["wall"] * os.cpu_count()
    assert (rows["end"] - rows["start"]).sum() * 1e-9 > rows["cpu"].sum()


def test_kill_in_the_middle(tool):
    study = write(tool, FOLDS, "median", trials=60)
    tool.run(study, *batch(1), "--output", "whole.h5")
    for ranks, size, after in (3, 4, 5), (1, 8, 20), (2, 32, 40):
        run = tool.start(study, *batch(size), ranks=ranks,
                         HPOTUNE_TEST_DELAY=str(size))
        wait_for(run, tool.folder / "b.h5", after)
        tool.kill(run)
    tool.run(study, *batch(5), ranks=3)
    assert digest(tool.folder / "b.h5") == digest(tool.folder / "whole.h5")


@pytest.mark.parametrize("pruner", ["halving", "hyperband"])
def test_paused_trials(tool, pruner):
    study = write_function(tool.folder, steps=27, pruner=pruner, trials=40)
    text = study.read_text().replace(
        '<fixed name="steps" value="27"/>',
        '<int name="steps" low="1" high="27"/>')
    study.write_text(text)
    out = same(tool, study, [(1, 1), (1, 8), (3, 4)], HPOTUNE_TEST_DELAY="5")
    assert "complete" in states(out)


def test_soft_stop(tool):
    study = write_function(tool.folder, steps=40, delay=0.001, trials=60)
    tool.run(study, *batch(1), "--output", "whole.h5", ranks=3)
    run = tool.start(study, *batch(8), ranks=3)
    wait_for(run, tool.folder / "f.h5", 5)
    run.send_signal(signal.SIGUSR1)
    run.communicate(timeout=120)
    assert run.returncode == 75
    tool.run(study, *batch(3), ranks=2)
    assert digest(tool.folder / "f.h5") == digest(tool.folder / "whole.h5")


def test_programs_run_side_by_side(tool):
    """Each of the first waits until three are there."""
    (tool.folder / "p.sh").write_text(
        '#!/bin/sh\ntouch "$HPO_STUDY_DIR/here.$HPO_TRIAL"\n'
        'while [ $(ls "$HPO_STUDY_DIR" | grep -c "^here") -lt 3 ]; do\n'
        '  sleep 0.05; done\necho "value: $HPO_PARAM_x"\n')
    (tool.folder / "p.sh").chmod(0o755)
    (tool.folder / "p.xml").write_text(
        '<study name="p"><model kind="command" '
        'run="./p.sh" pattern="value: (.*)">'
        '<float name="x" low="0" high="1"/></model>'
        '<objective metric="value" direction="maximize"/>'
        '<budget trials="6"/><parallel batch="3"/>'
        '<output file="p.h5"/></study>')
    tool.run("p.xml", "--quiet", timeout=60)
    assert states(tool.folder / "p.h5") == ["complete"] * 6


def test_memory_is_that_of_all_together(tool):
    """Trials that fit one at a time wait for each other, and none fails that
    would not alone."""
    study = greedy(tool, trials=10)
    tool.run(study, HPOTUNE_TEST_MEMORY="20000000")
    alone = outcome(tool)
    (tool.folder / "m.h5").unlink()
    tool.run(study, *batch(10), HPOTUNE_TEST_MEMORY="20000000")
    assert outcome(tool) == alone
    assert {state for _, state, _ in alone} == {"complete", "failed"}


def test_time_limit_of_a_trial(tool):
    study = write_function(tool.folder, steps=1000, delay=0.01, trials=4,
                           pruner="none")
    tool.run(study, *batch(4), "--set", "trial-limits/time=1s", expect=5)
    with h5py.File(tool.folder / "f.h5") as f:
        assert all(r.startswith(b"time limit") for r in f["trials"]["reason"])


def test_needs_one_rank_per_trial(tool):
    done = tool.run("check", write(tool), *batch(8)[:2], "--set",
                    "parallel/ranks-per-trial=2", expect=2)
    assert "one rank; allowed: ranks-per-trial" in done.stderr
    done = tool.run("check", write(tool), *batch(1001)[:2], expect=2)
    assert "1 to 1000" in done.stderr


def test_a_small_window_is_told_of(tool):
    done = tool.run(write(tool, trials=4, window=3), "--set",
                    "parallel/batch=8")
    assert "8 trials at a time" in done.stderr and "window 3" in done.stderr
