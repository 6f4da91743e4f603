# SPDX-License-Identifier: BSD-3-Clause
"""hpotune compact: a smaller file with the same trials."""
import fcntl
import shutil
import signal
import stat

import h5py
import numpy as np
import pytest
from check_winner import GBT, SPLIT, make_table, write
from digest import digest
from faults import count_writes, library
from faults import run as faulty

SLOW = GBT.replace('low="4" high="30"', 'low="30" high="60"')


def complete_with_model(path):
    with h5py.File(path, "r") as f:
        trials = f["trials"][:]
        return trials, {int(t["number"]): f["models"][
            int(t["model_offset"]):int(t["model_offset"])
            + int(t["model_length"])].tobytes()
            for t in trials if t["model_offset"] >= 0}


def everything(path):
    """All that compact must leave: attributes, facts, tables but /models."""
    out = {}
    with h5py.File(path, "r") as f:
        out["/"] = {k: str(v) for k, v in f.attrs.items()}

        def visit(name, thing):
            if not isinstance(thing, h5py.Dataset):
                return
            out[name, "attributes"] = {k: str(v)
                                       for k, v in thing.attrs.items()}
            rows = thing[()]
            if name == "models":
                return
            if rows.dtype.names:
                for column in rows.dtype.names:
                    if column != "crc" and not column.startswith("model_"):
                        out[name, column] = (rows[column].dtype.str,
                                             rows[column].tobytes())
            else:
                out[name] = (rows.dtype.str, np.asarray(rows).tobytes())
        f.visititems(visit)
    return out


@pytest.mark.parametrize("held", [SPLIT, '<folds count="3"/>'])
def test_trials_stay_models_go(tool, held):
    write(tool, trials=30, model=SLOW, keep="best:2", end="<winner/><refit/>",
          held=held + '<test fraction="0.2"/>')
    tool.run("s.xml", "--quiet")
    tool.run("tag", "s.h5", "--trial", 1, "a=b", "--note", "n")
    (tool.folder / "plot.bin").write_bytes(b"\1\2\3" * 999)
    tool.run("attach", "s.h5", "plot.bin")
    path, old = tool.folder / "s.h5", tool.folder / "old.h5"
    shutil.copy(path, old)
    said = tool.run("compact", "s.h5").stdout
    trials, models = complete_with_model(path)
    before, all_models = complete_with_model(old)
    best = sorted(all_models, key=lambda i: (-before["value"][i], i))[:2]
    assert sorted(models) == sorted(best) and len(all_models) > 2
    for i in best:
        assert models[i] == all_models[i]
    assert path.stat().st_size < old.stat().st_size
    assert f"{len(all_models) - 2} are dropped" in said
    assert f"{old.stat().st_size - path.stat().st_size} saved" in said
    assert digest(path, keep=2) == digest(old, keep=2)
    mine, other = everything(path), everything(old)
    assert mine.keys() == other.keys()
    follow = ("refits", "confusion", "roc")
    for key in mine:
        if key[0] not in follow or key[1] == "attributes":
            assert mine[key] == other[key], key
    for model in ("best", "winner", "refit"):
        tool.run("export", "s.h5", "--model", model, "-o", "m.ubj")
        tool.run("export", "old.h5", "--model", model, "-o", "o.ubj")
        assert (tool.folder / "m.ubj").read_bytes() == (
            tool.folder / "o.ubj").read_bytes()
    assert tool.run("best", "s.h5").stdout == tool.run("best", "old.h5").stdout
    assert "bit for bit" in tool.run("replay", "best", "s.h5").stdout
    tool.run("report", "s.h5", "-o", "p.html")
    tool.run("repair", "s.h5")
    assert sorted(p.name for p in tool.folder.glob("s.h5*")) == [
        "s.h5", "s.h5.lock"]
    assert "0 are dropped" in tool.run("compact", "s.h5").stdout
    tool.run("compact", "s.h5", "--models", "best:1")
    assert len(complete_with_model(path)[1]) == 1


def test_a_compacted_study_goes_on(tool):
    write(tool, trials=12)
    tool.run("s.xml", "--quiet")
    tool.run("compact", "s.h5")
    tool.run("s.xml", "--quiet", "--trials", "20", ranks=2)
    tool.run("s.xml", "--quiet", "--trials", "20", "--output", "whole.h5")
    assert digest(tool.folder / "s.h5", keep=0) == digest(
        tool.folder / "whole.h5", keep=0)


def test_refused(tool):
    write(tool, trials=10, keep="all")
    tool.run("s.xml", "--quiet")
    path = tool.folder / "s.h5"
    before = path.read_bytes()
    with open(tool.folder / "s.h5.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "s.h5" in tool.run("compact", "s.h5", expect=4).stderr
    assert path.read_bytes() == before
    for words, code in ((("t.csv",), 4), ((), 2), (("s.h5", "--models",
                                                     "best:0"), 2)):
        tool.run("compact", *words, expect=code)


# how, which one: a write, the rename that makes the new file, the one that
# puts it in the old one's place
@pytest.mark.parametrize("how, at", [("before", 1), ("half", -1),
                                     ("before", -1), ("rename", 1),
                                     ("rename", 2)])
def test_killed(tool, how, at):
    write(tool, trials=10, keep="all")
    tool.run("s.xml", "--quiet")
    path = tool.folder / "s.h5"
    before = path.read_bytes()
    preload = library(tool.folder)
    command = tool.command("compact", "s.h5", "--models", "none")
    if at < 0:
        at += 1 + count_writes(command, tool.folder, preload)
        path.write_bytes(before)
    code, said = faulty(command, tool.folder, preload, at, how)
    assert code == -signal.SIGKILL, said
    assert path.read_bytes() == before
    assert list(tool.folder.glob("s.h5.compact*"))  # was on its way
    tool.run("repair", "s.h5")
    tool.run("compact", "s.h5", "--models", "none")
    assert complete_with_model(path)[1] == {}
    assert sorted(p.name for p in tool.folder.glob("s.h5*")) == [
        "s.h5", "s.h5.lock"]


def test_mode_and_folder(tool):
    """The new file is read by whom the old one was, and its name is on the
    disk."""
    write(tool, trials=3)
    tool.run("s.xml", "--quiet")
    path = tool.folder / "s.h5"
    for mode in (0o640, 0o600, 0o664):
        path.chmod(mode)
        tool.run("compact", "s.h5")
        assert stat.S_IMODE(path.stat().st_mode) == mode
    code, said = faulty(tool.command("compact", "s.h5"), tool.folder,
                        library(tool.folder), 2, "folder")
    assert code == 1 and "cannot sync" in said, said


def test_torn_rows_are_refused(tool):
    write(tool, table=make_table(1))
    tool.run("s.xml", "--quiet")
    with h5py.File(tool.folder / "s.h5", "r+") as f:
        rows = f["trials"][:]
        rows["crc"][2] ^= 1
        f["trials"][:] = rows
    before = (tool.folder / "s.h5").stat().st_size
    said = tool.run("compact", "s.h5", expect=4).stderr
    assert "row 2 of /trials is torn" in said
    assert (tool.folder / "s.h5").stat().st_size == before
