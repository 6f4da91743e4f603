# SPDX-License-Identifier: BSD-3-Clause
"""Limits of a trial, of a study and of a job: each ends what it is for at the
next step, and what is there is saved."""
import os
import signal
import time

import h5py
import pytest
from check_run import states, write_function
from check_winner import make_table, write
from conftest import SECONDS

ENDLESS = 10**6  # steps, of a hundredth of a second


def endless(tool, trials=4):
    """A study that takes hours for each of its trials."""
    return write_function(tool.folder, steps=ENDLESS, delay=0.01,
                          trials=trials, pruner="none")


def rows(tool):
    with h5py.File(tool.folder / "f.h5") as f:
        return f["trials"][:]


def until_running(tool, run):
    """Waits for the first trial's row."""
    path = tool.folder / "f.h5"
    end = time.monotonic() + 60
    while not path.exists() or not states(path):
        assert run.poll() is None and time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("limit, reason", [
    ("time=0.1s", "time limit"), ("memory=1M", "memory limit: the rank")])
@pytest.mark.parametrize("ranks", [1, 3])
def test_a_trial_over_its_limit_takes_no_further_step(tool, limit, reason,
                                                      ranks):
    study = write_function(tool.folder, steps=50, delay=0.2, trials=2)
    team = max(ranks - 1, 1)
    tool.run(study, "--set", f"trial-limits/{limit}", "--set",
             f"parallel/ranks-per-trial={team}", ranks=ranks, expect=None)
    found = rows(tool)
    assert states(tool.folder / "f.h5") == ["failed"] * 2
    assert list(found["steps"]) == [1, 1]
    assert all(r["reason"].decode().startswith(reason) for r in found)


def test_timeout_cancels_at_a_step(tool):
    for seconds in SECONDS:
        done = tool.run(endless(tool), "--timeout", f"{seconds}s",
                        "--overwrite", ranks=3, expect=5)
        assert "the timeout is over" in done.stdout
        if len(rows(tool)) == 2 and min(rows(tool)["steps"]) > 0:
            break
    assert states(tool.folder / "f.h5") == ["cancelled"] * 2
    assert max(rows(tool)["steps"]) < ENDLESS


@pytest.mark.parametrize("sign, reason", [
    (signal.SIGUSR1, "stopped by SIGUSR1"),
    (signal.SIGTERM, "stopped by SIGTERM"),
    (signal.SIGINT, "stopped by SIGINT"),
    (None, "stopped by hpotune stop")])
def test_stopped_by_hand(tool, sign, reason):
    run = tool.start(endless(tool))
    until_running(tool, run)
    if sign:
        os.kill(run.pid, sign)
    else:
        tool.run("stop", "f.h5")
    text, _ = run.communicate(timeout=60)
    assert run.returncode == 75 and reason in text, text
    assert states(tool.folder / "f.h5") == ["interrupted"]
    assert rows(tool)["steps"][0] < ENDLESS
    assert reason in tool.run("status", "f.h5", expect=75).stdout


def job_ends(tool, who, seconds):
    """Words and environment that tell it."""
    if who == "option":
        return ("--time-limit", f"{seconds}s"), {}
    if who == "slurm":
        return (), {"SLURM_JOB_END_TIME": str(int(time.time()) + seconds)}
    squeue = tool.folder / "squeue"
    squeue.write_text(f"#!/bin/sh\necho 0:{seconds:02}\n")
    squeue.chmod(0o755)
    return (), {"SLURM_JOB_ID": "1",
                "PATH": f"{tool.folder}:{os.environ['PATH']}"}


@pytest.mark.parametrize("who", ["option", "slurm", "squeue"])
def test_the_jobs_own_end(tool, who):
    """Told on the command line, by Slurm's environment, or by squeue."""
    for seconds in SECONDS:
        words, env = job_ends(tool, who, seconds)
        done = tool.run(endless(tool), *words, "--overwrite", expect=75,
                        timeout=60, **env)
        assert "the job's time limit is near" in done.stdout
        if len(rows(tool)) > 0 and rows(tool)["steps"][0] > 0:
            break
    assert states(tool.folder / "f.h5")[0] == "interrupted"
    assert 0 < rows(tool)["steps"][0] < ENDLESS


def test_one_rank_waits_for_its_step(tool):
    """Also where the job has ended before the first one."""
    done = tool.run(endless(tool), "--time-limit", "0.001", expect=75)
    assert "the job's time limit is near" in done.stdout
    assert "the same command goes on" in done.stdout
    study = write_function(tool.folder, steps=3, delay=0.5, trials=1)
    done = tool.run(study, "--stuck-after", "0.1s", "--output", "g.h5")
    assert "all done" in done.stdout


def test_the_model_of_all_rows_has_time(tool):
    """No trial fails only because its model is wanted.  That takes as long as
    the folds do, of which there are two."""
    gbt = """<model kind="gbt"><fixed name="n_estimators" value="60"/>
        <int name="max_depth" low="5" high="6"/></model>"""
    write(tool, table=make_table(1, 20000), trials=1, model=gbt,
          held='<folds count="2"/>', keep="best:1")
    limit, tries, steps, wall = 1, 0, 0, 0
    while steps < 60 or wall <= limit:  # until the limit ends in between
        assert tries < 40
        tries += 1
        limit *= 0.85 if steps == 60 else 1.1
        tool.run("s.xml", "--quiet", "--overwrite", "--set",
                 f"trial-limits/time={limit:.3f}s", expect=None)
        with h5py.File(tool.folder / "s.h5") as f:
            row = f["trials"][0]
            steps, wall = row["steps"], row["wall"]
    assert row["reason"] == b""
    assert states(tool.folder / "s.h5") == ["complete"]
