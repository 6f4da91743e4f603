# SPDX-License-Identifier: BSD-3-Clause
"""hpotune repair: what it says of files that were killed, damaged, are whole
or in use, and what it mends."""
import re
import signal
import subprocess

import h5py
import pytest
from check_run import states, wait_for, write_function
from check_winner import SPLIT, write
from digest import digest

TRIALS = 12


@pytest.fixture
def study(tool):
    """A finished study with models."""
    path = write_function(tool.folder, trials=TRIALS, pruner="none")
    path.write_text(path.read_text().replace('models="none"', 'models="all"'))
    return path


def change(path, table, row, column):
    """One wrong bit."""
    with h5py.File(path, "r+", libver=("v110", "v110")) as f:
        item = f[table][row]
        if column:
            item[column] += 1
        elif f[table].dtype.kind == "S":
            item = b"x"
        else:
            item ^= 1
        f[table][row] = item


def plain(path):
    """Whether a program that does not ask for SWMR opens it."""
    return subprocess.run(["h5dump", "-H", path],
                          capture_output=True).returncode == 0


def test_whole_file_is_left_alone(tool, study):
    tool.run(study, "--quiet")
    before = (tool.folder / "f.h5").read_bytes()
    for words in ((), ("--dry-run",)):
        done = tool.run("repair", "f.h5", *words)
        assert "result    whole\n" in done.stdout
        assert f"{TRIALS} complete" in done.stdout
        assert f"{TRIALS} with the right checksum, 0 torn" in done.stdout
        assert f"{5 * TRIALS} points" in done.stdout
    assert (tool.folder / "f.h5").read_bytes() == before


def test_killed_file_opens_everywhere(tool):
    path = tool.folder / "f.h5"
    study = write_function(tool.folder, steps=50, delay=0.01, trials=40)
    run = tool.start(study, "--quiet")
    wait_for(run, path, 2)
    done = tool.run("repair", "f.h5", expect=4)
    assert f"pid {run.pid}" in done.stderr
    assert "the last runs" in tool.run("repair", "f.h5", "--dry-run").stdout
    run.send_signal(signal.SIGKILL)
    run.communicate(timeout=60)
    assert not plain(path)
    done = tool.run("repair", "f.h5", "--dry-run")
    assert "to mend" in done.stdout and not plain(path)
    done = tool.run("repair", "f.h5")
    assert "mended" in done.stdout and "was killed" in done.stdout
    assert "the same command goes on" in done.stdout
    assert plain(path)
    tool.run("status", "f.h5", expect=75)
    assert "mended" not in tool.run("repair", "f.h5").stdout
    tool.run(study, "--quiet", "--trials", 5)
    assert len(states(path)) == 5


def test_damaged_rows_run_again(tool, study):
    path = tool.folder / "f.h5"
    tool.run(study, "--quiet")
    whole = digest(path, TRIALS)
    for row in (3, 7):
        change(path, "trials", row, "wall")
    tool.run("status", "f.h5", expect=4)
    done = tool.run("repair", "f.h5", "--dry-run", expect=4)
    assert "2 torn" in done.stdout
    tool.run("status", "f.h5", expect=4)
    done = tool.run("repair", "f.h5")
    assert "mended    the study had ended" in done.stdout
    tool.run("status", "f.h5", expect=75)
    tool.run(study, "--quiet")
    tool.run("status", "f.h5")
    assert digest(path, TRIALS) == whole
    assert "result    whole\n" in tool.run("repair", "f.h5").stdout


@pytest.mark.parametrize("table, row, column, says", [
    ("models", 3, None, "the bytes of trial 0's model do not have"),
    ("curves", 12, "trial", "the curve of trial 2 holds another trial's"),
    ("study/columns/name", 2, None, "data set name: its bytes do not have"),
    ("study/xml", 5, None, "data set xml: its bytes do not have")])
def test_what_is_lost_is_named(tool, study, table, row, column, says):
    path = tool.folder / "f.h5"
    tool.run(study, "--quiet")
    change(path, table, row, column)
    done = tool.run("repair", "f.h5", expect=4)
    assert says in done.stdout + done.stderr, done
    assert ("result    damaged" in done.stdout) == (table != "study/xml")


@pytest.mark.parametrize("table, row, column, says", [
    ("models", -1, None, "trial {best}'s model, trained again on"),
    ("artifact_bytes", 7, None, "the bytes of file 0, plot.png, do not have"),
    ("refits", 0, "rows", "row 0 of /refits is torn"),
    ("artifacts", 0, "time", "row 0 of /artifacts is torn"),
    ("confusion", 2, "truth", "row 2 of /confusion is torn"),
    ("roc", 5, "positive", "row 5 of /roc is torn"),
    ("winner", 0, "trial", "row 0 of /winner is torn"),
    ("test_scores", 0, "metric", "row 0 of /test_scores is torn"),
    ("decisions", 3, "trial", "row 3 of /decisions is torn"),
    ("tags", 0, "trial", "row 0 of /tags is torn")])
def test_what_the_end_and_users_added(tool, table, row, column, says):
    write(tool, trials=3, held=SPLIT + '<test fraction="0.2"/>',
          end="<winner/><refit/>")
    tool.run("s.xml", "--quiet")
    (tool.folder / "plot.png").write_bytes(bytes(range(100)))
    tool.run("attach", "s.h5", "plot.png")
    tool.run("tag", "s.h5", "a=b")
    done = tool.run("repair", "s.h5")
    path = tool.folder / "s.h5"
    with h5py.File(path, "r") as f:
        best = int(f["winner"][-1]["trial"])
        stored = [int(r["model_length"]) for r in (*f["trials"], *f["refits"])
                  if r["model_length"] > 0]
    assert (f"models    {len(stored)} of {sum(stored)} bytes; 0 bytes"
            in done.stdout)
    with h5py.File(path, "r") as f:
        row = row if row >= 0 else len(f[table]) + row
    change(path, table, row, column)
    done = tool.run("repair", "s.h5", expect=4)
    assert "damaged   " in done.stdout
    assert says.format(best=best) in done.stdout, done


def test_cut_short(tool, study):
    """A copy that was cut off."""
    path = tool.folder / "f.h5"
    tool.run(study, "--quiet")
    whole = path.read_bytes()
    for size in (0, 7, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        done = tool.run("repair", "f.h5", expect=4)
        assert re.search(r"f\.h5.*(empty|no HDF5 file|damaged|truncated)",
                         done.stderr), done.stderr
        assert path.read_bytes() == whole[:size]


def test_usage(tool):
    assert "one study file" in tool.run("repair", expect=2).stderr
    assert "no such file" in tool.run("repair", "no.h5", expect=4).stderr
