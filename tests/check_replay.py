# SPDX-License-Identifier: BSD-3-Clause
"""hpotune replay: every kind of trial comes again bit for bit, and what
differs is told."""
import shutil
import zlib

import h5py
import pytest
from check_winner import GBT, SPLIT, make_table, write
from conftest import INPUTS

PRUNED = '<pruner name="{}"/>'
STOPPING = GBT.replace("<int name=\"n_", """<fixed
name="early_stopping_rounds" value="3"/><int name="n_""")
LOGISTIC = """<model kind="logistic"><float name="C" low="0.01" high="10"
log="yes"/></model>"""
SEVERAL = GBT + LOGISTIC + '<model kind="baseline"/>'
FUNCTION = """<study name="f"><model kind="function" objective="branin">
<float name="x0" low="-5" high="10"/><float name="x1" low="0" high="15"/>
</model><objective metric="value"/><budget trials="3"/>
<output file="s.h5"/></study>"""


def states(path):
    with h5py.File(path, "r") as f:
        trials = f["trials"][:]
        names = {v: k for k, v in
                 h5py.check_enum_dtype(trials.dtype["state"]).items()}
        return [names[s] for s in trials["state"]]


def same(done):
    return "the same, bit for bit" in done.stdout


@pytest.mark.parametrize("case", [
    dict(end=PRUNED.format("median"), keep="all"),
    dict(model=STOPPING, end=PRUNED.format("median"), keep="all"),
    dict(held='<folds count="3"/>', keep="all"),
    dict(held=SPLIT + '<test fraction="0.2"/>', end="<winner/><refit/>"),
    dict(model=SEVERAL, keep="all"),
    dict(model=LOGISTIC.replace("/></", '/><int name="max_iter" low="2" '
                                'high="3"/></'), keep="all"),
    dict(model=GBT.replace('low="4" high="30"', 'low="9" high="27"'),
         end='<pruner name="halving" min-resource="3"/>', keep="all")])
def test_trials_come_again(tool, case):
    write(tool, trials=12, **case)
    tool.run("s.xml", "--quiet", ranks=3)
    seen = set()
    for i, state in enumerate(states(tool.folder / "s.h5")):
        if state in seen and i not in (0, 11):
            continue
        seen.add(state)
        done = tool.run("replay", i, "s.h5", ranks=1 + i % 3)
        assert same(done), done.stdout
        assert "again on 1 rank in" in done.stdout  # few rows
    assert "complete" in seen
    if "pruner" in case.get("end", ""):
        assert "pruned" in seen
    best = tool.run("replay", "best", "s.h5").stdout
    assert "bytes: the same" in best and "points: the same" in best


def test_local_sharded_and_functions(tool):
    write(tool, keep="all")
    text = (tool.folder / "s.xml").read_text().replace(
        'order="strict" window="4"', 'data="local" shards="3"')
    (tool.folder / "l.xml").write_text(text)
    tool.run("l.xml", "--quiet", ranks=3)
    for i in range(3):
        assert same(tool.run("replay", i, "s.h5"))
    tool.run("s.xml", "--quiet", "--overwrite", "--set",
             "parallel/data=sharded", "--set", "parallel/ranks-per-trial=2",
             ranks=3)
    assert same(tool.run("replay", 5, "s.h5", ranks=2))
    assert same(tool.run("replay", 5, "s.h5"))
    (tool.folder / "f.xml").write_text(FUNCTION)
    tool.run("f.xml", "--overwrite", "--quiet")
    done = tool.run("replay", 2, "s.h5")
    assert same(done) and "data" not in done.stdout


BIG = """<study name="b"><data task="regression" label="target">
<train href="t.csv"/><validation fraction="0.2"/></data>
<model kind="gbt"><fixed name="n_estimators" value="2"/>
<int name="max_depth" low="3" high="4"/></model>
<objective metric="rmse"/><budget trials="1"/>
<output file="s.h5" models="all"/></study>"""


def test_many_rows_are_for_all_ranks(tool):
    tool.run("generate", "friedman", "--rows", 100000, "--columns", 10, "-o",
             "t.csv")
    (tool.folder / "b.xml").write_text(BIG)
    tool.run("b.xml", "--quiet")
    done = tool.run("replay", 0, "s.h5", ranks=2)
    assert same(done) and "again on 2 ranks" in done.stdout


def test_what_differs_is_told(tool):
    """A file whose trial is another's: row, curve and model changed."""
    write(tool, keep="all")
    tool.run("s.xml", "--quiet")
    shutil.copy(tool.folder / "s.h5", tool.folder / "c.h5")
    with h5py.File(tool.folder / "c.h5", "r+") as f:
        row, curves = f["trials"][3], f["curves"][:]
        curves["value"][int(row["curve_offset"]) + 2] += 1e-16
        f["curves"][:] = curves
        session = f["sessions"][:]
        session["cpu"] = b"another CPU"
        f["sessions"][:] = session
    done = tool.run("replay", 3, "c.h5", expect=1)
    assert "differs from step 3 on" in done.stdout
    assert "it differs" in done.stdout
    assert "CPU: another CPU then" in done.stdout
    assert same(tool.run("replay", 4, "c.h5"))


def test_a_file_of_an_earlier_version(tool):
    """Its plan lacks what came later; a part that is there alone is wrong.
    """
    write(tool, keep="all")
    tool.run("s.xml", "--quiet")
    later = [b"batch", b"reuse", b"terminator.", b"space.forbidden",
             b"warm_start.", b"known"]
    with h5py.File(tool.folder / "s.h5", "r") as f:
        plan = f["study/plan"][:].tobytes()
    for names, code in ((later, 0), ([b"terminator.options.value"], 4)):
        cut = plan
        for name in names:
            assert name in cut
            cut = cut.replace(name, b"?" + name[1:])
        with h5py.File(tool.folder / "s.h5", "r+") as f:
            f["study/plan"][:] = list(cut)
            f["study/plan"].attrs.modify("crc", zlib.crc32(cut))
        done = tool.run("replay", 3, "s.h5", expect=code)
        assert same(done) == (code == 0)
    assert "no valid field terminator.options.value" in done.stderr


def test_data_that_moved_or_changed(tool):
    write(tool)
    tool.run("s.xml", "--quiet")
    elsewhere = tool.folder / "elsewhere"
    elsewhere.mkdir()
    (tool.folder / "t.csv").rename(elsewhere / "t.csv")
    said = tool.run("replay", 1, "s.h5", expect=3).stderr
    assert "t.csv does not exist" in said and "--data" in said
    assert 't.csv" as the study file ' in said
    assert same(tool.run("replay", 1, "s.h5", "--data", "elsewhere"))
    shutil.copy(tool.folder / "s.h5", elsewhere / "s.h5")
    assert same(tool.run("replay", 1, "elsewhere/s.h5", ranks=2))
    table = make_table(1)
    table.loc[7, "a"] += 1
    table.to_csv(tool.folder / "t.csv", index=False)
    said = tool.run("replay", 1, "s.h5", expect=3).stderr
    assert "not those of the study" in said


def test_trials_that_cant_be_replayed(tool):
    write(tool)
    tool.run("s.xml", "--quiet")
    for words, code, said in ((("replay", 99, "s.h5"), 2, "has no trial 99"),
                              (("replay", "x", "s.h5"), 2, "is no trial"),
                              (("replay", "3"), 2, "are wanted"),
                              (("replay", 3, "t.csv"), 4, "t.csv")):
        assert said in tool.run(*words, expect=code).stderr
    (tool.folder / "p.sh").write_text("""#!/bin/sh\necho '{"m": 1}'\n""")
    (tool.folder / "p.sh").chmod(0o755)
    (tool.folder / "p.xml").write_text("""<study name="p">
      <model kind="command" run="./p.sh {a}"><float name="a" low="0" high="1"/>
      </model><objective metric="m" direction="minimize"/>
      <budget trials="1"/><output file="p.h5"/></study>""")
    tool.run("p.xml", "--quiet", expect=None)
    said = tool.run("replay", 0, "p.h5", expect=4).stderr
    assert "was a program's" in said
    (tool.folder / "b.xml").write_text(
        (tool.folder / "s.xml").read_text().replace("<parallel", """
        <trial-limits time="0.000001"/><parallel"""))
    tool.run("b.xml", "--overwrite", "--quiet", expect=5)
    assert "failed by a limit" in tool.run("replay", 0, "s.h5",
                                           expect=4).stderr


def test_shipped_study(tool):
    tool.run(INPUTS / "digits.xml", "--trials", "2", "--quiet", "--output",
             "d.h5")
    assert same(tool.run("replay", "best", "d.h5", "--data", INPUTS))
