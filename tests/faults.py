# SPDX-License-Identifier: BSD-3-Clause
"""Kills and failing writes of whole runs, and what must hold after them."""
import os
import pathlib
import re
import shutil
import subprocess
import zlib

import h5py
from conftest import end_of

HERE = pathlib.Path(__file__).resolve().parent
FINAL = ("complete", "pruned", "failed")
# Strict studies that are killed: name to (validation, pruner).
KINDS = {"gbt": ('<validation fraction="0.2"/>', '<pruner name="median"/>'),
         "folds": ('<folds count="3"/>', '<pruner name="none"/>'),
         "halving": ('<validation fraction="0.2"/>',
                     '<pruner name="halving" min-resource="4"/>'),
         "both": ('<folds count="3"/>',
                  '<pruner name="halving" min-resource="4"/>')}
STUDY = """<study name="kills" seed="5">
  <data task="binary" label="diagnosis">
    <train href="{csv}"/>{validation}
  </data>
  <model kind="gbt" objective="binary:logistic">
    <int name="n_estimators" low="{low}" high="{high}"/>
    <int name="max_depth" low="2" high="6"/>
    <float name="learning_rate" low="0.01" high="0.3" log="yes"/>
  </model>
  <objective metric="roc_auc" direction="maximize"/>
  <sampler name="tpe" startup-trials="5"/>{pruner}
  <budget trials="{trials}"/><parallel order="strict"/>
  <output file="f.h5" models="all"/>
</study>
"""


def study_text(kind, csv, trials, low=20, high=60):
    """A study of one of the KINDS: gbt, searched by tpe."""
    validation, pruner = KINDS[kind]
    return STUDY.format(csv=csv, validation=validation, pruner=pruner,
                        trials=trials, low=low, high=high)


def library(folder):
    """Builds tests/faults_preload.c into folder; its path."""
    path = pathlib.Path(folder) / "faults.so"
    if not path.exists():
        subprocess.run([os.environ.get("CC", "gcc").split()[-1], "-shared",
                        "-fPIC", "-D_GNU_SOURCE", "-O1", "-o", path,
                        HERE / "faults_preload.c", "-ldl"], check=True)
    return path


def rows_of(path):
    """/trials by number, every final row's crc checked; a reader opens the
    file as a notebook does while the study runs."""
    with h5py.File(path, "r", swmr=True) as f:
        rows = f["trials"][:]
        names = {v: k for k, v in
                 h5py.check_enum_dtype(rows.dtype["state"]).items()}
        found = {}
        for row in rows:
            state = names[row["state"]]
            if state not in FINAL:
                continue
            raw = row.tobytes()
            assert zlib.crc32(raw[:-4]) == row["crc"], row["number"]
            found[int(row["number"])] = (state, raw)
            first, n = int(row["curve_offset"]), int(row["curve_length"])
            assert len(f["curves"]["value"][first:first + n]) == n
            first, n = int(row["model_offset"]), int(row["model_length"])
            if n > 0:
                model = f["models"][first:first + n].tobytes()
                assert zlib.crc32(model) == row["model_crc"]
        return found


def acknowledged(text):
    """Trials that the run said had ended."""
    return {int(n): s for n, s in re.findall(
        r"trial (\d+) (complete|pruned|failed)", text)}


def run(command, folder, preload, at, how, timeout=120):
    """One run with its fault; (exit code, all it printed)."""
    env = dict(os.environ, LD_PRELOAD=str(preload), HPO_FAULT_AT=str(at),
               HPO_FAULT_HOW=how)
    begun = subprocess.Popen(command, cwd=folder, env=env, text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
    text = end_of(begun, timeout)
    return begun.returncode, text


def counts(command, folder, preload):
    """Writes and fdatasyncs of an undisturbed run."""
    count = pathlib.Path(folder) / "count"
    env = dict(os.environ, LD_PRELOAD=str(preload),
               HPO_FAULT_COUNT=str(count))
    subprocess.run(command, cwd=folder, env=env, check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return tuple(map(int, count.read_text().split()))


def count_writes(command, folder, preload):
    return counts(command, folder, preload)[0]


def check_after(path, text, known):
    """After a fault: all that was acknowledged, now or before, is there."""
    said = {**{n: s for n, (s, _) in known.items()}, **acknowledged(text)}
    if not path.exists():
        assert not said, said
        return {}
    rows = rows_of(path)
    for number, state in said.items():
        assert rows.get(number, ("lost",))[0] == state, (number, text)
    for number, row in known.items():
        assert rows[number] == row, number
    return rows


def goes_on(command, folder, path, known, trials):
    """The same command ends with the whole study."""
    done = subprocess.run(command, cwd=folder, text=True, timeout=120,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    rows = check_after(path, done.stdout, known)
    assert sorted(rows) == list(range(trials))


def fresh(path):
    """No study file, no lock."""
    for p in path.parent.glob(path.name + "*"):
        p.unlink() if p.is_file() else shutil.rmtree(p)


def ranks_of(folder):
    """Process ids of the study's ranks, rank 0 first."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if (entry.name.isdigit() and
                    os.readlink(entry / "cwd") == str(folder) and
                    (entry / "comm").read_text().strip() == "hpotune"):
                found.append(int(entry.name))
        except OSError:
            continue
    return sorted(found)
