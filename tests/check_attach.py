# SPDX-License-Identifier: BSD-3-Clause
"""Tags, notes and files: in and out, at rest, while a study runs, after
kills."""
import fcntl
import os
import time

import h5py
import pytest
from check_run import wait_for

# steps slow enough that a study runs until it is stopped
LONG = """<study name="long"><data task="regression" label="y">
<train href="t.csv"/><validation fraction="0.2"/></data>
<model kind="gbt"><fixed name="n_estimators" value="200"/>
<float name="learning_rate" low="0.01" high="0.3"/></model>
<objective metric="rmse"/><budget trials="100000"/>
<output file="s.h5"/></study>"""
SHORT = """<study name="short"><model kind="function" objective="sphere">
<float name="x0" low="-1" high="1"/></model><objective metric="value"/>
<budget trials="5"/><output file="s.h5"/></study>"""


@pytest.fixture
def study(tool):
    (tool.folder / "s.xml").write_text(SHORT)
    tool.run("s.xml", "--quiet")
    (tool.folder / "plot.png").write_bytes(bytes(range(256)) * 900)
    (tool.folder / "empty.txt").write_bytes(b"")
    return tool


def rows(path, table):
    with h5py.File(path, "r", swmr=True) as f:
        return f[table][:]


def waiting(tool):
    return sorted(p.name for p in tool.folder.glob("*.add-*")
                  if ".tmp." not in p.name)


def test_files_go_in_and_out(study):
    study.run("attach", "s.h5", "plot.png", "empty.txt")
    study.run("attach", "s.h5", "plot.png", "--trial", 3, "--name", "a b.svg")
    listed = study.run("attach", "s.h5", "--list").stdout.splitlines()
    assert [line.split()[-1] for line in listed] == ["plot.png", "empty.txt",
                                                     "b.svg"]
    assert "image/svg+xml" in listed[2] and "trial 3" in listed[2]
    assert "plot.png" not in study.run("attach", "s.h5", "--list", "--trial",
                                       3).stdout
    study.run("attach", "s.h5", "--extract", "a b.svg", "-o", "back")
    assert (study.folder / "back").read_bytes() == (
        study.folder / "plot.png").read_bytes()
    study.run("attach", "s.h5", "--extract", "empty.txt", "-o", "none")
    assert (study.folder / "none").read_bytes() == b""
    row = rows(study.folder / "s.h5", "artifacts")[0]
    with h5py.File(study.folder / "s.h5", "r") as f:
        at = int(row["offset"])
        assert (f["artifact_bytes"][at:at + int(row["length"])].tobytes()
                == (study.folder / "plot.png").read_bytes())
    assert "a b.svg" in study.run("show", 3, "s.h5").stdout
    study.run("tag", "s.h5", "--trial", 2, "--note", "a new seed?", "why=x")
    text = study.run("show", 2, "s.h5").stdout
    assert "a new seed?" in text and "why" in text
    assert not waiting(study)
    assert "finished before" in study.run("s.xml").stdout


def test_the_latest_of_a_name_and_faults(study):
    (study.folder / "n.txt").write_text("old")
    study.run("attach", "s.h5", "n.txt")
    (study.folder / "n.txt").write_text("new")
    study.run("attach", "s.h5", "n.txt")
    assert study.run("attach", "s.h5", "--extract", "n.txt", "-o",
                     "-").stdout == "new"
    for words, code, said in (
            (("s.h5",), 2, "are wanted"), (("s.h5", "no.png"), 3, "no.png"),
            (("s.h5", "--extract", "x"), 2, 'no file "x"'),
            (("s.h5", "n.txt", "--trial", 9), 2, "has no trial 9"),
            (("s.h5", "n.txt", "plot.png", "--name", "x"), 2, "one file"),
            (("n.txt", "plot.png"), 4, "n.txt")):
        assert said in study.run("attach", *words, expect=code).stderr
    assert "1024" in study.run("tag", "s.h5", "--note", "x" * 1025,
                               expect=2).stderr


def test_while_a_study_runs(tool):
    lines = ["x,y"] + [f"{i % 97},{i * i % 31}" for i in range(400)]
    (tool.folder / "t.csv").write_text("\n".join(lines))
    (tool.folder / "s.xml").write_text(LONG)
    (tool.folder / "f.bin").write_bytes(os.urandom(300000))
    run = tool.start("s.xml", "--quiet", ranks=2)
    path = tool.folder / "s.h5"
    wait_for(run, path, 3)
    tool.run("tag", "s.h5", "--trial", 1, "good=yes", "--note", "look here")
    tool.run("attach", "s.h5", "f.bin", "--trial", 0)
    assert run.poll() is None
    assert rows(path, "tags")["value"].tolist() == [b"yes"]
    assert rows(path, "notes")["text"].tolist() == [b"look here"]
    tool.run("attach", "s.h5", "--extract", "f.bin", "-o", "g.bin")
    assert (tool.folder / "g.bin").read_bytes() == (
        tool.folder / "f.bin").read_bytes()
    tool.kill(run)
    tool.run("tag", "s.h5", "after=kill")
    assert rows(path, "tags")["name"].tolist() == [b"good", b"after"]
    assert not waiting(tool)


def test_what_a_kill_left_is_taken_once(study):
    """A file beside the study whose row stands already, one that is not yet
    there, one that is damaged."""
    path = study.folder / "s.h5"
    study.run("tag", "s.h5", "a=1")
    with open(study.folder / "s.h5.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run = study.start("tag", "s.h5", "b=2")
        until = time.monotonic() + 30
        while not waiting(study):
            assert time.monotonic() < until
            time.sleep(0.01)
        left = study.folder / waiting(study)[0]
        content = left.read_bytes()
        run.kill()
        run.communicate(timeout=60)
        left.write_bytes(content)
    (study.folder / "s.h5.add-00000000000000000001-1-0").write_bytes(b"junk")
    study.run("s.xml", "--quiet")
    assert rows(path, "tags")["name"].tolist() == [b"a", b"b"]
    left.write_bytes(content)
    done = study.run("tag", "s.h5", "c=3")
    assert rows(path, "tags")["name"].tolist() == [b"a", b"b", b"c"]
    assert waiting(study) == ["s.h5.add-00000000000000000001-1-0.refused"]
    assert any(b"it is set aside" in text for text in rows(path, "log")["text"])
    assert done.stderr == ""
    left.write_bytes(content)
    study.run("s.xml", "--quiet", "--overwrite")
    assert len(rows(path, "tags")) == 0 and not left.exists()


def test_the_best_trial_by_that_word(study):
    study.run("tag", "s.h5", "--trial", "best", "use=this")
    study.run("attach", "s.h5", "plot.png", "--trial", "best")
    shown = study.run("show", "best", "s.h5").stdout
    assert "this" in shown and "plot.png" in shown
    said = study.run("tag", "s.h5", "--trial", "bset", "a=b", expect=2).stderr
    assert "has no trial bset" in said
