# SPDX-License-Identifier: BSD-3-Clause
"""Trials of equal parameters are trained once, and nothing else changes."""
import signal

import h5py
import pytest
from check_run import finished, wait_for
from check_winner import SPLIT, write
from digest import OUTSIDE

FEW = """<model kind="gbt"><int name="n_estimators" low="5" high="7"/>
<categorical name="max_depth"><choice value="2"/><choice value="4"/>
</categorical></model>"""
KEEP = {"order": 'order="strict" window="4"'}


def rows(path):
    """Trials without what is outside the claim, and their curves."""
    with h5py.File(path, "r") as f:
        trials, curves = f["trials"][:], f["curves"][:]
    out = []
    for t in trials:
        at = int(t["curve_offset"])
        curve = curves[at:at + int(t["curve_length"])]
        out.append(([t[n].tobytes() for n in t.dtype.names
                     if n not in OUTSIDE and not n.startswith("model_")
                     and n != "reused"],
                    [curve[c].tobytes() for c in ("fold", "step", "value")]))
    return trials, out


def point(t):
    return tuple(t[n] for n in t.dtype.names if n.startswith("params."))


@pytest.mark.parametrize("case", [
    {}, {"held": '<folds count="3"/>'},
    {"end": '<pruner name="median" warmup-steps="2" startup-trials="2"/>'}])
def test_answers_are_what_training_gives(tool, case):
    write(tool, trials=40, model=FEW, keep="best:1", **case)
    tool.run("s.xml", "--quiet", "--output", "no.h5", "--set",
             "parallel/reuse=no")
    _, want = rows(tool.folder / "no.h5")
    for ranks in (1, 3, 5):
        tool.run("s.xml", "--quiet", "--output", f"{ranks}.h5", ranks=ranks)
        trials, found = rows(tool.folder / f"{ranks}.h5")
        assert found == want
        if ranks == 1:
            reused = trials["reused"].tolist()
        assert trials["reused"].tolist() == reused
    answered = [t for t in trials if t["reused"] >= 0]
    assert len(answered) > 4
    for t in answered:
        source = trials[t["reused"]]
        assert point(source) == point(t) and source["reused"] < 0
        assert source["job"] <= t["job"] - 4 and t["wall"] == 0
    assert all(t["reused"] < 0 for t in rows(tool.folder / "no.h5")[0])


GRID = """<model kind="gbt">{more}<categorical name="max_depth">
<choice value="2"/><choice value="4"/></categorical>
<int name="n_estimators" low="4" high="24" step="4"/></model>"""
STOPS = """<fixed name="learning_rate" value="0.6"/>
<fixed name="early_stopping_rounds" value="3"/>"""


def models(path):
    with h5py.File(path, "r") as f:
        data, trials = f["models"][:], f["trials"][:]
    return [data[t["model_offset"]:t["model_offset"] + t["model_length"]]
            .tobytes() for t in trials if t["model_offset"] >= 0]


@pytest.mark.parametrize("sampler, case", [
    ("grid", {"keep": "all"}),
    ("random", {"held": '<folds count="3"/>', "more": STOPS}),
    ("random", {"more": STOPS, "keep": "none", "end":
                '<pruner name="median" warmup-steps="2" '
                'startup-trials="2"/>'})])
def test_fewer_and_more_rounds_are_what_training_gives(tool, case, sampler):
    """Whoever trains a trial goes on from one like it."""
    more = case.get("more", "")
    case = {k: v for k, v in case.items() if k != "more"}
    write(tool, trials=24, model=GRID.format(more=more), **case)
    study = tool.folder / "s.xml"
    study.write_text(study.read_text().replace(
        'sampler name="random"', f'sampler name="{sampler}"'))
    tool.run("s.xml", "--quiet", "--output", "no.h5", "--set",
             "parallel/reuse=no")
    _, want = rows(tool.folder / "no.h5")
    reused = None
    for ranks, team in (1, 1), (3, 2), (5, 1):
        out = tool.folder / f"{ranks}.h5"
        tool.run("s.xml", "--quiet", "--output", out.name, "--set",
                 f"parallel/ranks-per-trial={team}", ranks=ranks)
        trials, found = rows(out)
        assert found == want
        assert models(out) == models(tool.folder / "no.h5")
        reused = reused or trials["reused"].tolist()
        assert trials["reused"].tolist() == reused
    for t in trials[trials["reused"] >= 0]:
        source = trials[t["reused"]]
        same = [n for n in t.dtype.names if n.startswith("params.")
                and n != "params.n_estimators"]
        assert all(t[n] == source[n] for n in same) and source["reused"] < 0
    if case.get("keep") == "none":
        assert any(point(t) != point(trials[t["reused"]])
                   for t in trials[trials["reused"] >= 0])


def test_an_interrupted_study_and_arrival(tool):
    write(tool, trials=40, model=FEW, keep="none")
    tool.run("s.xml", "--quiet", "--output", "whole.h5")
    tool.run("s.xml", "--quiet", "--trials", "17")
    tool.run("s.xml", "--quiet", ranks=2)
    whole, mine = rows(tool.folder / "whole.h5"), rows(tool.folder / "s.h5")
    assert mine[1] == whole[1]
    assert mine[0]["reused"].tolist() == whole[0]["reused"].tolist()
    tool.run("s.xml", "--quiet", "--output", "a.h5", "--set",
             "parallel/order=arrival", ranks=3)
    trials, _ = rows(tool.folder / "a.h5")
    values = {}
    for t in trials:
        assert values.setdefault(point(t), t["value"]) == t["value"]
    assert (trials["reused"] >= 0).sum() > 20


def test_kept_models_are_trained(tool):
    """A trial whose model is to be kept has one of its own."""
    write(tool, trials=20, model=FEW, keep="all", held=SPLIT)
    tool.run("s.xml", "--quiet")
    trials, _ = rows(tool.folder / "s.h5")
    assert (trials["model_offset"] >= 0).all()
    assert (trials["reused"] < 0).all()


def test_a_stop_is_heard_between_answers(tool):
    """Not after the last of them: nearly all trials are answers."""
    write(tool, trials=300000, model=FEW, keep="none")
    run = tool.start("s.xml", "--quiet")
    wait_for(run, tool.folder / "s.h5", 40)
    run.send_signal(signal.SIGUSR1)
    text, _ = run.communicate(timeout=100)
    assert run.returncode == 75 and "stopped by SIGUSR1" in text, text
    assert finished(tool.folder / "s.h5") < 300000
