# SPDX-License-Identifier: BSD-3-Clause
"""What a trial will take is told before it starts, and about right; one that
can't fit fails without being started."""
import re

import h5py
import numpy as np
import pytest
from check_run import states

STUDY = """<study name="m" seed="1">
  <data task="{task}" label="{columns}">
    <train href="d.npy"/><validation fraction="0.2"/>
  </data>
  <model kind="{kind}">{params}</model>
  <objective metric="{metric}" direction="minimize"/>
  <sampler name="random"/><budget trials="{trials}"/>
  <output file="m.h5" models="none"/>
</study>
"""
UNIT = {"bytes": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9}


def fixed(**options):
    return "".join(f'<fixed name="{n}" value="{v}"/>'
                   for n, v in options.items())


def write(tool, task, rows, columns, kind, params, metric, trials=1):
    """A study on noise, which deep trees learn by heart."""
    data = tool.folder / "d.npy"
    if not data.exists():
        dice = np.random.default_rng(1)
        x = dice.normal(size=(rows, columns))
        y = (dice.normal(size=rows) if task == "regression"
             else np.arange(rows) % (2 if task == "binary" else 8))
        np.save(data, np.column_stack([x, y]).astype(np.float32))
    path = tool.folder / "s.xml"
    path.write_text(STUDY.format(task=task, columns=columns, kind=kind,
                                 params=params, metric=metric, trials=trials))
    return path


def estimate(tool, study):
    """Bytes that check tells of."""
    text = tool.run("check", study, "--output", "none.h5").stdout
    number, unit = re.search(r"memory +a trial needs at most about ([\d.]+) "
                             r"(\w+)", text).groups()
    return float(number) * UNIT[unit]


def peak(tool, study):
    """Highest resident bytes of its one trial, the data's reading among
    them."""
    for old in tool.folder.glob("m.h5*"):
        old.unlink()
    tool.run(study, "--quiet")
    with h5py.File(tool.folder / "m.h5") as f:
        return int(f["trials"]["peak_memory"][0])


CASES = [
    ("regression", 40000, 4, "gbt", "rmse", {"n_estimators": 1},
     {"n_estimators": 100, "max_depth": 16}),
    ("binary", 5000, 500, "gbt", "logloss", {"n_estimators": 1},
     {"n_estimators": 1, "max_depth": 0, "max_leaves": 1000,
      "grow_policy": "lossguide", "min_child_weight": 0}),
    ("binary", 300, 20, "mlp", "logloss",
     {"max_iter": 1, "hidden_layer_sizes": "4"},
     {"max_iter": 1, "hidden_layer_sizes": "1000 1000"}),
    ("multiclass", 400, 4000, "logistic", "logloss", {"max_iter": 1}, None),
]


@pytest.mark.parametrize("task, rows, columns, kind, metric, small, large",
                         CASES, ids=["depth", "leaves", "mlp", "logistic"])
def test_estimate_is_about_right(tool, task, rows, columns, kind, metric,
                                 small, large):
    """Within a factor of 4: what the large trial took on top of the small
    one, which takes next to nothing."""
    study = write(tool, task, rows, columns, kind, fixed(**small), metric)
    if large is None:
        base = 30e6 + rows * columns * 16  # the data, read
        assert 1e6 < estimate(tool, study) < 4 * peak(tool, study)
        return
    little, low = estimate(tool, study), peak(tool, study)
    write(tool, task, rows, columns, kind, fixed(**large), metric)
    told, high = estimate(tool, study), peak(tool, study)
    taken = high - low + little
    assert taken > 20e6, "the case is too small to tell"
    assert taken / 4 < told < 4 * taken, (told, taken)


GREEDY = (fixed(n_estimators=3, max_depth=0, grow_policy="lossguide",
                min_child_weight=0) +
          '<categorical name="max_leaves"><choice value="4"/>'
          '<choice value="1000"/></categorical>')


def greedy(tool, trials=8):
    return write(tool, "binary", 8000, 300, "gbt", GREEDY, "logloss", trials)


def outcome(tool):
    """Of each trial max_leaves, state, reason."""
    with h5py.File(tool.folder / "m.h5") as f:
        rows = f["trials"][:]
    names = {v: k for k, v in h5py.check_enum_dtype(
        rows.dtype["params.max_leaves"]).items()}
    return [(names[r["params.max_leaves"]], s, r["reason"].decode())
            for r, s in zip(rows, states(tool.folder / "m.h5"))]


@pytest.mark.parametrize("ranks, team, words, env, what", [
    (1, 1, ("--set", "trial-limits/memory=90M"), {},
     "its limit leaves"),
    (1, 1, (), {"HPOTUNE_TEST_MEMORY": "20000000"},
     "a rank of this node has 20 MB"),
    (5, 2, (), {"HPOTUNE_TEST_MEMORY": "80000000"},
     "a rank of this node has 20 MB"),
], ids=["limit", "node", "teams"])
def test_what_cannot_fit_is_not_started(tool, ranks, team, words, env, what):
    study = greedy(tool)
    tool.run(study, *words, "--set", f"parallel/ranks-per-trial={team}",
             ranks=ranks, **env)
    found = outcome(tool)
    assert {leaves for leaves, _, _ in found} == {"4", "1000"}
    for leaves, state, reason in found:
        if leaves == "4":
            assert state == "complete" and not reason
        else:
            assert state == "failed"
            assert re.match(r"memory limit: not started, it needs about "
                            rf"\d+ MB and {what}", reason), reason


def test_replay_knows_it_for_a_limit(tool):
    tool.run(greedy(tool), HPOTUNE_TEST_MEMORY="20000000")
    number = [leaves for leaves, _, _ in outcome(tool)].index("1000")
    done = tool.run("replay", number, "m.h5", expect=4)
    assert "failed by a limit" in done.stderr


def test_check_warns(tool):
    study = greedy(tool)
    good = tool.run("check", study).stdout
    assert "are left here" in good and "fail before they start" not in good
    poor = tool.run("check", study, HPOTUNE_TEST_MEMORY="5000000").stdout
    assert "5.0 MB are left here" in poor
    assert "fail before they start" in poor
