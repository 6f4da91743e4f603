# SPDX-License-Identifier: BSD-3-Clause
"""Built-in models, programs and plugins as alternatives in one study."""
import json
import re
import statistics

import h5py
import numpy
import pytest
from check_command import rows, script
from check_plugin import build
from conftest import INPUTS
from digest import digest

# What a program beside data is told, as a metric that says so.
CHECK = """import json, os
import numpy
told = {k: os.environ.get("HPO_" + k) for k in
        ("TASK", "LABEL", "DATA", "VALID_DATA", "TRAIN_ROWS", "VALID_ROWS",
         "FOLDS")}
for k in ("TRAIN_ROWS", "VALID_ROWS", "FOLDS"):
    if told[k]:
        told[k] = numpy.loadtxt(told[k], dtype=int).tolist()
with open(os.environ["HPO_STUDY_DIR"] + "/told.json", "w") as f:
    json.dump(told, f)
print(json.dumps({"metrics": {"rmse": 1.5, "mae": float(
    os.environ["HPO_PARAM_x"])}}))
"""
STUDY = """<study name="m" seed="3">
  <data task="{task}" label="{label}"><train href="{source}"/>{split}</data>
  {models}
  <objective metric="{metric}"/>
  {more}
  <output file="m.h5"/>
</study>
"""


def study(tool, models, split='<validation fraction="0.25"/>', more="",
          metric="rmse", task="regression", label="progression",
          source=INPUTS / "diabetes.csv"):
    path = tool.folder / "m.xml"
    path.write_text(STUDY.format(models=models, split=split, more=more,
                                 metric=metric, task=task, label=label,
                                 source=source))
    return path


@pytest.mark.parametrize("split", ["fraction", "file", "folds"])
def test_a_program_is_told_of_the_data(tool, split):
    run = script(tool, CHECK, "p.py")
    source = INPUTS / "diabetes.csv"
    text = {"fraction": '<validation fraction="0.25"/>',
            "file": f'<validation href="{source}"/>',
            "folds": '<folds count="4"/>'}[split]
    path = study(tool, f'<model kind="command" run="{run}"><float name="x" '
                 'low="0" high="1"/></model>', text,
                 '<report metrics="mae"/><budget trials="2"/>')
    tool.run(path, "--quiet", ranks=2)
    for r in rows(tool.folder / "m.h5"):
        assert r["state"] == "complete" and r["value"] == 1.5
        assert r["metrics.mae"] == r["params.x"]
    told = json.loads((tool.folder / "told.json").read_text())
    with h5py.File(tool.folder / "m.h5") as f:
        role = f["data/role"][:]
        fold = f["data/fold"][:].tolist() if split == "folds" else None
    assert (told["TASK"], told["LABEL"]) == ("regression", "progression")
    assert told["DATA"] == str(source)
    assert told["VALID_DATA"] == (str(source) if split == "file" else None)
    assert told["FOLDS"] == fold
    if split != "folds":
        assert told["TRAIN_ROWS"] == numpy.flatnonzero(role == 0).tolist()
        assert told["VALID_ROWS"] == numpy.flatnonzero(role == 1).tolist()


def test_all_kinds_in_one_study(tool):
    """The same study on any ranks; each model's value is the one that it has
    in a study of its own."""
    library = build(tool, INPUTS / "plugin/descent.c", "libdescent.so")
    run = script(tool, """import os
x = float(os.environ["HPO_PARAM_x"])
for s in range(1, 5):
    print('{"metrics": {"logloss": %r, "accuracy": 0.5}}' % (x / s + 0.1))
""", "p.py")
    models = [
        '<model kind="gbt"><int name="n_estimators" low="3" high="9"/>'
        '</model>',
        '<model kind="logistic"><float name="C" low="0.1" high="9"/></model>',
        '<model kind="mlp"><fixed name="max_iter" value="4"/><float '
        'name="alpha" low="0.01" high="1"/></model>',
        f'<model kind="command" run="{run}"><float name="x" low="0" high="1"/>'
        '</model>',
        f'<model kind="plugin" library="{library}"><fixed name="max_iter" '
        'value="9"/><float name="alpha" low="0.01" high="1"/></model>']
    more = ('<report metrics="accuracy"/><sampler name="tpe"/><pruner '
            'name="median" startup-trials="4"/><budget trials="24"/>'
            '<parallel order="strict" window="4"/>')
    where = dict(metric="logloss", task="binary", label="diagnosis",
                 source=INPUTS / "breast_cancer.csv",
                 split='<validation fraction="0.25"/><standardize/>')
    path = study(tool, "".join(models), more=more, **where)
    found = set()
    for ranks in (1, 3, 5):
        tool.run(path, "--quiet", "--overwrite", ranks=ranks)
        found.add(digest(tool.folder / "m.h5"))
    assert len(found) == 1
    got = rows(tool.folder / "m.h5")
    assert {r["state"] for r in got} <= {"complete", "pruned"}
    assert len({r["model"] for r in got}) == 5
    mine = [r for r in got if r["model"] == 4 and r["state"] == "complete"]
    assert mine
    for r in mine[:1]:
        alone = study(tool, models[4].replace(
            "<float", '<fixed name="learning_rate" value="0.1"/><float'),
            more=f'<enqueue><set name="alpha" value="{r["params.plugin.alpha"]!r}"'
            '/></enqueue><budget trials="1"/>', **where)
        tool.run(alone, "--quiet", "--overwrite", "--output", "one.h5")
        assert rows(tool.folder / "one.h5")[0]["value"] == r["value"]


def test_what_does_not_go_together(tool):
    run = script(tool, "echo\n")
    command = f'<model kind="command" run="{run}"/>'
    for models, more, metric, words in (
            (command, '<parallel data="sharded"/>', "rmse",
             "model command needs all rows"),
            (command + '<model kind="gbt"/>', "", "loss",
             'unknown metric "loss"'),
            (command + '<model kind="function"/>', "", "rmse",
             "model function takes no <data>"),
            (command, '<pruner name="halving"/>', "rmse",
             "pauses trials, and a program")):
        path = study(tool, models, more=more + '<budget trials="1"/>',
                     metric=metric)
        assert words in tool.run("check", path, expect=2).stderr


def best_of(tool, models, sampler, trials, seed):
    path = tool.folder / "f.xml"
    path.write_text(
        f'<study name="f" seed="{seed}">{"".join(models)}<objective '
        f'metric="value" direction="minimize"/><sampler name="{sampler}"/>'
        f'<parallel order="strict" window="1"/><budget trials="{trials}"/>'
        '<output file="f.h5"/></study>')
    done = tool.run(path, "--overwrite", "--quiet")
    return float(re.search(r"best trial .*: value (\S+)", done.stdout)[1])


def test_tpe_finds_the_model_and_its_parameters(tool):
    """One study over three models, against one for each with a third of its
    trials: as good as the best of these, and far better than random."""
    def model(name, objective, n, reach):
        return (f'<model kind="function" name="{name}" objective="{objective}"'
                ">" + "".join(f'<float name="x{i}" low="-{reach}" '
                              f'high="{reach}"/>' for i in range(n)) +
                "</model>")
    models = [model("a", "sphere-shifted", 4, 5),
              model("b", "rastrigin-shifted", 3, 5),
              model("c", "ackley-shifted", 3, 30)]
    mixed, apart, random = [], [], []
    for seed in range(1, 6):
        mixed.append(best_of(tool, models, "tpe", 90, seed))
        random.append(best_of(tool, models, "random", 90, seed))
        apart.append(min(best_of(tool, [m], "tpe", 30, seed)
                         for m in models))
    assert statistics.median(mixed) <= statistics.median(apart), (mixed, apart)
    assert statistics.median(mixed) < 0.2 * statistics.median(random)


def test_digits_mixed_input(tool):
    tool.run(INPUTS / "digits-mixed.xml", "--trials", 12, "--quiet",
             "--output", "m.h5", ranks=3)
    got = rows(tool.folder / "m.h5")
    assert {r["state"] for r in got} == {"complete"}
    assert {r["model"] for r in got} == {0, 1, 2, 3}
    program = [r for r in got if r["model"] == 3]
    assert all(0.5 < r["value"] < 1 and 0 < r["metrics.logloss"] < 2.5
               for r in program)
