# SPDX-License-Identifier: BSD-3-Clause
"""Terminator regret-bound: when it ends a study and when not, the error of
folds beside NumPy's, ranks, kills, what is said of it.  The bound itself is
compared with scikit-learn's posterior in check_gp.py."""
import re

import h5py
import numpy as np
import pytest
from check_command import script
from check_command import study as program
from check_folds import GBT, make_table, study
from check_pruners import check_same
from check_run import STRICT, states
from digest import digest

STUDY = """<study name="t" seed="4">
  <model kind="function" objective="{function}">
    <float name="x0" low="{low}" high="{high}"/>
    <float name="x1" low="{low}" high="{high}"/>
  </model>
  <objective metric="value"/>
  <sampler name="{sampler}"/>
  <terminator name="regret-bound" {options}/>
  <budget trials="{trials}"/>
  <output file="t.h5" models="none"/>
</study>
"""


def write(tool, function="sphere", low=-5, high=5, sampler="gp", trials=80,
          options='error="0.01"'):
    (tool.folder / "t.xml").write_text(STUDY.format(
        function=function, low=low, high=high, sampler=sampler,
        trials=trials, options=options))
    return "t.xml"


def reason(path):
    with h5py.File(path, "r") as f:
        return f["sessions"]["exit_reason"][-1].decode()


def figures(text):
    """The bound and the error of a reason."""
    found = re.fullmatch(r"regret-bound: (\S+) is below the error (\S+)", text)
    return float(found[1]), float(found[2])


@pytest.mark.parametrize("sampler", ["random", "gp"])
def test_a_flat_function_ends_with_the_least_trials(tool, sampler):
    tool.run(write(tool, low=-1e-4, high=1e-4, sampler=sampler))
    assert states(tool.folder / "t.h5") == ["complete"] * 20
    bound, error = figures(reason(tool.folder / "t.h5"))
    assert bound < 1e-6 and error == 0.01


def test_an_easy_function_ends_when_it_is_found(tool):
    tool.run(write(tool))
    with h5py.File(tool.folder / "t.h5", "r") as f:
        values = f["trials"]["value"]
    assert 20 <= len(values) < 80
    assert 0 <= values.min() < 0.01  # the lowest value is 0


def test_a_search_that_has_not_found_it_goes_on(tool):
    """Sphere by chance alone: the best is worse than the error allows."""
    tool.run(write(tool, sampler="random", trials=60, low=-50, high=50))
    with h5py.File(tool.folder / "t.h5", "r") as f:
        values = f["trials"]["value"]
    assert len(values) == 60 and values.min() > 0.01
    assert reason(tool.folder / "t.h5") == "trials"


def test_failed_and_pruned_trials_do_not_count(tool):
    path = write(tool, function="branin", trials=60, options='error="1e6"')
    tool.run(path, "--set", "model/fixed[steps]=8", "--set",
             "pruner/name=median")
    found = states(tool.folder / "t.h5")
    assert found.count("complete") == 20 < len(found)


def test_the_error_of_folds(tool):
    name = study(tool, make_table(5), '<folds count="4"/>', model=GBT,
                 trials=70)
    tool.run(name, "--set", "terminator/name=regret-bound", "--set",
             "sampler/name=gp")
    with h5py.File(tool.folder / "s.h5", "r") as f:
        trials, curves = f["trials"][:], f["curves"][:]
    assert 20 <= len(trials) < 70
    # the study is strict: what the last decision knew is all but the window
    known = trials[:len(trials) - 16]
    best = known[np.argmin(known["value"])]
    curve = curves[best["curve_offset"]:][:best["curve_length"]]
    folds = curve["value"][(curve["step"] == best["steps"])
                           & (curve["fold"] > 0)]
    assert len(folds) == 4 and folds.mean() == pytest.approx(best["value"])
    bound, error = figures(reason(tool.folder / "s.h5"))
    expected = np.sqrt((1 / 4 + 1 / 3) * folds.var())
    assert bound < error == pytest.approx(expected, rel=0.01)


def test_strict_order_ends_at_the_same_trial(tool):
    path = write(tool, options='error="0.05"', trials=100)
    check_same(tool, [path, *STRICT, "--output"], kills=2)
    ends = {reason(tool.folder / f"s{n}.h5") for n in (1, 2, 3, 5)}
    ends.add(reason(tool.folder / "cut.h5"))
    assert len(ends) == 1 and figures(ends.pop())[0] < 0.05
    assert 36 <= len(states(tool.folder / "s1.h5")) < 100


def test_the_error_of_folds_after_restarts(tool):
    """The best trial's folds are read back from the file."""
    name = study(tool, make_table(5), '<folds count="4"/>', model=GBT,
                 trials=70)
    words = [name, "--set", "terminator/name=regret-bound", "--set",
             "sampler/name=gp", "--set", "parallel/window=4"]
    check_same(tool, [*words, "--output"], kills=2)
    n = len(states(tool.folder / "s1.h5"))
    assert 20 < n < 70
    for options in ([], ["--set", "parallel/order=arrival"]):
        tool.run(*words, *options, "--output", "a.h5", "--overwrite")
        n = len(states(tool.folder / "a.h5"))
        done = tool.run(*words, *options, "--output", "a.h5")
        assert "finished before" in done.stdout
        assert len(states(tool.folder / "a.h5")) == n < 70
    tool.run(*words, "--output", "b.h5", "--trials", 20)
    tool.run(*words, "--output", "b.h5")
    assert digest(tool.folder / "b.h5", 1) == digest(tool.folder / "s1.h5", 1)


LATTICE = """<model kind="function" objective="branin">
    <ordinal name="x0"><choice value="-5"/><choice value="0"/>
      <choice value="5"/><choice value="10"/></ordinal>
    <ordinal name="x1"><choice value="0"/><choice value="7"/>
      <choice value="15"/></ordinal>
  </model>{forbidden}"""


def write_lattice(tool, error, forbidden="", options='min-trials="5"'):
    """4 x 3 points."""
    path = write(tool, trials=60, options=f'error="{error}" {options}')
    text = (tool.folder / path).read_text()
    model = LATTICE.format(forbidden=forbidden)
    (tool.folder / path).write_text(
        re.sub("<model.*</model>", model, text, flags=re.S))
    return path


EVERY = "regret-bound: every point of the space was tried"


@pytest.mark.parametrize("sampler", ["gp", "tpe", "random"])
@pytest.mark.parametrize("options", ["", 'min-trials="5"'])
def test_a_space_that_is_tried_ends(tool, sampler, options):
    path = write_lattice(tool, 1e-6, options=options)
    tool.run(path, "--set", f"sampler/name={sampler}")
    assert states(tool.folder / "t.h5") == ["complete"] * 12
    assert reason(tool.folder / "t.h5") == EVERY
    done = tool.run(path, "--set", f"sampler/name={sampler}")
    assert "finished before" in done.stdout
    tool.run(path, "--set", f"sampler/name={sampler}", "--set",
             "terminator/name=none", "--trials", 14)
    assert len(states(tool.folder / "t.h5")) == 14


def test_forbidden_points_are_not_waited_for(tool):
    path = write_lattice(tool, 1e-6, """<forbidden>
      <when name="x0" value="-5"/><when name="x1" value="0"/></forbidden>""")
    tool.run(path, *STRICT, "--set", "parallel/window=1")
    assert states(tool.folder / "t.h5") == ["complete"] * 11
    assert reason(tool.folder / "t.h5") == EVERY


FAILS = """[ $(($1 + $2)) -ge {least} ] || exit 1
echo "{{\\"metrics\\": {{\\"loss\\": $(($1 + $2))}}}}"
"""
SIDE = """<int name="{}" low="0" high="{}"/>"""


def write_failing(tool, high, least, error, trials):
    """x + y, which fails below some sum, and there first."""
    run = script(tool, FAILS.format(least=least))
    first = "".join(f"""<enqueue><set name="x" value="{x}"/>
        <set name="y" value="{s - x}"/></enqueue>"""
                    for s in range(least) for x in range(s + 1))
    return program(
        tool, f"{run} {{x}} {{y}}", trials=trials,
        inside=SIDE.format("x", high) + SIDE.format("y", high),
        more=f"""<sampler name="gp"/>{first}
        <terminator name="regret-bound" error="{error}"/>""")


def test_failed_points_leave_the_bound(tool):
    """Six points of 144 would be better than the best, if they did not
    fail."""
    tool.run(write_failing(tool, 11, 3, 0.9, 100))
    found = states(tool.folder / "c.h5")
    assert found.count("failed") == 6 and 20 < len(found) < 100
    bound, error = figures(reason(tool.folder / "c.h5"))
    assert bound < error == 0.9


def test_a_space_that_is_tried_ends_with_failures(tool):
    tool.run(write_failing(tool, 3, 2, 1e-3, 60))
    found = states(tool.folder / "c.h5")
    assert len(found) == 16 and found.count("failed") == 3
    assert reason(tool.folder / "c.h5") == EVERY


def test_order_of_arrival_cancels_what_runs(tool):
    path = write(tool, options='error="0.05"', trials=100)
    done = tool.run(path, "--set", "model/fixed[delay]=0.005", ranks=4)
    assert "regret-bound: " in done.stdout
    found = states(tool.folder / "t.h5")
    assert found.count("complete") + found.count("cancelled") == len(found)
    assert 20 <= found.count("complete") < 100


def test_an_ended_study(tool):
    path = write(tool, function="branin", low=0, high=10, trials=150)
    tool.run(path)
    ended = reason(tool.folder / "t.h5")
    n = len(states(tool.folder / "t.h5"))
    done = tool.run("status", "t.h5")
    assert "finished" in done.stdout and f"ended    {ended}" in done.stdout
    done = tool.run(path)
    assert "finished before; a smaller error" in done.stdout
    tool.run(path, "--set", "terminator/error=1e-3")
    more = len(states(tool.folder / "t.h5"))
    assert more > n and figures(reason(tool.folder / "t.h5"))[1] == 1e-3
    tool.run(path, "--set", "terminator/name=none", "--trials", more + 5)
    assert len(states(tool.folder / "t.h5")) == more + 5


BAD = {
    "": "error= is needed without <folds>",
    'error="folds"': "the study has no <folds>",
    'error="0"': "error can't be \"0\"; allowed: folds, or a number above 0",
    'error="-1"': "error can't be \"-1\"",
    'error="nan"': "error can't be \"nan\"",
    'error="inf"': "error can't be \"inf\"",
    'error="0.1" min-trials="1"': "min-trials = 1 is out of range",
    'error="0.1" mintrials="9"': "did you mean \"min-trials\"?",
    'error="0.1" top-trials-ratio="0"': "above 0",
}


@pytest.mark.parametrize("options", BAD)
def test_bad_options_are_told(tool, options):
    path = write(tool, options=options)
    for command in ("check", "run"):
        done = tool.run(command, path, expect=2)
        assert BAD[options] in done.stderr
        assert "t.xml:8: <terminator name=\"regret-bound\">" in done.stderr
    assert not (tool.folder / "t.h5").exists()


def test_bad_folds_are_not_taken_for_none(tool):
    name = study(tool, make_table(5), '<folds cuont="4"/>', model=GBT)
    done = tool.run("check", name, "--set", "terminator/name=regret-bound",
                    expect=2)
    assert "cuont" in done.stderr and "without <folds>" not in done.stderr


def test_a_bad_error_of_an_option_names_it(tool):
    done = tool.run("check", write(tool), "--set", "terminator/error=0",
                    expect=2)
    assert "--set terminator/error=0: " in done.stderr
    assert "error can't be \"0\"" in done.stderr


def test_a_terminator_that_can_never_act_is_told(tool):
    told = "can't end the study before its budget of 80 trials"
    for least, order, late in ((80, "arrival", True), (79, "arrival", False),
                               (65, "strict", True), (64, "strict", False)):
        done = tool.run(
            "check", write(tool, options=f'error="1" min-trials="{least}"'),
            "--set", f"parallel/order={order}")
        assert (told in done.stderr) == late
        assert (f'min-trials="{least}"' in done.stderr) == late


PROGRAM = """<model kind="command" run="true {a}">
<float name="a" low="0" high="1"/></model>"""


@pytest.mark.parametrize("error", ["", 'error="folds"'])
@pytest.mark.parametrize("metric, model", [
    ("train_seconds", GBT), ("model_bytes", GBT), ("m", PROGRAM)])
def test_an_objective_that_folds_lack_needs_a_number(tool, error, metric,
                                                     model):
    name = study(tool, make_table(5), '<folds count="3"/>', model=model,
                 metric=metric)
    text = (tool.folder / name).read_text().replace("strict", "arrival")
    head, tail = text.replace("<objective", '<objective direction="minimize"'
                              ).split("<budget")
    line = head.count("\n") + 1
    for given, code in ((error, 2), ('error="0.5"', 0)):
        (tool.folder / name).write_text(
            f'{head}<terminator name="regret-bound" {given}/><budget{tail}')
        done = tool.run("check", name, expect=code)
        told = (f'{name}:{line}: <terminator name="regret-bound">: the folds '
                f"have no {metric} of their own")
        assert (told in done.stderr) == (code == 2), done.stderr
    assert 'such as error="0.001"' in tool.run(
        name, "--set", "terminator/error=folds", expect=2).stderr


def test_bad_names_and_several_objectives(tool):
    path = write(tool)
    done = tool.run("check", path, "--set", "terminator/name=regretbound",
                    expect=2)
    assert "did you mean \"regret-bound\"?" in done.stderr
    text = (tool.folder / path).read_text()
    (tool.folder / path).write_text(text.replace(
        '<sampler name="gp"/>',
        '<objective metric="train_seconds"/><sampler name="tpe"/>'))
    done = tool.run("check", path, expect=2)
    assert "terminator regret-bound is for one objective" in done.stderr


def test_check_and_describe_show_it(tool):
    done = tool.run("check", write(tool))
    assert "terminator  regret-bound, error 0.01, min-trials 20" in done.stdout
    done = tool.run("describe", "regret-bound")
    for word in ("terminator regret-bound", "Makarova", "top-trials-ratio"):
        assert word in done.stdout
