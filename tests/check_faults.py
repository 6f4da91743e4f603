# SPDX-License-Identifier: BSD-3-Clause
"""Rank 0 killed before its k-th write, half-way through it, while it goes on;
a full disk and failing writes: nothing that was acknowledged is lost.

HPO_TEST_KILLS=N kill points per test (40; "all": every write), HPO_TEST_SEED
repeats a random choice."""
import os
import random
import resource
import subprocess

import pytest
from check_run import FUNCTION
from conftest import PROGRAM
from digest import digest
from faults import (check_after, count_writes, fresh, goes_on, library,
                    rows_of, run)

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


def points(writes):
    """The writes to be hit."""
    wanted = os.environ.get("HPO_TEST_KILLS", "40")
    if wanted == "all":
        return range(1, writes + 1)
    seed = int(os.environ.get("HPO_TEST_SEED", random.randrange(10**6)))
    print("HPO_TEST_SEED", seed)
    dice = random.Random(seed)
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
