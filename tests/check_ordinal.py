# SPDX-License-Identifier: BSD-3-Clause
"""<ordinal>: choices in an order."""
import json

import h5py
import numpy as np
import pytest
from check_samplers import STRICT
from check_warm import trials_of, write
from digest import digest

SIZES = ["-4", "-3.5", "-2", "-1.6", "-1", "-0.5", "-0.3", "0.1", "0.4", "0.7",
         "1.5", "1.9", "2.4", "3.5", "3.9"]


def choices(element, name, values):
    return (f'<{element} name="{name}">'
            + "".join(f'<choice value="{v}"/>' for v in values)
            + f"</{element}>")


@pytest.mark.parametrize("sampler", ["random", "qmc", "grid", "tpe", "gp",
                                     "cmaes", "nsga2"])
def test_ranks_are_integers(tool, sampler):
    """The same study as with <int>, point by point."""
    ranks = [f"{i}" for i in range(9)]
    for name, space in (
            ("int", '<int name="x0" low="0" high="8"/>'
                    '<float name="x1" low="-3" high="9" step="1.5"/>'
                    '<int name="x2" low="0" high="8"/>'),
            ("ordinal", choices("ordinal", "x0", ranks)
             + '<float name="x1" low="-3" high="9" step="1.5"/>'
             + choices("ordinal", "x2", ranks))):
        tool.run("run", write(tool.folder, name, space, trials=40,
                              sampler=sampler, objective="rosenbrock"))
    a, b = (trials_of(tool.folder / f"{n}.h5") for n in ("int", "ordinal"))
    for name in ("params.x0", "params.x1", "params.x2", "value"):
        assert a[name].tolist() == b[name].tolist()
    if sampler == "random":
        told = [tool.run("importance", f"{n}.h5").stdout for n in
                ("int", "ordinal")]
        assert told[0].replace("int.h5", "") == told[1].replace(
            "ordinal.h5", "")


@pytest.mark.parametrize("sampler", ["tpe", "gp", "cmaes"])
def test_order_helps(tool, sampler):
    """Four of them, unevenly spaced: more is found than without order."""
    found = {}
    for element in ("ordinal", "categorical"):
        space = "".join(choices(element, f"x{i}", SIZES) for i in range(4))
        found[element] = []
        for seed in range(6):
            study = write(tool.folder, element, space, trials=60, seed=seed,
                          sampler=sampler, objective="sphere")
            tool.run("run", study, "--overwrite")
            rows = trials_of(tool.folder / f"{element}.h5")
            found[element].append(rows["value"].min())
    print(sampler, {k: np.sort(v) for k, v in found.items()})
    assert np.mean(found["ordinal"]) < np.mean(found["categorical"])
    assert sum(np.less(found["ordinal"], found["categorical"])) >= 5


SPACE = (choices("ordinal", "size", ["tiny", "small", "medium", "large"])
         + '<ordinal name="rows"><choice value="16"/><choice value="64">'
           '<float name="rate" low="0.1" high="1"/></choice>'
           '<choice value="1000"/></ordinal>')


def test_stored_and_looked_at(tool):
    model = ('<model kind="command" run="echo v={rows}">'
             f'{SPACE}<pattern metric="v" match="v=(.*)"/></model>')
    study = write(tool.folder, "s", model=model, trials=30, sampler="tpe",
                  goal='<objective metric="v" direction="minimize"/>')
    said = tool.run("check", study).stdout
    assert "tiny < small < medium < large" in said and "16 < 64 < 1000" in said
    tool.run("run", study)
    rows = trials_of(tool.folder / "s.h5")
    with h5py.File(tool.folder / "s.h5", swmr=True) as f:
        names = h5py.check_enum_dtype(f["trials"].dtype["params.size"])
        text = f["study/resolved"][0].decode()
    assert [names[n] for n in ("tiny", "small", "medium", "large")] == [
        0, 1, 2, 3]
    assert "space.0.kind = ordinal" in text
    value = np.array([16, 64, 1000])[rows["params.rows"]]
    assert list(rows["value"]) == list(value)
    assert (np.isnan(rows["params.rate"]) == (value != 64)).all()
    for where, fits in (('params.size < "medium"', rows["params.size"] < 2),
                        ('params.size >= "small"', rows["params.size"] >= 1),
                        ('params.rows > "64"', value > 64),
                        ('params.rows < "100"', value < 100),
                        ('params.rows >= 64.0', value >= 64),
                        ('params.rows != 64', value != 64),
                        ('params.rows like "1%"', value != 64),
                        ('params.size = "tiny"', rows["params.size"] == 0)):
        listed = json.loads(tool.run("list", "s.h5", "--where", where,
                                     "--format", "json").stdout)
        assert [r["number"] for r in listed] == list(np.flatnonzero(fits))
    for where, says in (
            ('params.size < "larg"', 'has no choice "larg" ("large" is near)'),
            ('params.size = "big"', "choices are tiny, small, medium, large"),
            ('params.size < 3', "this column holds text: quote it"),
            ('params.rows < "many"', "its choices are 16, 64, 1000"),
            ('params.rows like 16', "this column holds text, not a number")):
        told = tool.run("list", "s.h5", "--where", where, expect=2).stderr
        assert "--where, column" in told and says in told
    listed = json.loads(tool.run("list", "s.h5", "--sort", "params.size",
                                 "--format", "json").stdout)
    assert [r["params.size"] for r in listed] == sorted(
        (r["params.size"] for r in listed), key=lambda v: names[v])
    tool.run("report", "s.h5")
    page = (tool.folder / "s.html").read_text()
    assert '"params.size":{"choices":["tiny","small","medium","large"]}' in page
    tool.run("export", "s.h5", "--to", "optuna", "-o", "s.log")
    assert '"choices": ["tiny", "small", "medium", "large"]' in (
        (tool.folder / "s.log").read_text().replace("\\", "")
        .replace('","', '", "').replace(":[", ": ["))


@pytest.mark.parametrize("sampler", ["tpe", "gp", "cmaes", "nsga2"])
def test_strict_order_holds(tool, sampler):
    space = "".join(choices("ordinal", f"x{i}", SIZES) for i in range(2))
    space += '<float name="x2" low="-1" high="3"/>'
    study = write(tool.folder, "s", space, trials=40, sampler=sampler,
                  objective="ackley")
    for ranks in (1, 3):
        tool.run("run", study, *STRICT, "--output", f"{ranks}.h5",
                 ranks=ranks)
    assert len({digest(tool.folder / f"{n}.h5") for n in (1, 3)}) == 1


def test_another_order_is_another_study(tool):
    for element, values, code in (
            ("ordinal", SIZES, 0), ("ordinal", SIZES, 0),
            ("ordinal", SIZES[::-1], 4), ("categorical", SIZES, 4)):
        tool.run("run", write(tool.folder, "s",
                              choices(element, "x0", values), trials=5,
                              objective="sphere"), expect=code)
    told = tool.run("check", write(tool.folder, "t",
                                   choices("ordinal", "x0", ["1", "1"]),
                                   objective="sphere"), expect=2).stderr
    assert 't.xml:2: <choice value="1">: choice "1" is there twice' in told


def test_numbers_in_no_order(tool):
    def told(values, expect=0):
        space = choices("ordinal", "x0", values)
        return tool.run("check", write(tool.folder, "s", space,
                                       objective="sphere"),
                        expect=expect).stderr
    assert ('<ordinal name="x0">: the numbers neither ascend nor descend'
            in told(["0.5", "0.1", "0.9"]))
    for values in (["0.1", "0.5", "0.9"], ["9", "5", "1"]):
        assert "neither" not in told(values)
    assert ('choice "1.0" is the same number as "1"'
            in told(["1", "2", "1.0"], expect=2))
