# SPDX-License-Identifier: BSD-3-Clause
"""CSV read by all ranks of a node under mpirun: the same study, bit for bit,
and the same sentence for what is wrong as on one rank."""
import hashlib

import h5py
import pytest
from digest import digest

STUDY = """<study name="t" seed="3">
  <data task="binary" label="defaulted"><train href="t.csv"/>
    <validation fraction="0.2"/></data>
  <model kind="gbt"><fixed name="n_estimators" value="5"/>
    <categorical name="max_bin">
      <choice value="256"/><choice value="100"/><choice value="64"/>
    </categorical>
    <float name="learning_rate" low="0.05" high="0.3"/></model>
  <objective metric="logloss" direction="minimize"/>
  <sampler name="random"/>
  <budget trials="4"/><parallel order="strict"/>
  <output models="all"/>
</study>
"""
PIECE = 20000
SPLIT = {"HPOTUNE_TEST_PIECE": str(PIECE)}


@pytest.fixture
def study(tool):
    tool.run("generate", "loan_applications", "--rows", 3000, "-o", "t.csv")
    path = tool.folder / "t.xml"
    path.write_text(STUDY)
    return path


def test_the_same_study(tool, study):
    found = set()
    for ranks in (1, 2, 3, 5):
        out = f"{ranks}.h5"
        tool.run("run", study, "--output", out, ranks=ranks, **SPLIT)
        found.add(digest(tool.folder / out, 4))
    assert len(found) == 1


@pytest.mark.parametrize("line", ["30,nonsense", "{row},1", "\"{row}"])
def test_the_same_sentence(tool, study, line):
    csv = tool.folder / "t.csv"
    rows = csv.read_text().splitlines()
    rows[2500] = line.format(row=rows[2500])
    csv.write_text("\n".join(rows) + "\n")
    said = set()
    for ranks in (1, 3):
        done = tool.run("run", study, "--output", f"{ranks}.h5", ranks=ranks,
                        expect=None, **SPLIT)
        assert done.returncode == 3
        said.add(next(s for s in done.stderr.splitlines() if "t.csv:" in s))
    assert len(said) == 1
    assert "t.csv:2501: " in said.pop()


def test_commas_are_told_alike(tool, study):
    csv = tool.folder / "t.csv"
    rows = csv.read_text().splitlines()
    # names in all that the first rank reads
    more = ["u"] * 1500 + [f'"{i},5"' for i in range(1500)]
    csv.write_text("\n".join(f"{a},{b}" for a, b in
                             zip(rows, ["more"] + more)) + "\n")
    for ranks in (1, 3):
        done = tool.run("run", study, "--output", f"{ranks}.h5", ranks=ranks,
                        expect=None, **SPLIT)
        assert done.returncode == 3
        assert ("t.csv:1502: column 'more': '0,5' is a number with a comma, "
                "as 1500 of the column's 1501 different") in done.stderr


def test_hash_as_documented(tool, study):
    tool.run("run", study, "--output", "o.h5", ranks=2, **SPLIT)
    raw = (tool.folder / "t.csv").read_bytes()
    lines = "".join(
        hashlib.sha256(raw[at:at + PIECE]).hexdigest() + "\n"
        for at in range(0, len(raw), PIECE))
    whole = hashlib.sha256(lines.encode()).hexdigest()
    with h5py.File(tool.folder / "o.h5") as f:
        assert f["data/sha256"][0].decode() == hashlib.sha256(
            f"train {whole}\n".encode()).hexdigest()
