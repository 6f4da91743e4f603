# SPDX-License-Identifier: BSD-3-Clause
"""The study file as h5py and pandas see it: live, killed, resumed, closed.

Files come from tests/store_driver and tests/test_store_kill (storedata.h:
trials that are functions of their number). What docs/hdf5-format.md tells
its readers to type is run here on files of hpotune itself.
"""
import os
import pathlib
import re
import signal
import subprocess
import sys
import zlib

import h5py
import numpy as np
import pandas
import pytest
from conftest import BUILD, INPUTS, PROGRAM, ROOT

DRIVER = BUILD / "tests" / "store_driver"
KILLS = BUILD / "tests" / "test_store_kill"
FORMAT = ROOT / "docs" / "hdf5-format.md"


class Writer:
    """A writer that adds trials when told to."""

    def __init__(self, path, n):
        self.run = subprocess.Popen([DRIVER, "write", path, str(n)],
                                    stdin=subprocess.PIPE, text=True,
                                    stdout=subprocess.PIPE)
        self.n = self.heard()

    def heard(self):
        line = self.run.stdout.readline()
        assert line.strip().isdigit(), line
        return int(line)

    def add(self, n):
        self.run.stdin.write(f"{n}\n")
        self.run.stdin.flush()
        self.n = self.heard()
        return self.n

    def close(self):
        self.run.communicate(timeout=100)
        assert self.run.returncode == 0

    def kill(self):
        self.run.send_signal(signal.SIGKILL)
        self.run.communicate(timeout=100)


def model_bytes(number):
    n = 100 + 37 * number % 1000
    return (31 * number + 7 * np.arange(n)).astype(np.uint8)


def check_trials(f, acked):
    """Rows, curves and models of trials 0 .. acked-1."""
    trials = f["trials"][:]
    assert len(trials) >= acked
    curves, models = f["curves"][:], f["models"][:]
    complete = h5py.check_enum_dtype(trials.dtype["state"])["complete"]
    for number, row in enumerate(trials[:acked]):
        raw = row.tobytes()
        assert zlib.crc32(raw[:-4]) == row["crc"], number
        assert row["number"] == number and row["state"] == complete
        assert row["value"] == number / 7
        assert row["host"].decode() == f"nöde{number}"
        n = 1 + number % 20
        curve = curves[row["curve_offset"]:row["curve_offset"] + n]
        assert (curve["trial"] == number).all()
        assert (curve["step"] == np.arange(1, n + 1)).all()
        assert (curve["value"] == number + np.arange(1, n + 1) / 64).all()
        want = model_bytes(number)
        at = row["model_offset"]
        assert (models[at:at + len(want)] == want).all(), number
    return trials


def read(path, n):
    done = subprocess.run([DRIVER, "read", path, str(n)], text=True,
                          capture_output=True, timeout=100)
    return done.returncode, done.stdout


def test_live_killed_resumed_closed(tmp_path):
    path = tmp_path / "s.h5"
    writer = Writer(path, 5)
    live = h5py.File(path, "r", swmr=True)  # stays open throughout
    check_trials(live, 5)
    writer.add(300)
    live["trials"].refresh()
    live["curves"].refresh()
    live["models"].refresh()
    check_trials(live, 305)
    assert read(path, 305) == (0, "good, live\n")
    writer.kill()
    assert read(path, 305) == (0, "good, at rest\n")
    with h5py.File(path, "r", swmr=True) as f:
        check_trials(f, 305)
    again = Writer(path, 10)
    assert again.n == 315
    for name in ("trials", "curves", "models"):
        live[name].refresh()
    check_trials(live, 315)  # the old handle goes on
    again.close()
    live.close()
    for options in ({}, {"swmr": True}):
        with h5py.File(path, "r", **options) as f:
            check_trials(f, 315)
    assert read(path, 315) == (0, "good, at rest\n")


def test_what_h5py_sees(tmp_path):
    path = tmp_path / "s.h5"
    Writer(path, 40).close()
    with h5py.File(path, "r") as f:
        assert f.attrs["format"].decode() == "hpotune-study"
        assert f.attrs["format_version"] == 1
        assert f.attrs["name"].decode() == "zürich"
        trials = f["trials"]
        kinds = h5py.check_enum_dtype(trials.dtype["state"])
        assert kinds == {"none": -1, "waiting": 0, "running": 1,
                         "complete": 2}
        # a choice of the name "none" leaves another name to -1
        kinds = h5py.check_enum_dtype(f["curves"].dtype["metric"])
        assert kinds == {"(none)": -1, "logloss": 0, "none": 1, "f1": 2}
        assert trials.dtype.itemsize == sum(
            trials.dtype[n].itemsize for n in trials.dtype.names)
        assert trials.dtype["value"] == "<f8"
        assert trials.dtype["number"] == "<i8"
        units = dict(zip(trials.dtype.names, trials.attrs["units"]))
        assert units["params.x3"] == b"m" and units["value"] == b""
        assert len(trials.attrs["column_descriptions"]) == len(units)
        assert bytes(f["study/xml"][:]).decode() == \
            '<study name="zürich"/>\n'
        assert f["data/cuts"].shape == (2, 3)
        assert f["data/cuts"].dtype == "<f4"
        assert f["data/nothing"].shape == (0,)
        assert f["data/rows"].attrs["units"] == b"rows"
        for name in ("study/xml", "data/cuts", "data/rows", "data/nothing"):
            d = f[name]
            assert zlib.crc32(d[:].tobytes()) == d.attrs["crc"]
        described = []
        f.visititems(lambda name, x: described.append(name) if isinstance(
            x, h5py.Dataset) and {"units", "description"} <= set(x.attrs)
            else None)
        assert len(described) == 7
        assert trials.compression is None and 64 <= trials.chunks[0] <= 80


def test_pandas_as_it_stands(tmp_path):
    path = tmp_path / "s.h5"
    writer = Writer(path, 7)
    for last in (False, True):
        table = pandas.DataFrame(h5py.File(path, swmr=True)["trials"][:])
        assert len(table) == 7 and table["value"][3] == 3 / 7
        assert table["params.x2"].dtype == float
        if not last:
            writer.close()


def test_flag_of_a_plain_writer(tmp_path):
    """A file whose plain writer (h5py's r+) was killed: flag 01."""
    path = tmp_path / "s.h5"
    Writer(path, 20).close()
    code = ("import h5py, os, signal, sys; f = h5py.File(sys.argv[1], 'r+', "
            "libver=('v110', 'v110')); os.kill(os.getpid(), signal.SIGKILL)")
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert path.read_bytes()[11] == 1
    assert read(path, 20) == (0, "good, at rest\n")
    assert path.read_bytes()[11] == 1
    Writer(path, 5).close()
    with h5py.File(path, "r") as f:
        check_trials(f, 25)


def test_other_hdf5_files(tmp_path):
    path = tmp_path / "other.h5"
    for libver in ("earliest", "latest"):
        with h5py.File(path, "w", libver=libver) as f:
            f["x"] = np.arange(10)
            f.attrs["format"] = "something else"
        before = path.read_bytes()
        for mode in ("read", "write"):
            done = subprocess.run([DRIVER, mode, path, "1"], text=True,
                                  stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=100)
            assert done.returncode == 4
            assert "not a study of hpotune" in done.stdout
        assert path.read_bytes() == before


def test_killed_files(tmp_path):
    """Every kill point that test_store_kill makes, seen by h5py."""
    subprocess.run([KILLS], check=True, cwd=tmp_path, timeout=100,
                   stdout=subprocess.DEVNULL,
                   env={**os.environ, "HPO_TEST_KEEP": str(tmp_path),
                        "HPO_TEST_KILLS": os.environ.get("HPO_TEST_KILLS",
                                                         "30")})
    files = list(tmp_path.glob("*.acked"))
    assert len(files) > 40
    for acked in files:
        with h5py.File(acked.with_suffix(".h5"), "r", swmr=True) as f:
            check_trials(f, int(acked.read_text()))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A file of hpotune itself."""
    folder = tmp_path_factory.mktemp("study")
    subprocess.run([PROGRAM, "run", INPUTS / "quickstart.xml", "--trials", "8",
                    "--quiet", "--output", "study.h5"], cwd=folder,
                   check=True, stdout=subprocess.DEVNULL, timeout=100)
    return folder


def test_words_of_the_docs(study, monkeypatch, capsys):
    monkeypatch.chdir(study)
    blocks = re.findall(r"```python\n(.*?)```", FORMAT.read_text(), re.S)
    assert len(blocks) >= 7
    names = {}
    for block in blocks:
        exec(compile(block, str(FORMAT), "exec"), names)
    assert "8 trials" in capsys.readouterr().out
    assert set(names["trials"].state) <= {"complete", "pruned", "failed"}
    assert names["booster"].num_boosted_rounds() > 0
    names["f"].close()


def test_docs_name_everything(study):
    text = re.sub(r"```.*?```", "", FORMAT.read_text(), flags=re.S)
    told = set(re.findall(r"`([^`]+)`", text))
    missing = []

    def look(name, x):
        if not isinstance(x, h5py.Dataset):
            return
        if x.dtype.names is None:
            if f"/{name}" not in told and f"## /{name}\n" not in text:
                missing.append(name)
            return
        assert f"/{name}" in text
        part = text[text.index(f"/{name}"):]
        for column in x.dtype.names:
            column = re.sub(r"^(params|metrics)\..*", r"\1.NAME", column)
            if f"`{column}`" not in part:
                missing.append(f"{name}: {column}")

    with h5py.File(study / "study.h5", "r") as f:
        f.visititems(look)
        missing += [a for a in f.attrs if a not in told]
        assert f.attrs["format_version"] == 1
        assert f["trials"].attrs["units"].shape == \
            (len(f["trials"].dtype.names),)
        assert list(f["study/columns/name"][:]) == \
            [c.encode() for c in f["trials"].dtype.names if c != "crc"]
    assert not missing
