# SPDX-License-Identifier: BSD-3-Clause
"""<forbidden>: no sampler tries what it names; what is wrong is told."""
import itertools

import h5py
import numpy as np
import pytest
from check_samplers import STRICT
from digest import digest

SPACE = ('<int name="x0" low="0" high="9"/>'
         '<float name="x1" low="0.001" high="1" log="yes"/>'
         '<categorical name="x2"><choice value="1"/><choice value="2">'
         '<float name="x3" low="-1" high="1"/></choice>'
         '<choice value="3"/></categorical>')
RULES = ('<forbidden><when name="x2" value="3"/><when name="x0" low="3"/>'
         '</forbidden>'
         '<forbidden><when name="x3" low="-0.5" high="0.9"/></forbidden>'
         '<forbidden><when name="x0" value="0"/>'
         '<when name="x1" high="0.1"/></forbidden>')


def write(folder, sampler, extra="", trials=60, space=SPACE):
    path = folder / "s.xml"
    path.write_text(
        '<study name="s" seed="3">\n<model kind="function" '
        f'objective="sphere">{space}</model>\n'
        f'<objective metric="value"/>\n<sampler {sampler}/>\n{extra}\n'
        + (f'<budget trials="{trials}"/>\n' if trials else "<budget/>\n")
        + '<output file="s.h5" models="none"/></study>')
    return path


def rows_of(path):
    with h5py.File(path, "r") as f:
        names = h5py.check_enum_dtype(f["trials"].dtype["params.x2"])
        rows = f["trials"][:]
    back = {v: k for k, v in names.items()}
    choice = np.array([back[v] for v in rows["params.x2"]])
    return (rows["params.x0"], rows["params.x1"], choice, rows["params.x3"])


def is_forbidden(x0, x1, x2, x3):
    return (((x2 == "3") & (x0 >= 3))
            | ((x2 == "2") & (x3 >= -0.5) & (x3 <= 0.9))
            | ((x0 == 0) & (x1 <= 0.1)))


@pytest.mark.parametrize("name", ["random", "qmc", "tpe", "cmaes", "gp",
                                  "nsga2"])
def test_no_sampler_tries_them(tool, name):
    options = f'name="{name}"'
    found = {}
    for ranks in (1, 3):
        tool.run("run", write(tool.folder, options, RULES), *STRICT,
                 "--output", f"{ranks}.h5", ranks=ranks)
        found[ranks] = digest(tool.folder / f"{ranks}.h5")
    assert found[1] == found[3]
    points = rows_of(tool.folder / "1.h5")
    assert len(points[0]) == 60 and not is_forbidden(*points).any()
    tool.run("run", write(tool.folder, options), *STRICT, "--output",
             "all.h5")  # they would have been
    assert is_forbidden(*rows_of(tool.folder / "all.h5")).sum() >= 5


def test_grid_leaves_them_out(tool):
    space = ('<int name="x0" low="0" high="5"/>'
             '<int name="x1" low="0" high="3"/>'
             '<categorical name="x2"><choice value="1"/><choice value="2">'
             '<int name="x3" low="1" high="2"/></choice></categorical>')
    rules = ('<forbidden><when name="x0" low="2" high="4"/>'
             '<when name="x2" value="1"/></forbidden>'
             '<forbidden><when name="x3" value="2"/>'
             '<when name="x1" low="1"/></forbidden>')
    study = write(tool.folder, 'name="grid"', rules, 0, space)
    expected = [(a, b, c) for a, b, c in
                itertools.product(range(6), range(4), ("a", 1, 2))
                if not (2 <= a <= 4 and c == "a")
                and not (c == 2 and b >= 1)]
    assert (f"grid, {len(expected)} points"
            in tool.run("check", study).stdout)
    tool.run("run", study, "--quiet")
    with h5py.File(tool.folder / "s.h5", "r") as f:
        rows = f["trials"][:]
    found = [(r["params.x0"], r["params.x1"],
              "a" if r["params.x3"] == -1 else r["params.x3"]) for r in rows]
    assert found == expected


def test_enqueued_points_that_break_one(tool):
    extra = RULES + ('<enqueue><set name="x0" value="5"/>'
                     '<set name="x2" value="1"/></enqueue>\n'
                     '<enqueue><set name="x0" value="5"/>'
                     '<set name="x2" value="3"/></enqueue>')
    done = tool.run("check", write(tool.folder, 'name="tpe"', extra),
                    expect=2)
    assert "s.xml:6" in done.stderr
    assert "<forbidden> 1 leaves out" in done.stderr
    # one that leaves enough open is filled with what is allowed
    extra = RULES + '<enqueue><set name="x2" value="3"/></enqueue>' * 12
    tool.run("run", write(tool.folder, 'name="random"', extra, 12))
    x0, _, x2, _ = rows_of(tool.folder / "s.h5")
    assert (x2 == "3").all() and (x0 < 3).all()


def test_nothing_left(tool):
    for rule in ('<when name="x0" low="0" high="9"/>', '<when name="x1" '
                 'high="2"/>'):
        done = tool.run("check", write(tool.folder, 'name="random"',
                                       f"<forbidden>{rule}</forbidden>"),
                        expect=2)
        assert "<forbidden> leaves nothing to try" in done.stderr


@pytest.mark.parametrize("name", ["random", "qmc", "tpe", "cmaes", "gp",
                                  "nsga2"])
def test_a_rare_allowed_corner(tool, name):
    """Where 3 in 10,000 random points are allowed, 10,000 of them miss now
    and then: the study goes on near the trials that it has."""
    space = "".join(f'<float name="x{i}" low="0" high="1"/>' for i in "01")
    rules = "".join(f'<forbidden><when name="x{i}" low="0.017"/></forbidden>'
                    for i in "01")
    study = write(tool.folder, f'name="{name}"', rules, 80, space)
    found = set()
    for ranks in (1, 3):
        tool.run("run", study, *STRICT, "--overwrite", ranks=ranks)
        found.add(digest(tool.folder / "s.h5"))
    assert len(found) == 1
    with h5py.File(tool.folder / "s.h5", "r") as f:
        x = np.stack([f["trials"][f"params.x{i}"] for i in "01"])
    assert x.shape == (2, 80) and (x < 0.017).all()
    assert len(np.unique(x, axis=1).T) == 80


def test_one_allowed_point(tool):
    """It is tried again and again."""
    space = '<int name="x0" low="0" high="4999"/>'
    rules = ('<forbidden><when name="x0" high="1233"/></forbidden>'
             '<forbidden><when name="x0" low="1235"/></forbidden>')
    tool.run("run", write(tool.folder, 'name="random"', rules, 25, space))
    with h5py.File(tool.folder / "s.h5", "r") as f:
        assert (f["trials"]["params.x0"] == 1234).all()


@pytest.mark.parametrize("rule,words", [
    ('<when name="y" value="1"/>', 'does not search "y"'),
    ('<when name="x0"/>', "give value="),
    ('<when name="x0" value="1" low="1"/>', "give value="),
    ('<when name="x0" value="77"/>', "77"),
    ('<when name="x0" low="10"/>', "never in this range"),
    ('<when name="x0" low="5" high="4"/>', "never in this range"),
    ('<when name="x2" low="1"/>', "is a choice"),
    ('<when name="x2" value="4"/>', '"4"'),
    ('<when name="x0" low="inf"/>', "low"),
    ("", "<when>"),
])
def test_wrong_rules(tool, rule, words):
    study = write(tool.folder, 'name="random"',
                  f"<forbidden>{rule}</forbidden>")
    done = tool.run("check", study, expect=2)
    assert "s.xml:5" in done.stderr and words in done.stderr


ORDINAL = ('<ordinal name="x0"><choice value="1"/><choice value="2"/>'
           '<choice value="4"/><choice value="8"/></ordinal>'
           '<float name="x1" low="0" high="1"/>')


@pytest.mark.parametrize("name", ["random", "qmc", "tpe", "gp", "cmaes",
                                  "nsga2"])
def test_a_range_of_an_ordinal(tool, name):
    rules = ('<forbidden><when name="x0" low="2" high="4"/></forbidden>'
             '<forbidden><when name="x0" low="8"/>'
             '<when name="x1" high="0.5"/></forbidden>')
    study = write(tool.folder, f'name="{name}"', rules, 20, ORDINAL)
    told = tool.run("check", study).stdout
    assert "2 <= x0 <= 4\n" in told and "x0 = 8, x1 <= 0.5" in told
    tool.run("run", study)
    with h5py.File(tool.folder / "s.h5", "r") as f:
        rows = f["trials"][:]
        text = f["study/resolved"][0].decode()
    assert "forbidden.0.x0 = 2 to 4" in text
    assert set(rows["params.x0"]) == {0, 3}
    assert (rows["params.x1"][rows["params.x0"] == 3] > 0.5).all()


@pytest.mark.parametrize("ends,words", [
    ('low="3"', 'x0 has no choice "3"'),
    ('low="4" high="2"', 'low="4" comes after high="2"'),
])
def test_wrong_ranges_of_an_ordinal(tool, ends, words):
    study = write(tool.folder, 'name="random"',
                  f'<forbidden><when name="x0" {ends}/></forbidden>',
                  space=ORDINAL)
    assert words in tool.run("check", study, expect=2).stderr
