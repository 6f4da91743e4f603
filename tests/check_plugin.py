# SPDX-License-Identifier: BSD-3-Clause
"""Models and objectives in shared libraries: what they are told, what they
give, how they go wrong, and that a rank never does."""
import csv
import json
import math
import os
import re
import shutil
import subprocess
import time

import h5py
import numpy
import pytest
from check_command import kill_ranks, living, rows, wait_until
from conftest import BUILD, INPUTS, ROOT
from digest import digest

STUDY = """<study name="p" seed="4">
  {data}
  <model kind="plugin" library="{library}">{inside}</model>
  {more}
  <output file="p.h5" models="all"/>
</study>
"""
X = '<float name="x" low="-5" high="5"/>'
LOSS = '<objective metric="loss" direction="minimize"/>'


def build(tool, source, name="libodd.so", *flags):
    subprocess.run(
        [*os.environ.get("CC", "cc").split(), "-O1", "-shared", "-fPIC", "-w",
         f"-I{ROOT}/include", *flags, "-o", tool.folder / name, source,
         "-lm"], check=True)
    return f"./{name}"


def odd(tool, *flags):
    return build(tool, ROOT / "tests/plugins/odd.c", "libodd.so", *flags)


def study(tool, library, inside=X, more=LOSS + '<budget trials="4"/>',
          data="", name="p.xml"):
    path = tool.folder / name
    path.write_text(STUDY.format(library=library, inside=inside, more=more,
                                 data=data))
    return path


def choices(*how):
    return '<categorical name="how">' + "".join(
        f'<choice value="{h}"/>' for h in how) + "</categorical>"


def test_values_and_metrics(tool):
    inside = (X + choices("well", "noise") +
              '<int name="steps" low="1" high="4"/>'
              '<fixed name="flag" value="true"/>')
    path = study(tool, odd(tool), inside, LOSS +
                 '<report metrics="seen seed other"/><budget trials="12"/>')
    for extra in ([], ["--set", "model/fixed[in_process]=yes"]):
        tool.run(path, "--quiet", "--overwrite", *extra)
        for r in rows(tool.folder / "p.h5"):
            assert r["state"] == "complete", r
            assert r["steps"] == r["params.steps"]
            assert r["value"] == r["params.x"] ** 2 + 1 / r["steps"]
            how = 10 if r["params.how"] == 1 else 0  # enum: noise is second
            assert r["metrics.seen"] == 1001 + 10 * how
            assert r["metrics.seed"] == 4 + 1000 * r["number"]
            assert math.isnan(r["metrics.other"])


REASONS = {
    "segv": r"signal 11 .*: about to crash|^exit code 1: .*SEGV",
    "abort": r"signal 6 \(Aborted\)", "exit0": "the library ended its process",
    "exit3": "exit code 3", "hang": "time limit", "fail": "^no luck$",
    "seven": "step of the plugin gives 7", "nan": "loss is not finite"}


@pytest.mark.parametrize("hangs", [False, True])
def test_failures_are_the_trial_s(tool, hangs):
    reasons = {h: r for h, r in REASONS.items() if (h == "hang") == hangs}
    more = (LOSS + '<sampler name="grid"/>' +
            ('<trial-limits time="2s"/>' if hangs else "") +
            f'<budget trials="{len(reasons)}"/>')
    mark = f"hpo{os.getpid()}x{time.monotonic_ns()}"
    tool.run(study(tool, odd(tool), choices(*reasons), more), "--quiet",
             ranks=3, expect=5, MARK_OF_TEST=mark)
    got = rows(tool.folder / "p.h5")
    with h5py.File(tool.folder / "p.h5") as f:
        names = {v: k for k, v in h5py.check_enum_dtype(
            f["trials"].dtype["params.how"]).items()}
    assert len(got) == len(reasons)
    for r in got:
        how = names[r["params.how"]]
        assert r["state"] == "failed"
        assert re.search(reasons[how], r["reason"]), (how, r["reason"])
    assert not living(mark)


@pytest.mark.parametrize("how,limit,reason", [
    ("grow", 'memory="300M"', "memory limit: the program"),
    ("apart", 'memory="300M" time="100s"', "memory limit: the program"),
    ("family", 'time="3s"', "time limit")])
def test_memory_and_family(tool, how, limit, reason):
    """A blow-up is stopped at the limit, also in a session of its own; what a
    library has started goes with its trial."""
    mark = f"hpo{os.getpid()}x{time.monotonic_ns()}"
    more = LOSS + f'<trial-limits {limit}/><budget trials="1"/>'
    tool.run(study(tool, odd(tool), f'<fixed name="how" value="{how}"/>{X}',
                   more), "--quiet", expect=5, MARK_OF_TEST=mark)
    assert reason in rows(tool.folder / "p.h5")[0]["reason"]
    wait_until(lambda: not living(mark))


def test_a_look_at_a_library_leaves_nothing(tool):
    mark = f"hpo{os.getpid()}x{time.monotonic_ns()}"
    library = odd(tool, "-DLOADED=start_sleeper()")
    for words in (["describe", library], ["check", study(tool, library)]):
        tool.run(*words, MARK_OF_TEST=mark)
        assert not living(mark)


def many_rows(tool, limit=""):
    """A study whose predictions ask for half a MiB at once."""
    rng = numpy.random.default_rng(1)
    numpy.savetxt(tool.folder / "d.csv", rng.integers(3, size=(8000, 17)),
                  fmt="%d", delimiter=",", comments="",
                  header=",".join("abcdefghijklmnopq"))
    return study(tool, build(tool, ROOT / "tests/plugins/spy.c", "libspy.so"),
                 "", f'<objective metric="logloss"/>{limit}<budget '
                 'trials="1"/>', '<data task="multiclass" label="q"><train '
                 'href="d.csv"/><test fraction="0.97"/><validation '
                 'fraction="0.5"/></data>')


def scores_of(path):
    with h5py.File(path) as f:
        return list(f["test_scores"]["value"])


def test_a_library_that_talks_while_it_is_asked(tool):
    path = many_rows(tool)
    tool.run(path, "--quiet", SPY="chatty", timeout=60)
    assert abs(scores_of(tool.folder / "p.h5")[0] - math.log(3)) < 1e-12
    out = tool.run("predict", "p.h5", "d.csv", SPY="chatty", timeout=60).stdout
    assert out.count("\n") == 8001


@pytest.mark.parametrize("where", ["load", "predict"])
def test_a_library_that_never_predicts(tool, where):
    """The trial's time is an answer's too: no score, an error, no rank that
    hangs."""
    path = many_rows(tool, '<trial-limits time="2s"/>')
    tool.run(path, "--quiet")
    assert len(scores_of(tool.folder / "p.h5")) == 1
    done = tool.run("predict", "p.h5", "d.csv", expect=None, SPY=where,
                    timeout=60)
    assert done.returncode not in (0, 70)
    assert "the plugin gives no predictions in 2 s: here" in done.stderr
    if where == "load":  # a step predicts as well
        done = tool.run(path, "--quiet", "--overwrite", SPY=where,
                        timeout=60)
        assert "trial 0 is not scored: the plugin gives no" in done.stderr
        assert not scores_of(tool.folder / "p.h5")


@pytest.mark.parametrize("ranks", [1, 3])
def test_a_killed_study_leaves_nothing(tool, ranks):
    mark = f"hpo{os.getpid()}x{time.monotonic_ns()}"
    path = study(tool, odd(tool), X + '<fixed name="how" value="family"/>')
    begun = tool.start(path, "--quiet", ranks=ranks, MARK_OF_TEST=mark)
    wait_until(lambda: sum("sleep" in open(f"/proc/{p}/comm").read()
                           for p in living(mark)
                           if os.path.exists(f"/proc/{p}/comm")) >= 2)
    kill_ranks(mark)
    begun.kill()
    begun.communicate()
    wait_until(lambda: not living(mark))


def test_killed_and_resumed(tool):
    more = LOSS + ('<sampler name="tpe" startup-trials="4"/><parallel '
                   'order="strict" window="3"/><budget trials="150"/>')
    path = study(tool, odd(tool), X, more)
    tool.run(path, "--quiet", "--output", "whole.h5")
    mark = f"hpo{os.getpid()}x{time.monotonic_ns()}"
    begun = tool.start(path, "--quiet", ranks=3, MARK_OF_TEST=mark)
    out = tool.folder / "p.h5"
    wait_until(lambda: out.exists() and
               sum(r["state"] == "complete" for r in rows(out)) >= 5)
    kill_ranks(mark)
    begun.kill()
    begun.communicate()
    wait_until(lambda: not living(mark))
    tool.run(path, "--quiet", ranks=2)
    assert digest(out) == digest(tool.folder / "whole.h5")


def test_pruned_and_strict(tool):
    inside = X + '<fixed name="steps" value="9"/>'
    more = (LOSS + '<pruner name="{}"/><parallel order="strict" window="4"/>'
            '<budget trials="24"/>')
    for pruner in ('median" startup-trials="3', 'halving" min-resource="1'):
        text = inside if "median" in pruner else inside.replace(
            '<fixed name="steps" value="9"/>',
            '<int name="steps" low="8" high="9"/>')
        path = study(tool, odd(tool), text, more.format(pruner))
        found = set()
        for ranks in (1, 3, 5):
            tool.run(path, "--quiet", "--output", f"{ranks}.h5",
                     "--overwrite", ranks=ranks)
            found.add(digest(tool.folder / f"{ranks}.h5"))
            assert {r["state"] for r in rows(tool.folder / f"{ranks}.h5")} \
                == {"complete", "pruned"}
        assert len(found) == 1


BAD = {
    "ABI=2": "it has plugin ABI 2, and this hpotune has 1",
    "SIZE=8": r"its table has 8 bytes by its own account, and ABI 1 has \d+",
    "TASKS=64": "tasks = 64 in its table",
    "TASKS=HPOTUNE_BINARY": "its table has no function predict",
    "STEP=NULL": "its table has no function step",
    "OPTIONS=4000000": "its table says 4000000 options",
    "OPTIONS=900": "loading it and reading its table went wrong|option 5 of "
                   "its table|its option",
    'NAME="a b"': 'option 0 of its table is called "a b"',
    'NAME="steps"': "its option steps is there twice",
    'NAME="library"': "its option library has the name of one of hpotune's",
    "NAME=(char *)1": "went wrong: hpotune-plugin failed",
    'DEFAULT="many"': "the default of option x",
    'DEFAULT="7"': "the default of option x",
    "LOW=9": "its option x has the range 9 to 5",
    "TYPE=9": "its option x has type 9",
    "TYPE=HPOTUNE_CHOICE": "its option x: HPOTUNE_CHOICE and choices",
    "LOADED=abort()": "went wrong: hpotune-plugin failed",
    "GET=return 0": "hpotune_plugin_get gives NULL",
    "GET=abort()": "went wrong: hpotune-plugin failed",
    "GET=return (void *)64": "went wrong: hpotune-plugin failed",
    "hpotune_plugin_get=other": "no function hpotune_plugin_get",
}


def test_what_is_wrong_with_a_library_is_told(tool):
    path = study(tool, "./libodd.so")
    for flag, words in BAD.items():
        odd(tool, f"-D{flag}")
        done = tool.run("check", path, expect=2)
        assert re.search(r"p.xml:3: .*libodd.so.*(" + words + ")",
                         done.stderr), (flag, done.stderr)
        assert done.stderr.count("\n") == 1, done.stderr
    tool.run(path, "--quiet", ranks=2, expect=2)  # at the start as well
    assert not (tool.folder / "p.h5").exists()
    for text, words in (("no library", "it can't be loaded"),
                        ("", "it can't be loaded")):
        (tool.folder / "libodd.so").write_text(text)
        assert words in tool.run("check", path, expect=2).stderr
    (tool.folder / "libodd.so").unlink()
    assert "No such file" in tool.run("check", path, expect=2).stderr
    path.write_text(path.read_text().replace(' library="./libodd.so"', ""))
    assert "library= is missing" in tool.run("check", path, expect=2).stderr


def test_words_are_checked_against_its_table(tool):
    library = odd(tool)
    for inside, words in (
            (X.replace('"x"', '"xx"'), 'plugin has no option "xx"; did you '
             'mean "x"? Allowed: library, in_process, x, steps, how'),
            (X.replace('"-5"', '"-50"'), "-50"),
            (choices("wall", "segv"), 'did you mean "well"?'),
            ('<float name="steps" low="1" high="2"/>', "search it with <int>"),
            (X + '<fixed name="how" value="bad"/>', '"bad" is not known')):
        done = tool.run("check", study(tool, library, inside), expect=2)
        assert words in done.stderr and "p.xml:3: " in done.stderr, done.stderr
    done = tool.run("check", study(tool, library, data="""
  <data task="regression" label="progression">
    <train href="INPUTS/diabetes.csv"/><validation fraction="0.2"/>
  </data>""".replace("INPUTS", str(INPUTS)),
        more='<objective metric="rmse"/><budget trials="2"/>'), expect=2)
    assert "model plugin takes no <data>" in done.stderr


def test_models_that_can_t_be_made(tool):
    library = odd(tool)
    for word, reason in (("refused", "no such word"),
                         ("null", "create of the plugin gives no model")):
        tool.run(study(tool, library, X + f'<fixed name="word" value="{word}"'
                       "/>"), "--quiet", "--overwrite", expect=5)
        assert all(reason in r["reason"] for r in rows(tool.folder / "p.h5"))


def test_describe(tool):
    library = odd(tool)
    for words in (["--library", "libodd.so"], [library]):
        out = tool.run("describe", *words).stdout
        assert out.startswith("model odd\na parabola with a temper\ntasks: no "
                              "data\n")
        assert re.search(r"  x\n +float, default 0.5, -5\.\.5\n", out)
        assert "choice, default well, one of well segv" in out
    assert "No such file" in tool.run("describe", "./no.so", expect=2).stderr


# --- data ---------------------------------------------------------------------

def descend(x, y, alpha, rate, n_iter, binary):
    """What inputs/plugin/descent.c does."""
    mean, scale = x.mean(0), x.std(0)
    scale[scale == 0] = 1
    z = numpy.hstack([(x - mean) / scale, numpy.ones((len(x), 1))])
    w = numpy.zeros(z.shape[1])
    for _ in range(n_iter):
        p = 1 / (1 + numpy.exp(-z @ w)) if binary else z @ w
        w -= rate * (z.T @ (p - y) / len(y) + alpha * w)

    def predict(new):
        p = numpy.hstack([(new - mean) / scale, numpy.ones((len(new), 1))]) @ w
        return 1 / (1 + numpy.exp(-p)) if binary else p
    return predict


def table(path):
    with open(path, newline="") as f:
        lines = list(csv.reader(f))
    return lines[0], lines[1:]


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_models_on_data(tool, task):
    """The metrics of a trial and the predictions of its stored model, against
    the same model in numpy; the same file on any ranks, teams and in
    process."""
    from sklearn.metrics import log_loss, mean_squared_error
    library = build(tool, INPUTS / "plugin/descent.c", "libdescent.so")
    binary = task == "binary"
    source = INPUTS / ("breast_cancer.csv" if binary else "diabetes.csv")
    data = (f'<data task="{task}" label="'
            f'{"diagnosis" if binary else "progression"}">'
            f'<train href="{source}"/><validation fraction="0.25"/></data>')
    more = (f'<objective metric="{"logloss" if binary else "rmse"}"/>'
            '<sampler name="random"/><pruner name="median" '
            'startup-trials="2"/><budget trials="6"/>'
            '<parallel order="strict" window="3"/>')
    inside = ('<fixed name="max_iter" value="20"/><float name="learning_rate" '
              'low="0.01" high="0.2"/><float name="alpha" low="0.001" '
              'high="0.1"/>')
    path = study(tool, library, inside, more, data)
    found = set()
    for ranks, *extra in (
            (1,), (4, "--set", "parallel/ranks-per-trial=3"),
            *([(3,), (5,)] if binary else [])):
        tool.run(path, "--quiet", "--overwrite", *extra, ranks=ranks)
        found.add(digest(tool.folder / "p.h5"))
    assert len(found) == 1
    assert "the same" in tool.run("replay", "best", "p.h5").stdout
    head, lines = table(source)
    at = len(head) - 1
    x = numpy.array([[float(v) for v in r[:at]] for r in lines])
    with h5py.File(tool.folder / "p.h5") as f:
        role = f["data/role"][:]
        classes = [c.decode() for c in f["data/classes"][:]] if binary else []
    y = numpy.array([float(classes.index(r[at])) if binary else float(r[at])
                     for r in lines])
    train, valid = role == 0, role == 1
    for r in rows(tool.folder / "p.h5"):
        predict = descend(x[train], y[train], r["params.alpha"],
                          r["params.learning_rate"], r["steps"], binary)
        want = (log_loss(y[valid], predict(x[valid])) if binary else
                mean_squared_error(y[valid], predict(x[valid])) ** 0.5)
        assert abs(r["value"] - want) < 1e-5 * abs(want)
    best = min((r for r in rows(tool.folder / "p.h5")
                if r["state"] == "complete"), key=lambda r: r["value"])
    predict = descend(x[train], y[train], best["params.alpha"],
                      best["params.learning_rate"], best["steps"], binary)
    out = tool.run("predict", "p.h5", source).stdout.split()[1:]
    assert numpy.allclose([float(v) for v in out], predict(x), rtol=1e-5)
    check_stored(tool, source)


def test_sharded_is_refused(tool):
    library = build(tool, INPUTS / "plugin/descent.c", "libdescent.so")
    data = ('<data task="regression" label="progression"><train href="'
            f'{INPUTS}/diabetes.csv"/><validation fraction="0.2"/></data>')
    path = study(tool, library, '<fixed name="alpha" value="0"/>',
                 '<objective metric="rmse"/><budget trials="1"/>'
                 '<parallel data="sharded"/>', data)
    assert "model plugin needs all rows" in tool.run("check", path,
                                                     expect=2).stderr


def check_stored(tool, source):
    """The bytes as they are; elsewhere the library is looked for beside the
    study file, or where --library says."""
    tool.run("export", "p.h5", "-o", "m.bin")
    want = tool.run("predict", "p.h5", source).stdout
    columns = len(table(source)[0]) - 1
    assert (tool.folder / "m.bin").stat().st_size == 8 * (3 * columns + 1)
    other = tool.folder / "other"
    other.mkdir()
    shutil.move(tool.folder / "p.h5", other)
    shutil.move(tool.folder / "libdescent.so", other)
    assert tool.run("predict", "other/p.h5", source).stdout == want
    shutil.move(other / "libdescent.so", tool.folder / "l.so")
    done = tool.run("predict", "other/p.h5", source, expect=2)
    assert "libdescent.so is not there; --library" in done.stderr
    assert tool.run("predict", "other/p.h5", source, "--library",
                    "l.so").stdout == want
    for words in (["predict", "other/p.h5", source, "--margin", "--library",
                   "l.so"], ["export", "other/p.h5", "--format", "json"]):
        assert "error" in tool.run(*words, expect=2).stderr


def test_folds(tool):
    from sklearn.metrics import mean_squared_error
    library = build(tool, INPUTS / "plugin/descent.c", "libdescent.so")
    source = INPUTS / "diabetes.csv"
    data = ('<data task="regression" label="progression"><train href='
            f'"{source}"/><folds count="3"/></data>')
    path = study(tool, library, '<fixed name="max_iter" value="15"/>'
                 '<float name="learning_rate" low="0.01" high="0.2"/>',
                 '<objective metric="rmse"/><budget trials="3"/>', data)
    tool.run(path, "--quiet", ranks=2)
    head, lines = table(source)
    all_rows = numpy.array(lines, float)
    x, y = all_rows[:, :-1], all_rows[:, -1]
    with h5py.File(tool.folder / "p.h5") as f:
        fold = f["data/fold"][:]
    for r in rows(tool.folder / "p.h5"):
        each = []
        for k in (1, 2, 3):
            predict = descend(x[fold != k], y[fold != k], 1e-4,
                              r["params.learning_rate"], 15, False)
            each.append(mean_squared_error(y[fold == k],
                                           predict(x[fold == k])) ** 0.5)
        assert abs(r["value"] - numpy.mean(each)) < 1e-5 * r["value"]
    best = min(rows(tool.folder / "p.h5"), key=lambda r: r["value"])
    predict = descend(x, y, 1e-4, best["params.learning_rate"], 15, False)
    out = tool.run("predict", "p.h5", source).stdout.split()[1:]
    assert numpy.allclose([float(v) for v in out], predict(x), rtol=1e-5)


def test_example_outside_the_tree(tool):
    """What a user does: an installed prefix (also another than configure's),
    the example copied out of it, make, hpotune."""
    prefix = tool.folder / "prefix"
    subprocess.run(["make", "-s", "-C", BUILD, f"prefix={prefix}",
                    "install"], check=True, capture_output=True)
    mine = tool.folder / "mine"
    inputs = prefix / "share/doc/hpotune/inputs"
    shutil.copytree(inputs / "plugin", mine)
    assert len((mine / "descent.c").read_text().splitlines()) < 100
    subprocess.run(["make", "-s", "CFLAGS=-O2 -Wall -Wextra -Werror "
                    "-Wno-unused-parameter",
                    f"PKG_CONFIG_PATH={prefix}/lib/pkgconfig"],
                   cwd=mine, check=True)
    shutil.copy(inputs / "breast_cancer.csv", tool.folder)
    done = subprocess.run([prefix / "bin/hpotune", "descent.xml", "--quiet"],
                          cwd=mine, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    value = float(re.search("best trial .*: logloss (.*)", done.stdout)[1])
    assert value < 0.1, done.stdout


def test_the_header_in_cpp(tool):
    path = tool.folder / "p.cpp"
    path.write_text('#include <hpotune/plugin.h>\nextern "C" const '
                    "hpotune_plugin *hpotune_plugin_get(void) { return 0; }\n")
    subprocess.run(["g++", "-std=c++11", "-Wall", "-Wextra", "-Wpedantic",
                    "-Werror", f"-I{ROOT}/include", "-shared", "-fPIC", "-o",
                    tool.folder / "p.so", path], check=True)
    done = tool.run("describe", "./p.so", expect=2)
    assert "hpotune_plugin_get gives NULL" in done.stderr


def test_sealed_test_and_refit(tool):
    """<test> and <refit/> score and train a plugin's model like others."""
    from sklearn.metrics import mean_squared_error
    library = build(tool, INPUTS / "plugin/descent.c", "libdescent.so")
    source = INPUTS / "diabetes.csv"
    data = ('<data task="regression" label="progression"><train href='
            f'"{source}"/><validation fraction="0.25"/>'
            f'<test href="{source}"/></data>')
    path = study(tool, library, '<fixed name="max_iter" value="15"/>'
                 '<float name="learning_rate" low="0.01" high="0.2"/>',
                 '<objective metric="rmse"/><budget trials="3"/><winner/>'
                 '<refit/>', data)
    tool.run(path, "--quiet", ranks=2)
    x, y = numpy.split(numpy.array(table(source)[1], float), [-1], axis=1)
    best = min(rows(tool.folder / "p.h5"), key=lambda r: r["value"])
    with h5py.File(tool.folder / "p.h5") as f:
        role = f["data/role"][:]
        scores = f["test_scores"][:]
    one = scores[(scores["trial"] == best["number"]) & (scores["model"] == 0)
                 & (scores["metric"] == 0)]
    first = role[:len(y)] == 0
    for on, words, want in ((first, [], None),
                            (first | True, ["--model", "refit"], None)):
        predict = descend(x[on], y[on, 0], 1e-4, best["params.learning_rate"],
                          15, False)
        out = tool.run("predict", "p.h5", source, *words).stdout.split()[1:]
        assert numpy.allclose([float(v) for v in out], predict(x), rtol=1e-5)
        if not words:
            want = mean_squared_error(y, predict(x)) ** 0.5
            assert abs(one["value"][0] - want) < 1e-5 * want


@pytest.mark.parametrize("kinds", ["abc", "ab"])
def test_what_a_model_sees_of_the_data(tool, kinds):
    """Names, categories, missing values, classes, weights, rows; and with
    task multiclass each class has a probability, be they two."""
    rng = numpy.random.default_rng(1)
    lines = [[f"{rng.normal():.3f}" if rng.random() > 0.2 else "",
              rng.choice(["red", "blue", "green"]), str(rng.integers(9)),
              str(rng.integers(1, 4)), rng.choice(list(kinds))]
             for _ in range(60)]
    with open(tool.folder / "d.csv", "w", newline="") as f:
        csv.writer(f).writerows([["num", "colour", "unused", "w", "kind"],
                                 *lines])
    library = build(tool, ROOT / "tests/plugins/spy.c", "libspy.so")
    data = ('<data task="multiclass" label="kind"><train href="d.csv"/>'
            '<validation fraction="0.25"/><weight column="w"/>'
            '<ignore columns="unused"/></data>')
    path = study(tool, library, "",
                 '<objective metric="logloss"/><budget trials="1"/>', data)
    for team in (1, 2):
        tool.run(path, "--quiet", "--overwrite", "--set",
                 f"parallel/ranks-per-trial={team}", ranks=team + 1)
        tool.run("export", "p.h5", "-o", "spy.json")
        told = json.loads((tool.folder / "spy.json").read_text())
        assert (told["task"], told["outputs"], told["classes"],
                told["threads"]) == (2, len(kinds), len(kinds), team)
        assert told["columns"] == [["num", 0], ["colour", 3]]
        with h5py.File(tool.folder / "p.h5") as f:
            role = f["data/role"][:]
        for name, number in (("train", 0), ("valid", 1)):
            want = [[float(numpy.float32(r[0])) if r[0] else None,
                     ["blue", "green", "red"].index(r[1]),
                     kinds.index(r[4]), float(r[3])]
                    for r, own in zip(lines, role) if own == number]
            assert told[name] == want
        one = rows(tool.folder / "p.h5")[0]
        assert abs(one["value"] - math.log(len(kinds))) < 1e-12
    head, *said = tool.run("predict", "p.h5", "d.csv").stdout.split()
    assert head == ",".join(["class"] + [f"probability_{k}" for k in kinds])
    share = ",".join([f"{1 / len(kinds):.9g}"] * len(kinds))
    assert said == [f"a,{share}"] * len(lines)
