# SPDX-License-Identifier: BSD-3-Clause
"""Teams: several ranks train one trial; the study stays the same."""
import os
import random
import re
import signal

import numpy as np
import pytest
from check_run import check_rows, finished, states, wait_for, write_function
from conftest import INPUTS
from digest import digest

QUICK = INPUTS / "quickstart.xml"
STRICT = ("--set", "parallel/order=strict", "--quiet")
FEW = ("--set", "model[gbt]/int[n_estimators]/low=3",
       "--set", "model[gbt]/int[n_estimators]/high=8")

MODELS = """<study name="m" seed="3">
  <data task="{task}" label="y"><train href="t.csv"/>{validation}
    <standardize/></data>
  <model kind="gbt"><int name="n_estimators" low="2" high="4"/>
    <int name="max_depth" low="1" high="3"/>
    <fixed name="min_child_weight" value="0"/></model>
  <model kind="{linear}"><float name="C" low="0.1" high="10"/></model>
  <objective metric="{metric}"/>{report}
  <sampler name="random"/><budget trials="{trials}"/>
  <parallel order="strict"/><output file="m.h5" models="best:2"/>
</study>
"""


def team(size):
    return ("--set", f"parallel/ranks-per-trial={size}")


def write_models(tool, rows, task="binary", metric="logloss",
                 linear="logistic", trials=6, report="",
                 validation='<validation fraction="0.25"/>'):
    """A study of two models on a table of a few rows."""
    dice = np.random.default_rng(5)
    x = np.round(dice.normal(size=(rows, 3)), 3)
    kinds = {"binary": 2, "multiclass": 3}
    y = np.arange(rows) % kinds[task] if task in kinds else np.round(
        x @ [1, 2, 3] + dice.normal(size=rows), 3)
    text = "a,b,c,y\n" + "".join(
        f"{a},{b},{c},{v}\n" for (a, b, c), v in zip(x, y))
    (tool.folder / "t.csv").write_text(text)
    study = MODELS.format(task=task, metric=metric, linear=linear,
                          trials=trials, report=report, validation=validation)
    if linear == "linear":
        study = study.replace('name="C"', 'name="alpha"')
    (tool.folder / "m.xml").write_text(study)
    return tool.folder / "m.xml"


def same(tool, study, parts, *words, keep=2, **env):
    """The digest is one for all (ranks, ranks per trial)."""
    found = {}
    for ranks, size in parts:
        out = f"s{ranks}-{size}.h5"
        tool.run(study, *words, *STRICT, *team(size), "--output", out,
                 ranks=ranks, **env)
        assert "failed" not in states(tool.folder / out)
        found[ranks, size] = digest(tool.folder / out, keep=keep)
    assert len(set(found.values())) == 1, found
    return tool.folder / out


def test_one_study_for_all_teams(tool):
    out = same(tool, QUICK, [(1, 1), (3, 2), (4, 3), (6, 5), (6, 2),
                             (4, "all")], "--trials", 6, *FEW, keep=5)
    assert len(check_rows(out)) == 6


def test_pruned_trials_and_delayed_followers(tool):
    study = write_function(tool.folder, trials=30)
    out = same(tool, study, [(1, 1), (3, 2), (6, 2)], HPOTUNE_TEST_DELAY="7")
    assert {"complete", "pruned"} <= set(states(out))


@pytest.mark.parametrize("task, metric, linear", [
    ("binary", "roc_auc", "logistic"), ("binary", "f1", "logistic"),
    ("multiclass", "logloss", "logistic"), ("regression", "r2", "linear")])
def test_every_kind_of_metric(tool, task, metric, linear):
    study = write_models(tool, 60, task, metric, linear, trials=4)
    same(tool, study, [(1, 1), (4, 3)])


@pytest.mark.parametrize("task, metric, linear", [
    ("binary", "logloss", "logistic"), ("binary", "f1", "logistic"),
    ("multiclass", "accuracy", "logistic"), ("regression", "rmse", "linear")])
def test_sums_instead_of_rows(tool, task, metric, linear):
    """Enough rows that their metric's sums are fewer."""
    other = {"regression": "r2"}.get(task, "roc_auc")
    study = write_models(tool, 3000, task, metric, linear, trials=3,
                         validation='<validation fraction="0.5"/>',
                         report=f'<report metrics="{other}"/>')
    same(tool, study, [(1, 1), (4, 3)])
    sent = []
    for report in ("", f'<report metrics="{other}"/>'):
        study = write_models(tool, 3000, task, metric, linear, trials=3,
                             report=report,
                             validation='<validation fraction="0.5"/>')
        tool.run(study, *team(2), "--overwrite", "--quiet", ranks=3)
        sent.append(check_rows(tool.folder / "m.h5")["bytes_sent"])
    assert (sent[0] <= sent[1]).all()


@pytest.mark.parametrize("fixed", [
    {"early_stopping_rounds": 2, "n_estimators": 30, "learning_rate": 1},
    {"grow_policy": "lossguide", "max_leaves": 5, "max_depth": 0},
    {"class_weight": "balanced", "subsample": 0.5}])
def test_options_of_gbt_in_teams(tool, fixed):
    study = write_models(tool, 90, trials=3)
    text = study.read_text()
    gbt, rest = text.split("</model>", 1)
    for name, value in fixed.items():
        gbt = re.sub(f'<int name="{name}"[^>]*/>', "", gbt)
        gbt += f'<fixed name="{name}" value="{value}"/>'
    study.write_text(gbt + "</model>" + rest)
    same(tool, study, [(1, 1), (3, 2), (4, 3)])
    study.write_text(study.read_text().replace(
        '<validation fraction="0.25"/>', '<folds count="2"/>'))
    (tool.folder / "s1-1.h5").unlink()
    (tool.folder / "s4-3.h5").unlink()
    same(tool, study, [(1, 1), (4, 3)])


def test_folds_in_teams(tool):
    study = write_models(tool, 40, metric="accuracy", trials=4,
                         report='<report metrics="roc_auc"/>',
                         validation='<folds count="3"/>')
    same(tool, study, [(1, 1), (3, 2), (4, 3)])


def test_fewer_rows_than_ranks(tool):
    study = write_models(tool, 8, trials=4)
    same(tool, study, [(1, 1), (11, 10), (11, 5)])


def test_killed_and_continued_by_other_teams(tool):
    seed = int(os.environ.get("HPO_TEST_SEED", random.randrange(10**6)))
    print("HPO_TEST_SEED", seed)
    dice = random.Random(seed)
    study = write_function(tool.folder, steps=5, delay=0.005, trials=24)
    tool.run(study, *STRICT, "--output", "whole.h5")
    cut = tool.folder / "cut.h5"
    for ranks, size in [(3, 2), (4, 3), (5, 2)]:
        before = finished(cut)
        run = tool.start(study, *STRICT, *team(size), "--output", cut.name,
                         ranks=ranks, HPOTUNE_TEST_DELAY="3")
        wait_for(run, cut, before + dice.randrange(1, 4))
        tool.kill(run)
        check_rows(cut)
    tool.run(study, *STRICT, *team(1), "--output", cut.name)
    assert digest(cut) == digest(tool.folder / "whole.h5")


def test_soft_stop_of_teams_ends_75(tool):
    study = write_function(tool.folder, steps=20, delay=0.01, trials=4000,
                           order="arrival")
    run = tool.start(study, "--quiet", *team(2), ranks=5)
    wait_for(run, tool.folder / "f.h5", 2)
    run.send_signal(signal.SIGUSR1)
    text, _ = run.communicate(timeout=100)
    assert run.returncode == 75, text
    assert "interrupted" in states(tool.folder / "f.h5")
    tool.run(study, "--quiet", *team(3), "--trials",
             finished(tool.folder / "f.h5") + 5, ranks=4)
    assert "interrupted" not in states(tool.folder / "f.h5")


def test_arrival_prunes_teams_by_message(tool):
    study = write_function(tool.folder, steps=10, delay=0.02,
                           order="arrival", trials=30)
    tool.run(study, "--quiet", *team(2), ranks=5)
    rows = check_rows(tool.folder / "f.h5")
    assert len(rows) == 30 and {0, 1} == set(rows["team"])
    assert {"complete", "pruned"} == set(states(tool.folder / "f.h5"))


@pytest.mark.parametrize("limit, reason", [
    ('time="0.05s"', b"time limit"), ('memory="1M"', b"memory limit")])
def test_limits_in_teams(tool, limit, reason):
    study = write_function(tool.folder, steps=100, delay=0.02, trials=3)
    study.write_text(study.read_text().replace(
        "<parallel", f"<trial-limits {limit}/><parallel"))
    tool.run(study, "--quiet", *team(2), ranks=3, expect=5)
    rows = check_rows(tool.folder / "f.h5")
    assert all(reason in r for r in rows["reason"])


def test_timeout_ends_teams(tool):
    study = write_function(tool.folder, steps=20, delay=0.01, trials=4000)
    tool.run(study, "--quiet", *team(2), "--timeout", "5s", ranks=3)
    assert 0 < len(states(tool.folder / "f.h5")) < 4000


def test_a_trial_that_fails_on_all_ranks(tool):
    study = write_function(tool.folder, trials=2, pruner="none")
    study.write_text(study.read_text().replace(
        '<float name="x1" low="0" high="15"/>', ""))
    done = tool.run(study, "--quiet", *team(3), ranks=4, expect=5)
    assert "no trial has succeeded" in done.stdout
    assert states(tool.folder / "f.h5") == ["failed"] * 2


def test_unreadable_data_ends_all_teams(tool):
    study = write_models(tool, 20)
    (tool.folder / "t.csv").write_text("a,b,c,y\n1,2,3,0\n1,2\n")
    done = tool.run(study, *team("all"), ranks=4, expect=3)
    assert "t.csv:3" in done.stderr


def test_what_is_said_of_ranks(tool):
    study = write_function(tool.folder, trials=4)
    done = tool.run(study, "--quiet", *team(2), "--output", "a.h5", ranks=4)
    assert done.stderr.count("3 ranks can train, in 1 team of 2: 1 idles") == 1
    done = tool.run(study, "--quiet", *team(9), "--output", "b.h5", ranks=3)
    assert "ranks-per-trial is 9, but only 2 ranks can train" in done.stderr
    done = tool.run(study, "--quiet", *team("all"), "--output", "c.h5")
    assert "warning" not in done.stderr
    assert len({digest(tool.folder / f"{n}.h5") for n in "abc"}) == 1


@pytest.mark.parametrize("size", ["0", "-1", "2.5", "some", "1000001"])
def test_nonsense_is_refused(tool, size):
    study = write_function(tool.folder)
    done = tool.run(study, *team(size), expect=2)
    assert "ranks-per-trial" in done.stderr and size in done.stderr
