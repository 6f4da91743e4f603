# SPDX-License-Identifier: BSD-3-Clause
"""<warm-start>: a study begins with what others found out."""
import time

import h5py
import numpy as np
import pytest
from check_samplers import STRICT
from digest import digest

BOX = "".join(f'<float name="x{i}" low="0" high="1"/>' for i in range(6))


def write(folder, name, space=BOX, extra="", trials=20, sampler="tpe",
          objective="hartmann6", goal='<objective metric="value"/>', seed=1,
          model=None):
    path = folder / f"{name}.xml"
    model = model or (f'<model kind="function" objective="{objective}">'
                      f'{space}</model>')
    path.write_text(
        f'<study name="{name}" seed="{seed}">\n{model}\n{goal}\n'
        f'<sampler name="{sampler}"/>\n{extra}\n'
        f'<budget trials="{trials}"/>\n'
        f'<output file="{name}.h5" models="none"/></study>')
    return path


def warm(href="old.h5", **words):
    return (f'<warm-start href="{href}" '
            + " ".join(f'{k}="{v}"' for k, v in words.items()) + "/>")


def trials_of(path):
    with h5py.File(path, "r", swmr=True) as f:
        return f["trials"][:]


def known_of(path):
    with h5py.File(path, "r") as f:
        return {k: v[:] for k, v in f["known"].items()}


@pytest.mark.parametrize("sampler", ["tpe", "gp", "cmaes", "nsga2"])
def test_twenty_trials_find_a_better_point(tool, sampler):
    """Five seeds each, after 80 trials of another one."""
    tool.run("run", write(tool.folder, "old", trials=80, seed=77))
    cold, hot = [], []
    for seed in range(1, 6):
        for name, extra, best in (("cold", "", cold), ("warm", warm(), hot)):
            tool.run("run", write(tool.folder, name, extra=extra,
                                  sampler=sampler, seed=seed), "--overwrite")
            best.append(trials_of(tool.folder / f"{name}.h5")["value"].min())
    old = trials_of(tool.folder / "old.h5")["value"].min()
    print(sampler, old, np.sort(cold), np.sort(hot))
    assert max(hot) < min(cold)


def test_the_file_holds_what_was_taken(tool):
    tool.run("run", write(tool.folder, "old", trials=30, sampler="random"))
    tool.run("run", write(tool.folder, "new", extra=warm(trials="best:7")))
    old, new = (trials_of(tool.folder / f"{n}.h5") for n in ("old", "new"))
    known = known_of(tool.folder / "new.h5")
    best = np.sort(np.argsort(old["value"])[:7])
    assert list(known["trial"]) == list(best)
    assert set(known["state"]) == {b"complete"}
    assert set(known["source"]) == {b"old.h5"}
    for name in ["value"] + [f"params.x{i}" for i in range(6)]:
        assert list(known[name]) == list(old[name][best])
    assert len(new) == 20  # they are none of its own
    done = tool.run("status", "new.h5").stdout
    assert "20" in done and "27" not in done
    with h5py.File(tool.folder / "new.h5") as f:
        text = f["study/resolved"][0].decode()
    assert "taken = 7 of 30 trials are known, the best of 30" in text
    tool.run("compact", "new.h5")
    assert list(known_of(tool.folder / "new.h5")["trial"]) == list(best)


def test_points_come_first(tool):
    tool.run("run", write(tool.folder, "old", trials=30, sampler="random"))
    old = trials_of(tool.folder / "old.h5")
    space = BOX.replace('"x5" low="0" high="1"', '"x5" low="0.4" high="0.6"')
    extra = ('<enqueue><set name="x0" value="0.5"/></enqueue>'
             + warm(**{"as": "points"}, trials="best:3", outside="clip"))
    for sampler in ("random", "qmc", "tpe", "gp", "cmaes", "nsga2"):
        study = write(tool.folder, "new", space=space, extra=extra, trials=5,
                      sampler=sampler)
        tool.run("run", study, "--overwrite")
        new = trials_of(tool.folder / "new.h5")
        assert new["params.x0"][0] == 0.5
        for k, i in enumerate(np.argsort(old["value"])[:3]):
            for p in range(5):
                assert new[f"params.x{p}"][k + 1] == old[f"params.x{p}"][i]
            assert new["params.x5"][k + 1] == np.clip(old["params.x5"][i],
                                                      0.4, 0.6)
    assert set(known_of(tool.folder / "new.h5")["state"]) == {b"start point"}


@pytest.mark.parametrize("sampler", ["random", "qmc"])
def test_blind_samplers_do_as_ever(tool, sampler):
    tool.run("run", write(tool.folder, "old", trials=30, sampler="random"))
    tool.run("run", write(tool.folder, "cold", sampler=sampler))
    done = tool.run("run", write(tool.folder, "new", sampler=sampler,
                                 extra=warm()))
    assert f"sampler {sampler} does not learn" in done.stderr
    a, b = (trials_of(tool.folder / f"{n}.h5") for n in ("cold", "new"))
    for i in range(6):
        assert list(a[f"params.x{i}"]) == list(b[f"params.x{i}"])


SPACES = {
    "fewer": ('<int name="x0" low="0" high="9"/>'
              '<float name="x1" low="0.01" high="1" log="yes"/>'
              '<categorical name="x2"><choice value="1"/><choice value="2">'
              '<float name="x3" low="-1" high="1"/></choice></categorical>'
              '<fixed name="x4" value="0.25"/>'),
    "other": ('<float name="x0" low="2" high="6" step="0.5"/>'
              '<float name="x1" low="0.01" high="0.5"/>'
              '<int name="x2" low="1" high="3"/>'
              '<float name="x4" low="0" high="1"/>'),
    "nested": ('<categorical name="x0"><choice value="1"/><choice value="2"/>'
               '<choice value="3"/></categorical>'
               '<float name="x1" low="0.01" high="1"/>'
               '<categorical name="x2"><choice value="2">'
               '<float name="x3" low="-1" high="1"/></choice></categorical>')}


def test_other_spaces(tool):
    tool.run("run", write(tool.folder, "old", SPACES["fewer"], trials=60,
                          sampler="random", objective="sphere"))
    old = trials_of(tool.folder / "old.h5")
    x2 = old["params.x2"] + 1  # the choices 1 and 2
    for name, fits in (
            ("other", (old["params.x0"] >= 2) & (old["params.x0"] <= 6)
             & (old["params.x1"] <= 0.5)),
            ("nested", (old["params.x0"] >= 1) & (old["params.x0"] <= 3)
             & (x2 == 2))):
        study = write(tool.folder, name, SPACES[name], warm(), trials=3,
                      objective="sphere")
        said = tool.run("check", study).stdout
        tool.run("run", study)
        known = known_of(tool.folder / f"{name}.h5")
        expected = np.flatnonzero(fits)
        assert 0 < len(expected) < 60
        assert list(known["trial"]) == list(expected)
        assert f"{len(expected)} of 60 trials are known; left out" in said
        assert list(known["value"]) == list(old["value"][expected])
        x0 = known["params.x0"]
        assert list(np.array(x0, float)) == list(old["params.x0"][expected])
        if name == "other":
            assert set(known["params.x4"]) == {0.25}  # fixed there
            assert list(known["params.x2"]) == list(x2[expected])
            assert "ignored: x3" in said
            assert "outside the range of x1" in said
        else:
            assert "that is no choice of x0" in said
            assert "that is no choice of x2" in said


def test_models_of_real_data(tool):
    """From one model to several, defaults where the old study was silent, the
    metric from its report, pruned trials."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(200, 3))
    y = (x[:, 0] + 0.5 * x[:, 1] + rng.normal(size=200) > 0).astype(int)
    np.savetxt(tool.folder / "d.csv", np.c_[x, y], delimiter=",",
               header="a,b,c,y", comments="")
    data = ('<data task="binary" label="y"><train href="d.csv"/>'
            '<validation fraction="0.3"/></data>')
    gbt = ('<model kind="gbt" {}><fixed name="n_estimators" value="20"/>'
           '<int name="max_depth" low="2" high="6"/></model>')
    tool.run("run", write(
        tool.folder, "old", model=data + gbt.format(""), trials=12,
        goal='<objective metric="roc_auc"/><report metrics="logloss"/>'
             '<pruner name="median" startup-trials="2"/>'))
    more = ('<model kind="gbt" name="trees">'
            '<fixed name="n_estimators" value="20"/>'
            '<int name="max_depth" low="2" high="6"/>'
            '<float name="subsample" low="0.5" high="1"/></model>'
            '<model kind="logistic"><float name="C" low="0.01" high="10"/>'
            "</model>")
    old = trials_of(tool.folder / "old.h5")
    with h5py.File(tool.folder / "old.h5") as f:
        states = h5py.check_enum_dtype(f["trials"].dtype["state"])
    for goal, metric, some in (
            ('<objective metric="roc_auc"/>', "value",
             ("complete", "pruned")),
            ('<objective metric="logloss"/>', "metrics.logloss",
             ("complete",))):
        said = tool.run("run", write(tool.folder, "new", model=data + more,
                                     goal=goal, extra=warm(), trials=4),
                        "--overwrite").stderr
        known = known_of(tool.folder / "new.h5")
        expected = [i for i in range(12)
                    if old["state"][i] in [states[s] for s in some]]
        assert list(known["trial"]) == expected
        assert list(known["value"]) == list(old[metric][expected])
        assert set(known["params.model"]) == {b"trees"}
        assert set(known["params.trees.subsample"]) == {1.0}  # the default
        assert "held fixed there: trees.subsample = 1" in said
        assert len(trials_of(tool.folder / "new.h5")) == 4


def test_several_objectives(tool):
    goals = ('<objective metric="value"/><objective metric="train_seconds"/>')
    space = "".join(f'<float name="x{i}" low="0" high="1"/>' for i in range(3))
    for sampler in ("tpe", "nsga2"):
        tool.run("run", write(tool.folder, "old", space, trials=40,
                              sampler="random", objective="sphere",
                              goal=goals), "--overwrite")
        tool.run("run", write(tool.folder, "new", space,
                              warm(trials="best:15"), objective="sphere",
                              goal=goals, sampler=sampler, trials=10),
                 "--overwrite")
        old = trials_of(tool.folder / "old.h5")
        known = known_of(tool.folder / "new.h5")
        assert len(known["trial"]) == 15
        both = np.c_[old["value.0"], old["value.1"]]
        front = [i for i in range(40) if not any(
            (both[k] <= both[i]).all() and (both[k] < both[i]).any()
            for k in range(40))]
        assert set(front[:15]) <= set(known["trial"])


@pytest.mark.parametrize("sampler", ["tpe", "gp", "cmaes", "nsga2"])
def test_strict_order_holds(tool, sampler):
    """On 1, 2, 3 and 5 ranks, and without the old file when it goes on."""
    tool.run("run", write(tool.folder, "old", trials=40, sampler="random"))
    study = write(tool.folder, "new", sampler=sampler, trials=24,
                  extra=warm() + warm(**{"as": "points"}, trials="best:2"))
    several = (1, 2, 3, 5) if sampler == "tpe" else (1, 3)
    for ranks in several:
        tool.run("run", study, *STRICT, "--output", f"{ranks}.h5",
                 ranks=ranks)
    tool.run("run", study, *STRICT, "--output", "s.h5", "--trials", 9)
    (tool.folder / "old.h5").unlink()
    tool.run("run", study, *STRICT, "--output", "s.h5", ranks=2)
    found = {n: digest(tool.folder / f"{n}.h5") for n in (*several, "s")}
    assert len(set(found.values())) == 1, found
    tool.run("run", study, *STRICT, "--output", "s.h5", "--overwrite",
             expect=4)  # anew it would need it


PROGRAM = """echo x >> count
while [ "$(wc -l < count)" -gt "$(cat limit)" ]; do sleep 0.05; done
echo "{\\"metrics\\": {\\"v\\": $HPO_PARAM_x}}"
"""


def gated(folder, limit):
    """A program whose trials wait once it was started `limit` times."""
    (folder / "p.sh").write_text(f"cd '{folder}'\n" + PROGRAM)
    (folder / "limit").write_text(str(limit))
    (folder / "count").write_text("")
    return (f'<model kind="command" run="sh {folder}/p.sh">'
            '<float name="x" low="0" high="1"/></model>')


def wait_for(condition):
    for _ in range(1200):
        if condition():
            return
        time.sleep(0.05)
    raise TimeoutError


def test_a_killed_study_goes_on_without_the_old_file(tool):
    model = gated(tool.folder, 1000)
    goal = '<objective metric="v" direction="minimize"/>'
    tool.run("run", write(tool.folder, "old", model=model, goal=goal,
                          trials=10))
    study = write(tool.folder, "new", model=model, goal=goal, extra=warm(),
                  trials=12)
    tool.run("run", study, *STRICT, "--output", "whole.h5")
    assert len(known_of(tool.folder / "whole.h5")["trial"]) == 10
    gated(tool.folder, 5)
    run = tool.start("run", study, *STRICT, ranks=2)
    wait_for(lambda: (tool.folder / "count").read_text().count("x") > 5)
    tool.kill(run)
    assert 5 <= len(trials_of(tool.folder / "new.h5")) < 12
    (tool.folder / "old.h5").unlink()
    gated(tool.folder, 1000)
    tool.run("run", study, *STRICT)
    names = ["params.x", "value"]
    a, b = (trials_of(tool.folder / f"{n}.h5") for n in ("whole", "new"))
    assert len(a) == 12 and a[names].tolist() == b[names].tolist()


FAULTS = [
    (dict(goal='<objective metric="value" direction="maximize"/>'), "old.h5",
     2, "that study minimizes value, this one maximizes it"),
    (dict(goal='<objective metric="value"/>'
               '<constraint metric="value2" max="1"/>'), "old.h5", 2,
     "did not record value2, which a constraint bounds"),
    (dict(goal='<objective metric="value2"/>'), "old.h5", 2,
     "did not record value2, the objective of this one; it recorded value"),
    (dict(), "none.h5", 4, "there is no such file"),
    (dict(), "new.xml", 4, "new.xml"),
    (dict(), "torn.h5", 4, "torn.h5"),
    (dict(), "foreign.h5", 4, "foreign.h5"),
]


@pytest.mark.parametrize("change, href, code, says", FAULTS,
                         ids=[f"{i}-{f[1]}" for i, f in enumerate(FAULTS)])
def test_faults_are_told_with_their_line(tool, change, href, code, says):
    tool.run("run", write(tool.folder, "old", trials=5))
    whole = (tool.folder / "old.h5").read_bytes()
    (tool.folder / "torn.h5").write_bytes(whole[:len(whole) // 3])
    with h5py.File(tool.folder / "foreign.h5", "w") as f:
        f["x"] = [1, 2]
    study = write(tool.folder, "new", extra=warm(href), **change)
    line = study.read_text().splitlines().index(warm(href)) + 1
    for command in ("check", "run"):
        told = tool.run(command, study, expect=code).stderr
        assert f'new.xml:{line}: <warm-start href="{href}">: ' in told
        assert says in told
        assert not (tool.folder / "new.h5").exists()


def test_changes_make_another_study(tool):
    tool.run("run", write(tool.folder, "old", trials=12))
    tool.run("run", write(tool.folder, "new", extra=warm()))
    for extra, says in ((warm(trials="best:3"), "warm_start.0.best is 3"),
                        (warm(outside="clip"), "warm_start.0.clip"),
                        ("", "warm_start.0.href")):
        told = tool.run("run", write(tool.folder, "new", extra=extra),
                        expect=4).stderr
        assert "another study" in told and says in told
    told = tool.run("run", write(tool.folder, "new", extra=warm("new.h5")),
                    "--overwrite", expect=2).stderr
    assert "can't begin with its own trials" in told


def test_a_running_study_is_refused(tool):
    model = gated(tool.folder, 0)
    goal = '<objective metric="v" direction="minimize"/>'
    run = tool.start("run", write(tool.folder, "old", model=model, goal=goal,
                                  trials=2), ranks=2)
    study = write(tool.folder, "new", model=model, goal=goal, extra=warm())
    try:
        wait_for(lambda: (tool.folder / "count").read_text() != "")
        told = tool.run("check", study, expect=4).stderr
        assert "a running study is still writing it" in told
    finally:
        tool.kill(run)
    told = tool.run("check", study)
    assert "0 of" in told.stdout and "nothing to begin with" in told.stderr


def test_equal_points_are_tried_once(tool):
    """Thirty trials onto a grid of four points, one of them enqueued."""
    tool.run("run", write(tool.folder, "old", '<int name="x0" low="0" '
                          'high="29"/>', trials=30, sampler="grid",
                          objective="sphere"))
    space = '<int name="x0" low="0" high="3"/>'
    words = {"as": "points", "outside": "clip"}
    extra = '<enqueue><set name="x0" value="1"/></enqueue>'
    for name, best, says in (
            ("a", "best:2", "2 of 30 trials are tried first, the best of 3; "
                            "27 equal to other points"),
            ("b", "all", "3 of 30 trials are tried first; 27 equal to other")):
        study = write(tool.folder, name, space,
                      extra + warm(**words, trials=best), trials=4,
                      sampler="random", objective="sphere")
        told = tool.run("check", study)
        assert says in told.stdout
        points = told.stdout.count("enqueued  ")
        assert points == int(says[0]) + 1
        assert ("4 points are tried first, of 4 trials in all" in
                told.stderr) == (points == 4)
        tool.run("run", study)
        x0 = trials_of(study.with_suffix(".h5"))["params.x0"]
        assert x0[0] == 1 and len(set(x0[:points])) == points
    again = extra + warm(**words, trials="best:2") * 2
    told = tool.run("check", write(tool.folder, "c", space, again,
                                   objective="sphere")).stdout
    assert "1 of 30 trials are tried first; 29 equal to other points" in told


def test_torn_rows_are_told(tool):
    tool.run("run", write(tool.folder, "old", trials=10))
    with h5py.File(tool.folder / "old.h5", "r+") as f:
        rows = f["trials"][:]
        rows["value"][3:6] += 1
        f["trials"][:] = rows
    told = tool.run("check", write(tool.folder, "new", extra=warm()))
    assert "7 of 10 trials are known; left out: 3 torn" in told.stdout
    assert "old.h5: 3 of 10 rows are torn" in told.stderr


def test_trials_are_known_once(tool):
    tool.run("run", write(tool.folder, "old", trials=5))
    (tool.folder / "same.h5").symlink_to("old.h5")
    study = write(tool.folder, "new", extra=warm() + "\n" + warm("same.h5"))
    told = tool.run("check", study, expect=2).stderr
    assert 'new.xml:6: <warm-start href="same.h5">: the same file as in ' in (
        told) and "line 5; its trials would count twice" in told
    points = warm("same.h5", **{"as": "points"})
    tool.run("check", write(tool.folder, "new", extra=warm() + points))


def test_clip_takes_the_nearest_number(tool):
    tool.run("run", write(tool.folder, "old", '<int name="x0" low="10" '
                          'high="99"/>', trials=30, sampler="random",
                          objective="sphere"))
    old = trials_of(tool.folder / "old.h5")["params.x0"]
    sizes = [16, 32, 64]
    space = ('<ordinal name="x0">' + "".join(
        f'<choice value="{s}"/>' for s in sizes) + "</ordinal>")
    tool.run("run", write(tool.folder, "new", space, warm(outside="clip"),
                          trials=2, objective="sphere"))
    known = known_of(tool.folder / "new.h5")["params.x0"]
    assert [int(k) for k in known] == [
        min(sizes, key=lambda s: abs(s - x)) for x in old]
    said = tool.run("check", write(tool.folder, "skip", space, warm(),
                                   objective="sphere")).stdout
    assert "with a value that is no choice of x0" in said


def test_pruned_ones_are_better_than_infeasible_ones(tool):
    """Trial n reports n twice; pruned above 4, infeasible from 3 on."""
    (tool.folder / "p.sh").write_text(
        'echo "step 1 v=$1"; echo "step 2 v=$1"; echo "c=$1"\n')
    model = (f'<model kind="command" run="sh {tool.folder}/p.sh {{x}}">'
             '<int name="x" low="0" high="7"/>'
             '<pattern metric="v" match="v=(.*)"/>'
             '<pattern metric="c" match="c=(.*)"/></model>')
    goal = '<objective metric="v" direction="minimize"/>'
    tool.run("run", write(
        tool.folder, "old", model=model, trials=8, sampler="grid",
        goal=goal + '<report metrics="c"/>',
        extra='<pruner name="threshold" upper="4.5"/>'))
    old = trials_of(tool.folder / "old.h5")
    assert len(set(old["state"])) == 2
    study = write(tool.folder, "new", model=model, trials=2,
                  goal=goal + '<constraint metric="c" max="2"/>',
                  extra=warm(trials="best:5"))
    tool.run("run", study)
    assert sorted(known_of(tool.folder / "new.h5")["params.x"]) == [
        0, 1, 2, 5, 6]
