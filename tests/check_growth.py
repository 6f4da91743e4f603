# SPDX-License-Identifier: BSD-3-Clause
"""What must not grow with the number of trials: a worker's memory, and the
study file beyond what its rows take.  Large counts: bench/growth.py."""
import os

import h5py
from check_run import write_function
from conftest import INPUTS

STUDY = """<study name="m" seed="5">
  <data task="binary" label="diagnosis">
    <train href="{csv}"/><validation fraction="0.3"/>
  </data>
  <model kind="gbt">
    <fixed name="n_estimators" value="3"/>
    <int name="max_depth" low="2" high="4"/>
    <float name="learning_rate" low="0.01" high="0.3"/>
  </model>
  <objective metric="logloss"/>
  <sampler name="tpe"/><pruner name="median"/>
  <budget trials="{trials}"/>
  <output file="m.h5" models="best:3"/>
</study>
"""


def memory_study(trials):
    return STUDY.format(csv=INPUTS / "breast_cancer.csv", trials=trials)


def raw_bytes(path):
    """Of all rows and bytes in the file."""
    total = 0

    def add(name, item):
        nonlocal total
        if isinstance(item, h5py.Dataset):
            total += item.size * item.dtype.itemsize

    with h5py.File(path, "r", swmr=True) as f:
        f.visititems(add)
    return total


def test_memory_of_a_worker_is_flat(tool):
    """A leak of 3 KB per trial would show."""
    trials = 500
    (tool.folder / "m.xml").write_text(memory_study(trials))
    tool.run("m.xml", "--quiet", ranks=2)
    with h5py.File(tool.folder / "m.h5") as f:
        peak = f["trials"]["peak_memory"][:]
    assert len(peak) == trials
    assert peak[-1] - peak[50] < 3000 * (trials - 50), list(peak[::50])


def test_file_is_little_more_than_its_rows(tool):
    path = tool.folder / "f.h5"
    study = write_function(tool.folder, steps=2, trials=1, sampler="random",
                           pruner="none", order="arrival")
    tool.run(study, "--quiet")
    empty, rows = path.stat().st_size, raw_bytes(path)
    tool.run(study, "--quiet", "--trials", 6000)
    grown, more = path.stat().st_size - empty, raw_bytes(path) - rows
    assert more > 3_000_000
    assert grown < 1.05 * more, (grown, more)
    listed = tool.run("list", "f.h5", "--format", "csv").stdout
    assert len(listed.splitlines()) == 6001


def test_peak_memory_is_the_programs_own(tool):
    """Not that of the process that started it, which exec inherits."""
    ballast = bytearray(os.urandom(1 << 20) * 200)
    tool.run(write_function(tool.folder, trials=2), "--quiet")
    with h5py.File(tool.folder / "f.h5") as f:
        peak = f["trials"]["peak_memory"][:]
    assert len(ballast) > 2 * peak.max() > 4_000_000, peak
