# SPDX-License-Identifier: BSD-3-Clause
"""Our pruners decide as Optuna's, on random ledgers and curves; whole runs
with each are the same on any ranks, and after kills.

Drives the program tests/pruner_driver of the build folder.
"""
import os
import pathlib
import random
import signal
import subprocess
import time

import h5py
import numpy as np
import pytest
from check_folds import make_table
from check_folds import study as write_folds
from check_run import QUICK, STRICT, finished, states, write_function
from conftest import BUILD
from digest import digest

optuna = pytest.importorskip("optuna")
from optuna import pruners
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState, create_trial

SEED = int(os.environ.get("HPO_TEST_SEED", "20261121"))
needs_3_1 = pytest.mark.skipif(not optuna.__version__.startswith("3.1"),
                               reason="compares with Optuna 3.1")


def words(*items):
    return " ".join(str(i) for i in items)


def ours(name, maximize, options, trials, curves):
    """The steps after which each curve is pruned, each taken alone."""
    text = [words(name, int(maximize), len(options))]
    text += [words(k, v) for k, v in options.items()]
    text.append(str(len(trials)))
    text += [words(int(done), len(c), *c) for done, c in trials]
    text.append(str(len(curves)))
    text += [words(len(c), *c) for c in curves]
    done = subprocess.run([BUILD / "tests" / "pruner_driver"],
                          input="\n".join(text), capture_output=True,
                          text=True, check=True)
    return [[int(s) for s in line.split()]
            for line in done.stdout.splitlines()]


def theirs(pruner, maximize, trials, curves):
    """The same by Optuna, whose steps are from 0."""
    study = optuna.create_study(
        direction="maximize" if maximize else "minimize", pruner=pruner)
    for done, curve in trials:
        study.add_trial(create_trial(
            state=TrialState.COMPLETE if done else TrialState.PRUNED,
            params={"x": 0.5}, value=float(curve[-1]),
            distributions={"x": FloatDistribution(0, 1)},
            intermediate_values=dict(enumerate(map(float, curve)))))
    found = []
    for curve in curves:
        trial, steps = study.ask(), []
        for i, value in enumerate(curve):
            trial.report(float(value), i)
            if trial.should_prune():
                steps.append(i + 1)
        study.tell(trial, state=TrialState.FAIL)
        found.append(steps)
    return found


def case(dice):
    """A ledger and curves of it that go up and down."""
    def curve():
        n = int(dice.integers(2, 25))
        walk = np.cumsum(dice.normal(0, 1, n)) - 0.2 * np.arange(n)
        return np.round(walk, int(dice.integers(0, 4)))
    return ([(dice.random() < 0.8, curve()) for _ in range(dice.integers(0, 15))],
            [curve() for _ in range(6)])


def percentile_options(dice):
    return {"startup-trials": int(dice.integers(0, 6)),
            "warmup-steps": int(dice.integers(0, 4)),
            "interval-steps": int(dice.integers(1, 4)),
            "min-trials": int(dice.integers(1, 4))}


def their_percentile(percent, o):
    return pruners.PercentilePruner(
        percent, n_startup_trials=o["startup-trials"],
        n_warmup_steps=o["warmup-steps"],
        interval_steps=o["interval-steps"], n_min_trials=o["min-trials"])


def compare(make, rounds=40):
    """make(dice) gives our name, our options and their pruner."""
    print("HPO_TEST_SEED", SEED)
    dice, pruned = np.random.default_rng(SEED), 0
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for _ in range(rounds):
        maximize = bool(dice.integers(2))
        trials, curves = case(dice)
        name, options, pruner = make(dice)
        found = ours(name, maximize, options, trials, curves)
        assert found == theirs(pruner, maximize, trials, curves), options
        pruned += sum(map(len, found))
    assert pruned > rounds


@needs_3_1
def test_percentile():
    def make(dice):
        percent, o = float(dice.choice([0, 10, 25, 33.3, 50, 75, 100])), \
            percentile_options(dice)
        return ("percentile", {**o, "percentile": percent},
                their_percentile(percent, o))
    compare(make)


@needs_3_1
def test_median():
    def make(dice):
        o = percentile_options(dice)
        return "median", o, their_percentile(50, o)
    compare(make)


@needs_3_1
def test_threshold():
    def make(dice):
        low, high = float(dice.normal(-3, 1)), float(dice.normal(2, 1))
        o = {"warmup-steps": int(dice.integers(0, 4)),
             "interval-steps": int(dice.integers(1, 4))}
        kind = dice.integers(3)
        ends = {} if kind == 0 else {"lower": low}
        ends.update({} if kind == 1 else {"upper": max(low, high)})
        return "threshold", {**o, **ends}, pruners.ThresholdPruner(
            **ends, n_warmup_steps=o["warmup-steps"],
            interval_steps=o["interval-steps"])
    compare(make)


@needs_3_1
@pytest.mark.parametrize("inner", ["none", "median", "percentile"])
def test_patient(inner):
    def make(dice):
        o = percentile_options(dice)
        percent = 50 if inner == "median" else 30
        more = {} if inner == "none" else o
        more = {**more, "percentile": 30} if inner == "percentile" else more
        patience, delta = int(dice.integers(0, 6)), float(dice.choice([0, .5]))
        return ("patient", {"patience": patience, "min-delta": delta,
                            "inner": inner, **more},
                pruners.PatientPruner(
                    None if inner == "none" else their_percentile(percent, o),
                    patience=patience, min_delta=delta))
    compare(make)


# ---- folds, early stopping, failures ----

BOOSTED = """<model kind="gbt"><fixed name="n_estimators" value="25"/>
<fixed name="early_stopping_rounds" value="4"/>
<float name="learning_rate" low="0.05" high="1.5" log="yes"/>
<int name="max_depth" low="1" high="6"/>
<float name="colsample_bytree" low="0.3" high="1"/></model>"""
ON_FOLDS = {
    "median": ({"warmup-steps": 2}, pruners.MedianPruner(5, 2)),
    "percentile": ({"percentile": 40, "startup-trials": 3,
                    "interval-steps": 2},
                   pruners.PercentilePruner(40, 3, 0, 2)),
    "threshold": ({"upper": 0.9, "warmup-steps": 3},
                  pruners.ThresholdPruner(upper=0.9, n_warmup_steps=3)),
    "patient": ({"patience": 1, "startup-trials": 3},
                pruners.PatientPruner(pruners.MedianPruner(3), patience=1)),
}


def first_pruned(theirs, curves, values, ended):
    """The step after which Optuna's pruner would first stop each trial, where
    those before ended as ours did; None: it would not."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study, found = optuna.create_study(pruner=theirs), []
    for curve, value, state in zip(curves, values, ended):
        trial, at = study.ask(), None
        for step, v in enumerate(curve):
            trial.report(float(v), step)
            if at is None and trial.should_prune():
                at = step + 1
        study.tell(trial, float(value) if state == "complete" else None,
                   state=getattr(TrialState, {"failed": "FAIL"}.get(
                       state, state.upper())))
        found.append(at)
    return found


@needs_3_1
@pytest.mark.parametrize("kind", ON_FOLDS)
def test_folds_are_pruned_on_their_mean(tool, kind):
    """Folds go in lock step; their mean is pruned as Optuna would, beside
    early stopping."""
    options, theirs = ON_FOLDS[kind]
    name = write_folds(tool, make_table(SEED % 1000),
                       '<folds count="3"/>', BOOSTED, trials=30, pruner=kind)
    sets = [w for k, v in options.items()
            for w in ("--set", f"pruner/{k}={v}")]
    tool.run(name, *sets, "--set", "parallel/window=1", ranks=3)
    trials, parts, _ = rows(tool.folder / "s.h5")
    ended = states(tool.folder / "s.h5")
    means = []
    for part in parts:
        by_fold = [part[part["fold"] == f] for f in range(4)]
        assert all(np.array_equal(b["step"], by_fold[0]["step"])
                   for b in by_fold)
        np.testing.assert_allclose(
            by_fold[0]["value"],
            np.mean([b["value"] for b in by_fold[1:]], axis=0), rtol=1e-12)
        means.append(by_fold[0]["value"])
    expected = first_pruned(theirs, means, trials["value"], ended)
    for state, mean, at in zip(ended, means, expected):
        if state == "pruned":
            assert at == len(mean)
        else:  # what has come to its end is complete
            assert state == "complete" and at in (None, len(mean))
    stopped = [state == "complete" and len(mean) < 25
               for state, mean in zip(ended, means)]
    assert "pruned" in ended and any(stopped)


@needs_3_1
def test_a_value_that_is_not_a_number_fails_and_counts_for_none(tool):
    """NaN ends a trial as failed, and other trials' thresholds come from the
    complete ones alone, as where Optuna is told FAIL."""
    program = tool.folder / "t.sh"
    program.write_text("""#!/bin/sh
for i in 1 2 3 4 5 6; do
awk -v x=$1 -v i=$i 'BEGIN { if (x < 0.2 && i == 4) print "v: nan";
  else printf "v: %.6f\\n", x + (x * 7 - int(x * 7)) * i / 4 }'
done
""")
    program.chmod(0o755)
    tool.folder.joinpath("s.xml").write_text("""<study name="n" seed="3">
  <model kind="command" run="./t.sh {x}" pattern="v: (.*)">
    <float name="x" low="0" high="1"/></model>
  <objective metric="v" direction="minimize"/>
  <sampler name="random"/><pruner name="median" startup-trials="2"/>
  <budget trials="30"/><parallel order="strict" window="1"/>
  <output file="s.h5"/></study>""")
    tool.run("s.xml")
    trials, parts, _ = rows(tool.folder / "s.h5")
    ended = states(tool.folder / "s.h5")
    assert {"complete", "pruned", "failed"} == set(ended)
    expected = first_pruned(pruners.MedianPruner(2),
                            [p["value"] for p in parts], trials["value"],
                            ended)
    for state, part, at, x in zip(ended, parts, expected,
                                  trials["params.x"]):
        assert (state == "failed") <= (x < 0.2)
        if state == "pruned":
            assert at == len(part)
        elif state == "complete":
            assert at in (None, len(part))


# ---- whole runs ----

KINDS = {
    "percentile": ("percentile=30", "startup-trials=3"),
    "threshold": ("upper=60", "warmup-steps=2"),
    "patient": ("patience=2", "startup-trials=3"),
    "halving": ("min-resource=1", "reduction-factor=2"),
    "hyperband": ("min-resource=4", "reduction-factor=3"),
}


def study(tool, kind):
    """The words of a strict study with this pruner."""
    path = write_function(tool.folder, steps=6, trials=40)
    if kind in ("patient", "hyperband"):  # curves that go up and down
        path = QUICK
    sets = [w for o in KINDS[kind] for w in ("--set", f"pruner/{o}")]
    if path == QUICK:
        sets += ["--set", "model[gbt]/int[n_estimators]/low=10", "--set",
                 "model[gbt]/int[n_estimators]/high=40"]
    return [path, "--trials", 40, *STRICT, "--set", f"pruner/name={kind}", *sets, "--output"]


def kill(run):
    """mpirun's ranks, or the program itself, at once."""
    path = pathlib.Path(f"/proc/{run.pid}/task/{run.pid}/children")
    try:
        children = path.read_text().split()
    except FileNotFoundError:
        children = []
    for pid in [*children, run.pid]:
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            pass
    run.wait(timeout=60)


def check_same(tool, words, keep=1, kills=3):
    """The digest on 1, 2, 3 and 5 ranks with delays, and after kills."""
    found = {}
    for ranks in (1, 2, 3, 5):
        tool.run(*words, f"s{ranks}.h5", ranks=ranks,
                 HPOTUNE_TEST_DELAY=str(ranks))
        found[ranks] = digest(tool.folder / f"s{ranks}.h5", keep)
    dice = random.Random(SEED)
    for _ in range(kills):
        cut = tool.folder / "cut.h5"
        enough = finished(cut) + dice.randrange(1, 9)
        run = tool.start(*words, cut.name, ranks=dice.choice([1, 2, 3]),
                         HPOTUNE_TEST_DELAY="3")
        while run.poll() is None and finished(cut) < enough:
            time.sleep(0.002)
        kill(run)
    tool.run(*words, "cut.h5")
    found["killed"] = digest(tool.folder / "cut.h5", keep)
    assert len(set(found.values())) == 1, found


@pytest.mark.parametrize("kind", KINDS)
def test_strict_is_the_same(tool, kind):
    check_same(tool, study(tool, kind))
    assert {"complete", "pruned"} <= set(states(tool.folder / "s1.h5"))


@pytest.mark.parametrize("kind", KINDS)
def test_order_of_arrival(tool, kind):
    words = study(tool, kind)
    words[words.index("parallel/order=strict")] = "parallel/order=arrival"
    tool.run(*words, "a.h5", ranks=3, HPOTUNE_TEST_DELAY="3")
    found = states(tool.folder / "a.h5")
    assert len(found) == 40 and set(found) == {"complete", "pruned"}


# ---- halving and hyperband ----

def rows(path):
    with h5py.File(path, "r", swmr=True) as f:
        trials, curves = f["trials"][:], f["curves"][:]
        decisions = f["decisions"][:]
    own = [curves[t["curve_offset"]:t["curve_offset"] + t["curve_length"]]
           for t in trials]
    return trials, own, decisions


def asha(values, most, least, factor):
    """ASHA by the paper, one job at a time: the steps that each trial does.
    values[trial][step - 1]; a trial of fewer steps ends by itself."""
    ladder = [least]
    while ladder[-1] * factor < most:
        ladder.append(ladder[-1] * factor)
    ladder.append(most)
    stands = [{} for _ in ladder]  # rung: trial to value
    gone, done, new, ended = [set() for _ in ladder], {}, 0, 0

    def run(trial, rung):
        end = min(ladder[rung], len(values[trial]))
        done[trial] = end
        if end < ladder[rung] or end == len(values[trial]):
            return 1
        stands[rung][trial] = values[trial][end - 1]
        return 0

    while True:
        for rung in reversed(range(len(ladder) - 1)):
            order = sorted(stands[rung], key=lambda t: (stands[rung][t], t))
            good = [t for t in order[:len(order) // factor]
                    if t not in gone[rung]]
            if good:
                gone[rung].add(good[0])
                ended += run(good[0], rung + 1)
                break
        else:
            if new == len(values):
                return done, ended
            ended += run(new, 0)
            new += 1


def test_halving_is_the_papers(tool):
    """The sequence of one team equals ASHA's, on the curves of all trials."""
    path = write_function(tool.folder, steps=50, trials=80, sampler="random")
    words = [path, *STRICT, "--set", "parallel/window=1"]
    tool.run(*words, "--set", "pruner/name=none", "--output", "all.h5")
    tool.run(*words, "--set", "pruner/name=halving", "--set",
             "pruner/min-resource=2", "--set", "pruner/reduction-factor=3",
             "--output", "asha.h5", ranks=3)
    _, curves, _ = rows(tool.folder / "all.h5")
    trials, parts, decisions = rows(tool.folder / "asha.h5")
    expected, ended = asha([c["value"] for c in curves], 50, 2, 3)
    assert [t["steps"] for t in trials] == [expected[i] for i in range(80)]
    assert states(tool.folder / "asha.h5").count("complete") == ended > 0
    for whole, part in zip(curves, parts):
        assert list(part["step"]) == list(range(1, len(part) + 1))
        assert np.array_equal(whole["value"][:len(part)], part["value"])
    images = decisions["image_offset"] >= 0
    assert images.sum() >= sum(t["rung"] for t in trials)


def test_paused_gbt_goes_on_with_the_same_bits(tool):
    """On one team no step is done twice; models are those of whole trials."""
    words = [QUICK, "--trials", 24, *STRICT, "--set", "sampler/name=random"]
    tool.run(*words, "--set", "pruner/name=none", "--output", "all.h5")
    tool.run(*words, "--set", "pruner/name=halving", "--set",
             "pruner/reduction-factor=2", "--output", "h.h5")
    tool.run(*words, "--set", "pruner/name=halving", "--set",
             "pruner/reduction-factor=2", "--output", "t.h5", "--set",
             "parallel/ranks-per-trial=2", ranks=3)
    whole, curves, _ = rows(tool.folder / "all.h5")
    trials, parts, _ = rows(tool.folder / "h.h5")
    assert digest(tool.folder / "h.h5") == digest(tool.folder / "t.h5")
    for a, b in zip(curves, parts):
        assert np.array_equal(a["value"][:len(b)], b["value"])
    done = [i for i, s in enumerate(states(tool.folder / "h.h5"))
            if s == "complete" and trials[i]["model_length"] > 0]
    assert done
    for i in done:
        if whole[i]["model_length"] > 0:
            assert whole[i]["model_crc"] == trials[i]["model_crc"]


def test_more_trials_go_on_after_halving(tool):
    words = [write_function(tool.folder, steps=20, trials=20), *STRICT,
             "--set", "pruner/name=halving", "--set", "pruner/min-resource=2"]
    tool.run(*words)
    tool.run(*words, "--trials", 50, ranks=3)
    found = states(tool.folder / "f.h5")
    assert len(found) == 50 and set(found) == {"complete", "pruned"}


def test_default_rungs(tool):
    """The first rung is after a twelfth of the steps, the factor 3."""
    for kind, more in [("halving", ""), ("hyperband", ", 3 brackets")]:
        done = tool.run("check", QUICK, "--set", f"pruner/name={kind}")
        assert (f"pruner      {kind}, rungs after 25, 75, 225 of 300 steps"
                f"{more}\n") in done.stdout
    done = tool.run("check", write_function(tool.folder, steps=6), "--set",
                    "pruner/name=halving")
    assert "halving, rungs after 1, 3 of 6 steps" in done.stdout


def test_each_model_has_rungs_of_its_own(tool):
    path = tool.folder / "two.xml"
    path.write_text(QUICK.read_text().replace("</model>", """</model>
  <model kind="logistic"><fixed name="max_iter" value="1000"/>
    <float name="C" low="0.1" high="9"/></model>""").replace(
        "breast_cancer.csv", f"{QUICK.parent}/breast_cancer.csv"))
    done = tool.run("check", path, "--set", "pruner/name=halving")
    assert ("pruner      halving, gbt rungs after 25, 75, 225 of 300 steps; "
            "logistic rungs after 83, 249, 747 of 1000 steps\n") in done.stdout


def test_paused_trials_are_told_of(tool):
    """As they pause, and after a stop, when the last goes on for long."""
    words = [write_function(tool.folder, steps=1000, delay=0.1, trials=6,
                            order="arrival", pruner="none"),
             "--set", "pruner/name=halving", "--set", "pruner/min-resource=1",
             "--set", "pruner/reduction-factor=1000"]
    path = tool.folder / "f.h5"
    run = tool.start(*words)
    while not path.exists() or sorted(states(path)) != [
            *["paused"] * 5, "running"]:
        assert run.poll() is None, run.stdout.read()
        time.sleep(0.01)
    tool.run("stop", "f.h5")
    text, _ = run.communicate(timeout=60)
    assert run.returncode == 75
    for i in range(6):
        assert f"trial {i} paused at step 1: value " in text
    assert ("6 trials (0 complete, 0 pruned, 0 failed, 5 paused, "
            "1 interrupted), stopped by") in text


def test_retries_are_refused(tool):
    done = tool.run("check", write_function(tool.folder), "--set",
                    "pruner/name=halving", "--set",
                    "trial-limits/on-fail=retry:2", expect=None)
    assert done.returncode != 0
    assert "in strict order is not built yet" in done.stderr


def tear(path, row):
    """Flips a byte of a row of /trials where it stands in the file."""
    raw, whole = row.tobytes(), path.read_bytes()
    assert whole.count(raw) == 1
    at = whole.index(raw) + row.dtype.fields["params.x0"][1]
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1:])


def promoted(path):
    """Trials that are not final and have an image of their row."""
    if not path.exists():
        return []
    trials, _, decisions = rows(path)
    final = {i for i, s in enumerate(states(path))
             if s in ("complete", "pruned", "failed")}
    kept = decisions["trial"][decisions["image_offset"] >= 0]
    return [i for i in sorted(set(kept)) if i not in final and
            i < len(trials)]


def test_torn_row_of_a_promoted_trial_comes_back(tool):
    words = [write_function(tool.folder, steps=30, delay=0.001, trials=30),
             *STRICT, "--set", "pruner/name=halving", "--set",
             "pruner/min-resource=2", "--set", "pruner/reduction-factor=2",
             "--output"]
    tool.run(*words, "whole.h5")
    cut = tool.folder / "cut.h5"
    found = []
    while not found:  # killed too late: once more
        for old in tool.folder.glob("cut.h5*"):
            old.unlink()
        run = tool.start(*words, cut.name)
        while run.poll() is None and len(promoted(cut)) < 3:
            time.sleep(0.005)
        kill(run)
        found = promoted(cut)
    victim = found[0]
    trials, _, before = rows(cut)
    tear(cut, trials[victim])
    tool.run(*words, cut.name, ranks=2)
    _, _, decisions = rows(cut)
    later = decisions[len(before):]
    assert all(later["from_step"][later["trial"] == victim] > 0)
    assert digest(cut) == digest(tool.folder / "whole.h5")
