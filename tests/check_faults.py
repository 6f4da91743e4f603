# SPDX-License-Identifier: BSD-3-Clause
"""Rank 0 killed before its k-th write, half-way through it, while it goes on;
a full disk, failing writes and syncs: nothing that was acknowledged is lost.
A strict study that was killed five times is the one that never was.  One
writer, also where there is no flock.

HPO_TEST_KILLS=N kill points per test (20; "all": every write), HPO_TEST_SEED
repeats a random choice."""
import os
import random
import re
import resource
import socket
import subprocess

import pytest
from check_run import FUNCTION
from conftest import INPUTS, PROGRAM
from digest import digest
from faults import (check_after, count_writes, counts, fresh, goes_on, library,
                    rows_of, run, study_text)

TRIALS = 6


@pytest.fixture(scope="module")
def preload(tmp_path_factory):
    return library(tmp_path_factory.mktemp("faults"))


@pytest.fixture
def study(tmp_path):
    text = FUNCTION.format(steps=3, delay=0, trials=TRIALS, sampler="random",
                           pruner="none", order="strict")
    (tmp_path / "f.xml").write_text(
        text.replace('models="none"', 'models="all"'))
    return [PROGRAM, "f.xml"]


def make_dice():
    seed = int(os.environ.get("HPO_TEST_SEED", random.randrange(10**6)))
    print("HPO_TEST_SEED", seed)
    return random.Random(seed)


def points(writes):
    """The writes to be hit."""
    wanted = os.environ.get("HPO_TEST_KILLS", "20")
    if wanted == "all":
        return range(1, writes + 1)
    dice = make_dice()
    chosen = dice.sample(range(1, writes + 1), min(int(wanted), writes))
    return sorted({1, 2, 3, writes - 1, writes, *chosen})


@pytest.mark.parametrize("how", ["before", "half"])
def test_killed_at_a_write(tmp_path, preload, study, how):
    path = tmp_path / "f.h5"
    writes = count_writes(study, tmp_path, preload)
    whole = digest(path, TRIALS)
    assert writes > 50
    for k in points(writes):
        fresh(path)
        code, text = run(study, tmp_path, preload, k, how)
        assert code == -9, (k, code, text)
        goes_on(study, tmp_path, path, check_after(path, text, {}), TRIALS)
        assert digest(path, TRIALS) == whole, k


def test_killed_again_and_again(tmp_path, preload, study):
    """Killed while it goes on, at ever later writes, until it gets through."""
    path = tmp_path / "f.h5"
    count_writes(study, tmp_path, preload)
    whole = digest(path, TRIALS)
    fresh(path)
    known, kills, code = {}, 0, -9
    while code == -9:
        code, text = run(study, tmp_path, preload, 3 + 4 * kills,
                         ("before", "half")[kills % 2])
        assert code in (0, -9), text
        known = check_after(path, text, known)
        kills += 1
    assert kills > 5 and len(known) == TRIALS
    assert digest(path, TRIALS) == whole


@pytest.mark.parametrize("how", ["ENOSPC", "EIO", "once-EIO"])
def test_refused_writes(tmp_path, preload, study, how):
    """Told at once, exit 1; what was acknowledged stands; with room again the
    same command ends the study."""
    path = tmp_path / "f.h5"
    writes = count_writes(study, tmp_path, preload)
    for k in points(writes):
        fresh(path)
        code, text = run(study, tmp_path, preload, k, how)
        assert code == 1, (k, code, text)
        word = "no space left" if how == "ENOSPC" else "input/output error"
        assert word in text and "f.h5" in text, (k, text)
        goes_on(study, tmp_path, path, check_after(path, text, {}), TRIALS)


def test_file_size_limit(tmp_path, study):
    """RLIMIT_FSIZE: the kernel itself refuses."""
    path = tmp_path / "f.h5"
    done = subprocess.run(study, cwd=tmp_path, check=True,
                          capture_output=True)
    size = path.stat().st_size
    for limit in (4096, size // 3, size - 4096):
        fresh(path)
        done = subprocess.run(
            study, cwd=tmp_path, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_FSIZE, (limit, limit)))
        assert done.returncode == 1, (limit, done.stdout)
        assert "f.h5" in done.stdout, done.stdout
        goes_on(study, tmp_path, path,
                check_after(path, done.stdout, {}), TRIALS)


def test_reader_holds_the_file_open(tmp_path, study):
    """A notebook with the file open neither blocks nor harms the writer."""
    import h5py
    subprocess.run([*study, "--trials", "3"], cwd=tmp_path, check=True,
                   capture_output=True)
    with h5py.File(tmp_path / "f.h5", "r", swmr=True) as f:
        trials = f["trials"]
        assert len(trials) == 3
        subprocess.run(study, cwd=tmp_path, check=True, capture_output=True)
        trials.refresh()
        assert len(trials) == TRIALS
    assert len(rows_of(tmp_path / "f.h5")) == TRIALS


@pytest.mark.parametrize("kind", ["gbt", "both"])
def test_preempted_equals_uninterrupted(tmp_path, preload, kind):
    """Killed five times at random writes, on changing ranks: the same trials,
    states, values, curves and model bytes.  both: folds and halving."""
    dice, trials, path = make_dice(), 14, tmp_path / "f.h5"
    (tmp_path / "f.xml").write_text(study_text(
        kind, INPUTS / "breast_cancer.csv", trials, low=12, high=30))
    study = [PROGRAM, "f.xml"]
    writes = count_writes(study, tmp_path, preload)
    whole = digest(path, trials)
    fresh(path)
    ranks, known = [1, 2, 3, 4, 5], {}
    dice.shuffle(ranks)
    for n in ranks:
        command = ["mpirun", "-np", str(n), *study] if n > 1 else study
        code, text = run(command, tmp_path, preload,
                         dice.randrange(8, writes // 8),
                         dice.choice(["before", "half"]))
        assert code in (137, -9), (code, text)
        known = check_after(path, text, known)
    assert len(known) < trials
    goes_on(["mpirun", "-np", "3", *study], tmp_path, path, known, trials)
    assert digest(path, trials) == whole


def test_sync(tmp_path, preload, study):
    """--sync T: fdatasync at most every T and at the end; 0: never; a disk
    that fails there is told like a failing write."""
    path = tmp_path / "f.h5"
    found = {}
    for sync in ("0", "1h", "0.000001s"):
        fresh(path)
        found[sync] = counts([*study, "--sync", sync], tmp_path, preload)[1]
    assert found["0"] == 0 and found["1h"] == 1
    assert found["0.000001s"] >= TRIALS
    for k in (1, 3):
        fresh(path)
        code, text = run([*study, "--sync", "0.000001s"], tmp_path, preload,
                         k, "sync")
        assert code == 1 and "cannot sync" in text and "f.h5" in text, text
        goes_on(study, tmp_path, path, check_after(path, text, {}), TRIALS)


def test_full_file_system(tmp_path, study):
    """A tmpfs that is too small; with room again the study goes on."""
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "none",
                           disk], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"a small file system needs root's mount: {done.stderr}")
    try:
        words = [*study, "--trials", "4000", "--output", "disk/f.h5"]
        done = subprocess.run(words, cwd=tmp_path, text=True,
                              stdin=subprocess.DEVNULL, timeout=120,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        assert done.returncode == 1, done.stdout
        assert "no space left" in done.stdout.lower(), done.stdout
        known = check_after(disk / "f.h5", done.stdout, {})
        subprocess.run(["mount", "-o", "remount,size=9m", disk], check=True)
        n = len(known) + 5
        goes_on([*study, "--trials", str(n), "--output", "disk/f.h5"],
                tmp_path, disk / "f.h5", known, n)
    finally:
        subprocess.run(["umount", disk], check=True)


def running(study, folder, **env):
    """A study that runs long, with its first trial done."""
    child = subprocess.Popen(
        [*study, "--trials", "100000"], cwd=folder, env={**os.environ, **env},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    line = child.stdout.readline()
    while "trial 0 complete" not in line:
        assert line, "it ended"
        line = child.stdout.readline()
    return child


def second(study, folder, **env):
    """What a second run on the file says, and its exit code."""
    done = subprocess.run([*study, "--trials", "3"], cwd=folder, text=True,
                          env={**os.environ, **env}, timeout=120,
                          stdin=subprocess.DEVNULL, capture_output=True)
    return done.returncode, done.stderr


@pytest.mark.parametrize("flock", [True, False])
def test_one_writer(tmp_path, preload, study, flock):
    """Who holds the file is named; a dead one's lock never blocks."""
    env = {"SLURM_JOB_ID": "4711"}
    if not flock:
        env.update(LD_PRELOAD=str(preload), HPO_FAULT_FLOCK="1")
    child = running(study, tmp_path, **env)
    try:
        code, text = second(study, tmp_path, **env)
        assert code == 4, text
        assert re.search(rf"held by host {socket.gethostname()}, pid "
                         rf"{child.pid}, job 4711, since 20\d\d-", text), text
        assert ("remove this file" in text) == (not flock)
    finally:
        child.kill()
        child.communicate()
    held = tmp_path / "f.h5.lock.held"
    assert held.exists() == (not flock)
    status = subprocess.run([PROGRAM, "status", "f.h5"], cwd=tmp_path,
                            capture_output=True, text=True,
                            env={**os.environ, **env})
    assert "can go on" in status.stdout and status.returncode == 75
    assert second(study, tmp_path, **env)[0] == 0
    if flock:
        return
    assert not held.exists()
    # of another host nothing is known: the user decides
    held.write_text("host far.away, pid 1, job 12, since yesterday\n")
    code, text = second(study, tmp_path, **env)
    assert code == 4 and "held by host far.away, pid 1, job 12" in text
    assert "if that process is dead for certain, remove this file" in text
    held.unlink()
    assert second(study, tmp_path, **env)[0] == 0
