#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Studies under mpirun --enable-recovery that lose workers at random times,
by SIGKILL or SIGSTOP, in teams of 1, 2 and 3, from the first moment on; some
stopped ones come back with SIGCONT.  Every session must end by itself and
leave no process; the study, gone on with where all workers are lost, must be
the one that ran through, bit for bit.

usage: tests/bench/lost.py [--program build/hpotune] [--losses 100] [--seed S]
"""
import argparse
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from digest import digest  # noqa: E402
from faults import check_after, fresh, ranks_of, study_text  # noqa: E402

os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT", "1")
os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
os.environ.setdefault("OMPI_MCA_rmaps_base_oversubscribe", "1")


class Session:
    """One run of the study in a folder."""

    def __init__(self, program, folder, ranks, team, mpirun):
        self.folder, self.code = folder, folder / "code"
        self.code.unlink(missing_ok=True)
        self.out = open(folder / "out.txt", "w+")
        self.run = subprocess.Popen(
            ["mpirun", "--enable-recovery", *mpirun, "-np", str(ranks),
             program, "s.xml", "--output", "f.h5", "--lost-after", "2s",
             "--set", f"parallel/ranks-per-trial={team}"],
            cwd=folder, stdin=subprocess.DEVNULL, stdout=self.out,
            stderr=subprocess.STDOUT,
            env=dict(os.environ, HPOTUNE_EXIT_FILE=str(self.code)))

    def hit(self, dice):
        """Kills or stops a worker; what it did, or None: there is none."""
        pids = ranks_of(self.folder)[1:]
        if not pids or self.run.poll() is not None:
            return None
        pid = dice.choice(pids)
        sign = dice.choice([signal.SIGKILL, signal.SIGSTOP])
        try:
            os.kill(pid, sign)
            if sign == signal.SIGSTOP and dice.random() < 0.3:
                time.sleep(dice.random() * 4)
                os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            return None
        return sign

    def end(self):
        """Exit code of rank 0 and all that was printed."""
        self.run.wait(timeout=120)
        assert not ranks_of(self.folder), "a process is left"
        self.out.seek(0)
        text = self.out.read()
        return (int(self.code.read_text()) if self.code.exists() else None,
                text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="build/hpotune")
    parser.add_argument("--csv", default="inputs/breast_cancer.csv")
    parser.add_argument("--losses", type=int, default=100)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--mpirun", default="", help="more of its options")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    print("seed", options.seed)
    dice = random.Random(options.seed)
    program = os.path.abspath(options.program)
    losses = studies = sessions = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name).resolve()
        (folder / "s.xml").write_text(study_text(
            "gbt", os.path.abspath(options.csv), options.trials, low=60,
            high=200))
        subprocess.run([program, "s.xml", "--quiet", "--output", "whole.h5"],
                       cwd=folder, check=True, stdout=subprocess.DEVNULL)
        expected = digest(folder / "whole.h5", options.trials)
        while losses < options.losses:
            fresh(folder / "f.h5")
            known, code = {}, None
            while code != 0:
                team = dice.choice([1, 1, 2, 3])
                session = Session(program, folder, 1 + 2 * team +
                                  dice.choice([0, 0, team]), team,
                                  options.mpirun.split())
                time.sleep(dice.random() * 1.5)
                for _ in range(dice.choice([1, 1, 2, 5])):
                    losses += session.hit(dice) is not None
                    time.sleep(dice.random())
                try:
                    code, text = session.end()
                except (subprocess.TimeoutExpired, AssertionError) as e:
                    sys.exit(f"{e}\n{(folder / 'out.txt').read_text()}"
                             f"\nranks {ranks_of(folder)}")
                assert code in (0, 75), (code, text)
                sessions += 1
                known = check_after(folder / "f.h5", text, known)
            assert sorted(known) == list(range(options.trials))
            assert digest(folder / "f.h5", options.trials) == expected
            studies += 1
            print(f"{studies} studies, {sessions} sessions, {losses} workers "
                  "lost, every study whole and the same", flush=True)


main()
