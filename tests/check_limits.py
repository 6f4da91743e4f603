# SPDX-License-Identifier: BSD-3-Clause
"""Limits of a trial, of a study and of a job: each ends what it is for at the
next step, and what is there is saved."""
import os
import signal
import time

import h5py
import pytest
from check_run import states, write_function

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
    done = tool.run(endless(tool), "--timeout", "1s", ranks=3, expect=5)
    assert "the timeout is over" in done.stdout
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


@pytest.mark.parametrize("who", ["option", "slurm", "squeue"])
def test_the_jobs_own_end(tool, who):
    """Told on the command line, by Slurm's environment, or by squeue."""
    words, env = (), {}
    if who == "option":
        words = ("--time-limit", "2s")
    elif who == "slurm":
        env["SLURM_JOB_END_TIME"] = str(int(time.time()) + 2)
    else:
        squeue = tool.folder / "squeue"
        squeue.write_text("#!/bin/sh\necho 0:02\n")
        squeue.chmod(0o755)
        env = {"SLURM_JOB_ID": "1",
               "PATH": f"{tool.folder}:{os.environ['PATH']}"}
    done = tool.run(endless(tool), *words, expect=75, timeout=60, **env)
    assert "the job's time limit is near" in done.stdout
    assert states(tool.folder / "f.h5")[0] == "interrupted"
    assert rows(tool)["steps"][0] < ENDLESS
