# SPDX-License-Identifier: BSD-3-Clause
"""Workers that are killed or hang while a study runs: it goes on without
them, ends by itself, and is the same study."""
import os
import signal
import subprocess
import time

import h5py
import pytest
from check_command import rows, script
from check_run import finished, states, wait_for, write_function
from conftest import BUILD, INPUTS, SECONDS
from digest import digest
from faults import ranks_of, study_text

LOST = ("--lost-after", "4s", "--quiet")
RECOVERY = ("--enable-recovery",)
TRIALS = 30


def until(what, seconds=60):
    """Waits for a condition."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def workers(folder):
    """Process ids by rank, 1 and up."""
    found = {}
    for pid in ranks_of(folder):
        try:
            with open(f"/proc/{pid}/environ") as f:
                text = f.read()
        except ProcessLookupError:  # killed, and not yet gone
            continue
        env = dict(e.split("=", 1) for e in text.split("\0") if "=" in e)
        found[int(env["PMIX_RANK"])] = pid
    return found


class Loss:
    """A study under mpirun that is to lose workers."""

    def __init__(self, tool, study, *words, ranks, mpirun=RECOVERY,
                 out="f.h5"):
        self.tool, self.path = tool, tool.folder / out
        self.code = tool.folder / "code"
        self.run = tool.start(study, "--output", out, *words, ranks=ranks,
                              mpirun=mpirun, HPOTUNE_EXIT_FILE=str(self.code))

    def hit(self, sign, *ranks, trials=3):
        """Sends a signal to ranks, once so many trials have ended."""
        wait_for(self.run, self.path, trials)
        pids = workers(self.tool.folder)
        for rank in ranks:
            os.kill(pids[rank], sign)
        return [pids[rank] for rank in ranks]

    def end(self):
        """Exit code of rank 0, and what was printed; nothing is left."""
        text, _ = self.run.communicate(timeout=120)
        until(lambda: not ranks_of(self.tool.folder))
        return int(self.code.read_text()), text


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The study and its digest where nothing is lost."""
    from conftest import Tool
    tool = Tool(tmp_path_factory.mktemp("whole"))
    study = tool.folder / "s.xml"
    study.write_text(study_text("gbt", INPUTS / "breast_cancer.csv", TRIALS,
                                low=60, high=200))
    tool.run(study, "--quiet")
    return study, digest(tool.folder / "f.h5", TRIALS)


@pytest.mark.parametrize("team, killed, stopped", [
    (1, [2], [4]),  # each trains alone
    (2, [4], []),   # one of a team dies in the middle of a step
    (2, [], [1]),   # the first of a team hangs
])
def test_goes_on_without_the_lost(tool, whole, team, killed, stopped):
    study, expected = whole
    loss = Loss(tool, study, *LOST, "--set",
                f"parallel/ranks-per-trial={team}", ranks=5)
    loss.hit(signal.SIGKILL, *killed)
    loss.hit(signal.SIGSTOP, *stopped)
    code, text = loss.end()
    assert code == 0, text
    for rank in killed + stopped:
        assert f"team {(rank - 1) // team} is lost" in text
    with h5py.File(loss.path) as f:
        said = [text for text in f["log"]["text"] if b" is lost, " in text]
    assert len(said) == len(killed + stopped)
    assert digest(loss.path, TRIALS) == expected
    assert tool.run("status", "f.h5").stdout.count("finished") == 1


def test_all_lost_is_saved_and_goes_on(tool, whole):
    study, expected = whole
    loss = Loss(tool, study, *LOST, ranks=3)
    loss.hit(signal.SIGSTOP, 1)
    loss.hit(signal.SIGKILL, 2)
    code, text = loss.end()
    assert code == 75 and "all ranks that train are lost" in text
    assert "the same command goes on" in text
    before = finished(loss.path)
    assert 3 <= before < TRIALS
    assert tool.run("status", "f.h5", expect=75)
    tool.run(study, "--quiet", "--output", "f.h5")
    assert digest(loss.path, TRIALS) == expected


def test_one_that_wakes_is_not_believed(tool):
    study = write_function(tool.folder, steps=4, delay=0.02, order="arrival")
    loss = Loss(tool, study, *LOST, ranks=4)
    [pid] = loss.hit(signal.SIGSTOP, 3)
    line = ""
    while "is lost" not in line:
        line = loss.run.stdout.readline()
        assert line
    os.kill(pid, signal.SIGCONT)
    until(lambda: not os.path.exists(f"/proc/{pid}")
          or pid not in ranks_of(tool.folder))
    code, text = loss.end()
    assert code == 0, text
    assert len(states(loss.path)) == finished(loss.path) == 60


POISON = """<study name="p" seed="1">
  <model kind="command" run="./p.sh {{x}}">
    <int name="x" low="0" high="5"/></model>
  <objective metric="loss" direction="minimize"/>
  <sampler name="grid"/><budget trials="6"/>
  <parallel order="{order}"/><output file="f.h5"/>
</study>
"""
# Kills the rank above the guard above it, as the OOM killer might.
KILLER = """if [ $1 = 2 ]; then
  read -r pid name state rank rest </proc/$PPID/stat
  kill -9 $rank
  sleep 60
fi
printf '{"metrics": {"loss": %s}}' $1
"""


@pytest.mark.parametrize("order, batch", [
    ("strict", 1), ("arrival", 1), ("arrival", 3)])
def test_a_trial_that_kills_its_workers_fails(tool, order, batch):
    """Also when a session loses all of them before; its mates of a batch do
    not."""
    script(tool, KILLER)
    study = tool.folder / "p.xml"
    study.write_text(POISON.format(order=order))
    code, codes = None, []
    while code != 0:
        assert len(codes) < 5
        code, text = Loss(tool, study, *LOST, "--set",
                          f"parallel/batch={batch}", ranks=3).end()
        codes.append(code)
    assert set(codes) == {75, 0}, text
    by_x = {r["params.x"]: r for r in rows(tool.folder / "f.h5")}
    assert by_x[2]["state"] == "failed" and len(by_x) == 6
    assert by_x[2]["reason"].startswith("lost 3 workers: rank ")
    assert all(0 < r["start"] <= r["end"] for r in by_x.values())
    assert [r["state"] for r in by_x.values()].count("complete") == 5


def test_without_rank_0_the_others_leave(tool, whole):
    study, expected = whole
    loss = Loss(tool, study, "--lost-after", "2s", "--quiet", ranks=4)
    loss.hit(signal.SIGKILL, 0)
    code, _ = loss.end()
    assert code == 75
    tool.run(study, "--quiet", "--output", "f.h5", ranks=3)
    assert digest(loss.path, TRIALS) == expected


def test_nobody_waits_for_the_lost():
    """A rank in a collective that has gone through for rank 0 alone."""
    done = subprocess.run(
        ["mpirun", "--enable-recovery", "-np", "3",
         BUILD / "tests" / "lost_driver"], capture_output=True, text=True,
        timeout=60)
    assert sorted(line for line in done.stdout.splitlines()) == [
        "rank 1: lost: rank 1 waits for one that is lost",
        "rank 2: lost: rank 0 goes on without rank 2"], done.stderr


def test_hung_worker_without_recovery(tool, whole):
    study, expected = whole
    loss = Loss(tool, study, *LOST, ranks=4, mpirun=())
    loss.hit(signal.SIGSTOP, 3)
    code, text = loss.end()
    assert code == loss.run.returncode == 0, text
    assert digest(loss.path, TRIALS) == expected


@pytest.mark.parametrize("option, why, mpirun, words", [
    ("--stuck-after", "no progress for ", (), ()),
    ("--stuck-after", "no progress for ", RECOVERY, ()),
    ("--stuck-after", "no progress for ", RECOVERY, ("--lost-after", "0")),
    ("--time-limit", "a step outlasts the job's time limit", (), ()),
    ("--time-limit", "a step outlasts the job's time limit", RECOVERY, ())])
def test_a_step_that_never_ends(tool, option, why, mpirun, words):
    """Nobody waits for it, nor does it outlive the session."""
    study = write_function(tool.folder, steps=5, delay=3600, trials=4)
    for seconds in SECONDS:
        loss = Loss(tool, study, option, f"{seconds}s", "--overwrite",
                    *words, ranks=3, mpirun=mpirun)
        code, text = loss.end()
        assert code == 75 and (mpirun or loss.run.returncode == 75), text
        if len(states(loss.path)) == 2:
            break
    assert why in text and "the same command goes on" in text
    assert states(loss.path) == ["interrupted"] * 2
    assert tool.run("status", "f.h5", expect=75)


def test_steps_are_progress_also_in_strict_order(tool):
    """Long trials that report nothing are no standstill."""
    study = write_function(tool.folder, steps=25, delay=0.1, trials=1)
    done = tool.run(study, "--stuck-after", "2s", "--quiet", ranks=2)
    assert "all done" in done.stdout


@pytest.mark.parametrize("option", ["--lost-after", "--stuck-after"])
def test_nonsense_is_refused(tool, option):
    study = write_function(tool.folder)
    done = tool.run(study, option, "soon", expect=2)
    assert f"{option} soon is no duration" in done.stderr
