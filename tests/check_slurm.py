# SPDX-License-Identifier: BSD-3-Clause
"""The job scripts under a real Slurm of the tests' own: one node, 64 CPUs."""
import os
import signal
import subprocess
import time

import h5py
import pytest
from check_run import FUNCTION, check_rows, finished, states
from conftest import BUILD, INPUTS, ROOT
from digest import digest
from faults import ranks_of
from slurm import Slurm

JOBS = ROOT / "jobs"


@pytest.fixture(scope="module")
def slurm():
    try:
        cluster = Slurm(path=[BUILD])
    except TimeoutError as late:
        pytest.skip(f"Slurm does not start here: {str(late)[:60]}")
    yield cluster
    cluster.stop()


def write_study(folder, trials=30, steps=20, delay=0.01):
    path = folder / "f.xml"
    path.write_text(FUNCTION.format(
        steps=steps, delay=delay, trials=trials, sampler="tpe",
        pruner="median", order="strict"))
    return path


def log(folder, job):
    """What a job printed."""
    path = folder / f"slurm-{job}.out"
    return path.read_text(errors="replace") if path.exists() else ""


def run_through(slurm, folder, job):
    """Waits for the job's good end; its facts."""
    facts = slurm.finish(job)
    assert facts["JobState"] == "COMPLETED", \
        str(facts) + log(folder, job) + slurm.logs()
    return facts


def start_again(slurm, folder, job):
    """A requeued job waits for two minutes unless it is told not to."""
    slurm.wait(lambda: slurm.state(job) == "PENDING", "the requeued job")
    slurm.wait(lambda: subprocess.run(
        ["pgrep", "-f", rf"slurmstepd: \[{job}\."], check=False,
        stdout=subprocess.DEVNULL).returncode != 0, "the end of its old run")
    # slurmd tells the new run from the old one, which it must not start
    # again, by the second in which each was made
    ended = time.time()
    slurm.wait(lambda: time.time() > ended + 2, "the next second")
    slurm.ask("scontrol", "update", f"JobId={job}", "StartTime=now",
              check=True)
    return run_through(slurm, folder, job)


@pytest.mark.parametrize("launch, ranks", [
    ("mpirun", 4), ("srun --mpi=pmix", 4), ("mpirun", 64)])
def test_batch_job(slurm, tmp_path, launch, ranks):
    job = slurm.submit(f"--ntasks={ranks}", JOBS / "study.sbatch",
                       INPUTS / "quickstart.xml", "q.h5", "--trials", 12,
                       cwd=tmp_path, env={"HPOTUNE_LAUNCH": launch})
    run_through(slurm, tmp_path, job)
    assert len(check_rows(tmp_path / "q.h5")) == 12
    assert "best trial" in log(tmp_path, job)
    with h5py.File(tmp_path / "q.h5") as f:
        session = f["sessions"][0]
    assert session["ranks"] == ranks
    assert session["slurm_job_id"] == job.encode()


def test_soft_stop_is_requeued_and_goes_on(slurm, tmp_path):
    study = write_study(tmp_path, trials=300)
    job = slurm.submit("--ntasks=3", JOBS / "study.sbatch", study, "f.h5",
                       cwd=tmp_path)
    after = slurm.submit(f"--dependency=afterok:{job}", "--wrap",
                         "hpotune status f.h5", cwd=tmp_path)
    slurm.wait(lambda: finished(tmp_path / "f.h5") >= 3, "three trials")
    slurm.ask("scancel", "--signal=USR1", "--batch", job, check=True)
    slurm.wait(lambda: slurm.state(job) == "PENDING", "the requeued job")
    assert slurm.state(after) == "PENDING"  # put back is not done
    write_study(tmp_path, trials=60)
    facts = start_again(slurm, tmp_path, job)
    assert facts["Restarts"] == "1", facts
    assert len(check_rows(tmp_path / "f.h5")) == 60
    assert "SIGUSR1" in log(tmp_path, job)
    run_through(slurm, tmp_path, after)
    assert "finished" in log(tmp_path, after)
    whole = write_study(tmp_path, trials=60)
    other = slurm.submit("--ntasks=2", JOBS / "study.sbatch", whole, "g.h5",
                         cwd=tmp_path)
    run_through(slurm, tmp_path, other)
    assert digest(tmp_path / "f.h5") == digest(tmp_path / "g.h5")


def test_stop_by_hand_is_not_requeued(slurm, tmp_path):
    study = write_study(tmp_path, trials=4000)
    job = slurm.submit("--ntasks=3", JOBS / "study.sbatch", study, "f.h5",
                       cwd=tmp_path)
    slurm.wait(lambda: finished(tmp_path / "f.h5") >= 3, "three trials")
    subprocess.run([BUILD / "hpotune", "stop", "f.h5", "--wait"],
                   cwd=tmp_path, check=True)
    facts = run_through(slurm, tmp_path, job)
    assert facts["Restarts"] == "0", facts
    assert "not put back in the queue" in log(tmp_path, job)


def test_time_limit_is_met_and_requeued(slurm, tmp_path):
    """A study that cannot end within Slurm's shortest limit, one minute."""
    study = write_study(tmp_path, trials=100000)
    job = slurm.submit("--ntasks=3", "--time=1", JOBS / "study.sbatch", study,
                       "f.h5", cwd=tmp_path)
    slurm.wait(lambda: slurm.job(job).get("Restarts") == "1", "the requeue",
               200)
    assert "the job's time limit is near" in log(tmp_path, job)
    slurm.ask("scancel", job)
    slurm.finish(job)
    assert set(states(tmp_path / "f.h5")) & {"complete", "pruned"}
    done = subprocess.run([BUILD / "hpotune", "status", tmp_path / "f.h5"],
                          capture_output=True, text=True)
    assert done.returncode == 75, done.stdout


def test_cancelled_job_loses_nothing(slurm, tmp_path):
    study = write_study(tmp_path, trials=300)
    job = slurm.submit("--ntasks=3", JOBS / "study.sbatch", study, "f.h5",
                       cwd=tmp_path)
    slurm.wait(lambda: finished(tmp_path / "f.h5") >= 5, "five trials")
    before = finished(tmp_path / "f.h5")
    slurm.ask("scancel", job, check=True)
    slurm.finish(job)
    slurm.wait(lambda: not slurm.ask("squeue", "-h", "-j", job),
               "the job's last process")
    check_rows(tmp_path / "f.h5")
    assert finished(tmp_path / "f.h5") >= before
    total = finished(tmp_path / "f.h5") + 10
    write_study(tmp_path, trials=total)
    again = slurm.submit("--ntasks=4", JOBS / "study.sbatch", study, "f.h5",
                         cwd=tmp_path)
    run_through(slurm, tmp_path, again)
    assert finished(tmp_path / "f.h5") == total


def test_a_killed_worker_costs_its_trial_alone(slurm, tmp_path):
    study = write_study(tmp_path, trials=60)
    job = slurm.submit("--ntasks=4", JOBS / "study.sbatch", study, "f.h5",
                       "--lost-after", "2s", cwd=tmp_path)
    slurm.wait(lambda: finished(tmp_path / "f.h5") >= 3, "three trials")
    os.kill(ranks_of(tmp_path)[-1], signal.SIGKILL)
    facts = run_through(slurm, tmp_path, job)
    assert facts["Restarts"] == "0", facts
    assert "is lost, 2 of 3 go on" in log(tmp_path, job)
    assert len(check_rows(tmp_path / "f.h5")) == 60


def test_array_of_seeds(slurm, tmp_path):
    study = write_study(tmp_path, trials=6, steps=2)
    job = slurm.submit("--ntasks=2", "--array=1-3%2", JOBS / "array.sbatch",
                       study, "s", cwd=tmp_path)
    slurm.wait(lambda: not slurm.ask("squeue", "-h", "-j", job), "the array")
    found = {digest(tmp_path / f"s-{i}.h5") for i in (1, 2, 3)}
    assert len(found) == 3
    assert all(len(states(tmp_path / f"s-{i}.h5")) == 6 for i in (1, 2, 3))


def submit(slurm, folder, *words, expect=0, **env):
    done = subprocess.run(["sh", JOBS / "submit.sh", *map(str, words)],
                          cwd=folder, env={**slurm.env, **env}, text=True,
                          capture_output=True, stdin=subprocess.DEVNULL)
    assert done.returncode == expect, done.stdout + done.stderr
    return done


def test_submit(slurm, tmp_path):
    study = write_study(tmp_path, trials=6, steps=2)
    done = submit(slurm, tmp_path, "--ranks", 3, "--time", "00:10:00",
                  "--on-success", 'echo "$1" is done >ended',
                  "--mail", "me@example.org", "--sbatch", "--nice=1",
                  study, "f.h5", "--", "--trials", 5)
    job = done.stdout.strip()
    assert job.isdigit(), done.stdout
    run_through(slurm, tmp_path, job)
    assert (tmp_path / "ended").read_text() == "f.h5 is done\n"
    mail = slurm.folder / "mail"
    slurm.wait(lambda: mail.exists() and f"Job_id={job} " in mail.read_text(),
               "the mail")
    assert "Ended" in mail.read_text()
    assert "me@example.org" in mail.read_text()
    assert len(states(tmp_path / "f.h5")) == 5


def test_chain(slurm, tmp_path):
    """A dependent job takes the best model away and scores new rows; after a
    study that failed it does not run."""
    import numpy as np
    import pandas
    xgboost = pytest.importorskip("xgboost")
    job = submit(slurm, tmp_path, "--ranks", 3, INPUTS / "quickstart.xml",
                 "q.h5", "--", "--trials", 4).stdout.strip()
    words = ("--kill-on-invalid-dep=yes", JOBS / "chain.sbatch")
    after = slurm.submit(f"--dependency=afterok:{job}", *words, "q.h5",
                         INPUTS / "breast_cancer.csv", "p.csv", cwd=tmp_path)
    run_through(slurm, tmp_path, after)
    found = pandas.read_csv(tmp_path / "p.csv")["probability"].to_numpy()
    model = xgboost.Booster()
    model.load_model(tmp_path / "q.model.json")
    rows = pandas.read_csv(INPUTS / "breast_cancer.csv")
    rows = rows[model.feature_names]
    assert np.allclose(found, model.predict(xgboost.DMatrix(rows)), atol=1e-6)
    bad = slurm.submit("--ntasks=2", JOBS / "study.sbatch", "none.xml",
                       "n.h5", cwd=tmp_path)
    after = slurm.submit(f"--dependency=afterok:{bad}", *words, "n.h5", "x",
                         "y", cwd=tmp_path)
    assert slurm.finish(bad)["JobState"] == "FAILED"
    assert slurm.finish(after)["JobState"] == "CANCELLED"


def test_weekly(slurm, tmp_path):
    """The line of weekly.scrontab, run as Slurm's cron runs it: by sbatch
    with the options above it."""
    lines = (JOBS / "weekly.scrontab").read_text().splitlines()
    options = [w.replace("64", "3") for line in lines
               if line.startswith("#SCRON") for w in line.split()[1:]]
    assert len(options) == 4
    when, command = [line for line in lines
                     if not line.startswith("#")][0].split(None, 1)
    assert when == "@weekly"
    home = tmp_path / "studies"
    home.mkdir()
    (home / "jobs").symlink_to(JOBS)
    write_study(home, trials=5, steps=2).rename(home / "wine.xml")
    job = slurm.submit(*options, "--wrap", command, cwd=tmp_path,
                       env={"HOME": str(tmp_path)})
    facts = slurm.finish(job)
    assert facts["JobState"] == "COMPLETED", facts
    files = list(home.glob("wine-20??-W??.h5"))
    assert len(files) == 1 and len(states(files[0])) == 5
    assert "all done" in (tmp_path / f"hpotune-weekly-{job}.log").read_text()


def test_failure_is_told(slurm, tmp_path):
    """Data that go away between check and start."""
    study = tmp_path / "q.xml"
    study.write_text((INPUTS / "quickstart.xml").read_text())
    data = tmp_path / "breast_cancer.csv"
    data.write_text((INPUTS / "breast_cancer.csv").read_text())
    done = submit(slurm, tmp_path, "--ranks", 2, "--sbatch", "--hold",
                  "--on-failure", 'echo "$1" ended with "$2" >ended',
                  study, "q.h5")
    job = done.stdout.strip()
    data.unlink()
    slurm.ask("scontrol", "release", job, check=True)
    facts = slurm.finish(job)
    assert facts["ExitCode"] == "2:0" or facts["ExitCode"] == "3:0", facts
    assert (tmp_path / "ended").read_text().startswith("q.h5 ended with")


def test_submit_refuses(slurm, tmp_path):
    study = write_study(tmp_path)
    study.write_text(study.read_text().replace("tpe", "tpee"))
    done = submit(slurm, tmp_path, study, "f.h5", expect=2)
    assert "tpee" in done.stderr and done.stdout == ""
    assert "there is no option" in submit(slurm, tmp_path, "--rank", 3,
                                          expect=2).stderr
    assert "--seeds" in submit(slurm, tmp_path, "--help").stdout


def test_seeds_by_submit(slurm, tmp_path):
    study = write_study(tmp_path, trials=4, steps=2)
    done = submit(slurm, tmp_path, "--ranks", 2, "--seeds", "7-8", study,
                  "s.h5")
    job = done.stdout.strip()
    slurm.wait(lambda: not slurm.ask("squeue", "-h", "-j", job), "the array")
    assert (tmp_path / "s-7.h5").exists() and (tmp_path / "s-8.h5").exists()
