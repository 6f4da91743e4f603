# SPDX-License-Identifier: BSD-3-Clause
"""data="sharded": each rank of a team reads and holds its own rows alone; the
study is the same bit for bit as with data="shared"."""
import h5py
import numpy as np
import pytest
from check_run import check_rows, wait_for
from conftest import INPUTS
from digest import digest

DESIGN = """<study name="{name}" seed="3">
  <data task="multiclass" label="digit">
    <train href="{inputs}/digits.csv"/><validation fraction="0.3"/>
    <standardize/>
  </data>
  <model kind="{name}">{search}</model>
  <objective metric="logloss" direction="minimize"/>
  <sampler name="random"/>
  <budget trials="5"/>
  <output models="all"/>
</study>
"""
SEARCH = {
    "logistic": """<float name="C" low="1e-3" high="10" log="yes"/>
    <categorical name="penalty">
      <choice value="l1"/><choice value="l2"/>
    </categorical>""",
    "mlp": """<fixed name="max_iter" value="3"/>
    <fixed name="dropout" value="0.1"/>
    <int name="batch_size" low="20" high="2000"/>"""}


# ranks without a core of their own take their time: few rounds
SHORT = ("--set", "model[gbt]/int[n_estimators]/low=4", "--set",
         "model[gbt]/int[n_estimators]/high=12")


def run(tool, study, data, size, ranks, out, *more, **options):
    return tool.run(study, "--quiet", "--output", out, "--set",
                    "parallel/order=strict", "--set", f"parallel/data={data}",
                    "--set", f"parallel/ranks-per-trial={size}", *more,
                    ranks=ranks, **options)


@pytest.mark.parametrize("name", ["quickstart", "digits", "diabetes",
                                  "logistic", "mlp"])
def test_the_same_study(tool, name):
    study = INPUTS / f"{name}.xml"
    if name in SEARCH:
        study = tool.folder / f"{name}.xml"
        study.write_text(DESIGN.format(inputs=INPUTS, name=name,
                                       search=SEARCH[name]))
    found = {}
    for ranks, size, data in [(1, 1, "shared"), (1, 1, "sharded"),
                              (5, 2, "sharded"), (6, 5, "sharded"),
                              (4, 3, "shared")]:
        out = f"{data}{ranks}{size}.h5"
        run(tool, study, data, size, ranks, out, "--trials", 3,
            *(() if name in SEARCH else SHORT))
        found[out] = digest(tool.folder / out, 4)
    assert len(set(found.values())) == 1, found
    with h5py.File(tool.folder / "shared11.h5") as a, \
            h5py.File(tool.folder / "sharded65.h5") as b:
        for item in ("role", "names", "n_missing", "sha256"):
            assert np.array_equal(a[f"data/{item}"][()], b[f"data/{item}"][()])
        if name not in SEARCH:
            assert np.array_equal(a["data/cuts/cuts"][()],
                                  b["data/cuts/cuts"][()])


def test_goes_on_as_shared_with_another_team(tool):
    study = INPUTS / "quickstart.xml"
    short = [*SHORT, "--set", "pruner/warmup-steps=3"]
    run(tool, study, "shared", 1, 2, "whole.h5", "--trials", 20, *short)
    for at_least, size, ranks, data in [(2, 2, 3, "sharded"),
                                        (6, 3, 4, "shared")]:
        job = tool.start(study, "--quiet", "--output", "cut.h5", "--trials",
                         20, "--set", "parallel/order=strict", "--set",
                         f"parallel/data={data}", "--set",
                         f"parallel/ranks-per-trial={size}", *short,
                         ranks=ranks, HPOTUNE_TEST_DELAY="3")
        wait_for(job, tool.folder / "cut.h5", at_least)
        tool.run("stop", "cut.h5", "--wait")
        job.communicate(timeout=100)
        check_rows(tool.folder / "cut.h5")
    run(tool, study, "sharded", "all", 6, "cut.h5", "--trials", 20, *short)
    assert digest(tool.folder / "cut.h5", 5) == \
        digest(tool.folder / "whole.h5", 5)


def test_more_ranks_than_rows(tool):
    """Shards without rows, with one class, with a column all missing."""
    rows = [f"{i},{'' if i < 12 else i % 5},{'yes' if i > 8 else 'no'}"
            for i in range(18)]
    (tool.folder / "few.csv").write_text("a,b,y\n" + "\n".join(rows) + "\n")
    (tool.folder / "few.xml").write_text("""<study name="few" seed="1">
      <data task="binary" label="y"><train href="few.csv"/>
        <validation fraction="0.3"/></data>
      <model kind="gbt"><fixed name="n_estimators" value="5"/>
        <fixed name="min_child_weight" value="0"/>
        <int name="max_depth" low="1" high="3"/></model>
      <objective metric="logloss" direction="minimize"/>
      <budget trials="4"/><output models="all"/></study>""")
    found = set()
    for ranks, data in [(1, "shared"), (25, "shared"), (25, "sharded")]:
        out = f"{data}{ranks}.h5"
        run(tool, "few.xml", data, "all", ranks, out)
        found.add(digest(tool.folder / out, 4))
    assert len(found) == 1


def test_memory_is_that_of_the_own_rows(tool):
    """Peak memory of a trial's first rank, over that of a study without
    rows to speak of: about a quarter on each of four ranks."""
    tool.run("generate", "higgs-like", "--rows", 120000, "--seed", 1, "-o",
             "h.csv")
    tool.run("generate", "higgs-like", "--rows", 200, "--seed", 1, "-o",
             "tiny.csv")
    text = """<study name="h" seed="1">
      <data task="binary" label="{label}"><train href="{file}"/>
        <validation fraction="0.1"/></data>
      <model kind="gbt"><fixed name="n_estimators" value="2"/>
        <int name="max_depth" low="2" high="3"/></model>
      <objective metric="logloss" direction="minimize"/>
      <budget trials="1"/></study>"""
    with open(tool.folder / "h.csv") as f:
        label = f.readline().strip().split(",")[-1]
    peak = {}
    for name, file, data in [("none", "tiny.csv", "sharded"),
                             ("whole", "h.csv", "shared"),
                             ("part", "h.csv", "sharded")]:
        (tool.folder / f"{name}.xml").write_text(
            text.format(file=file, label=label))
        run(tool, f"{name}.xml", data, "all", 5, f"{name}.h5")
        peak[name] = check_rows(tool.folder / f"{name}.h5")[0]["peak_memory"]
    raw = 120000 * 28 * 4
    assert peak["part"] - peak["none"] < 0.75 * raw, (peak, raw)
    assert digest(tool.folder / "part.h5") == digest(tool.folder / "whole.h5")


def test_faults(tool):
    (tool.folder / "q.xml").write_text(
        (INPUTS / "quickstart.xml").read_text().replace(
            "breast_cancer.csv", "gone.csv"))
    done = run(tool, "q.xml", "sharded", 2, 3, "q.h5", expect=None)
    assert done.returncode in (2, 3) and "gone.csv" in done.stderr
    (tool.folder / "bad.csv").write_text("a,y\n1,0\n2,1\n3,0\nx\n")
    (tool.folder / "bad.xml").write_text("""<study name="bad">
      <data task="binary" label="y"><train href="bad.csv"/>
        <validation fraction="0.5"/></data>
      <model kind="gbt"><int name="max_depth" low="1" high="3"/></model>
      <objective metric="logloss" direction="minimize"/>
      <budget trials="4"/></study>""")
    done = run(tool, "bad.xml", "sharded", 2, 3, "b.h5", expect=3)
    assert "bad.csv:5" in done.stderr, done.stderr
