#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Many short programs at many workers: nothing may be left or grow.

    tests/bench/commands.py [trials] [ranks]        10000 65

Samples, while it runs, the open files and resident bytes of every rank, and
the processes below them; at the end what is left of processes and folders.
Prints a table and fails if a rank has more files at the end than early on, or
anything is left."""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("HPOTUNE", str(ROOT / "build/hpotune"))
STUDY = """<study name="many" seed="1">
  <model kind="command" run="sh -c 'echo loss $HPO_PARAM_x'"
         pattern="loss (.*)"><float name="x" low="0" high="1"/></model>
  <objective metric="loss" direction="minimize"/>
  <sampler name="random"/><budget trials="{}"/>
</study>"""


def ranks_of(mark):
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as e:
                if mark in e.read():
                    found[int(pid)] = open(f"/proc/{pid}/comm").read().strip()
        except OSError:
            pass
    return found


def look(mark):
    """(files of the rank with most, KiB of the largest, processes)"""
    files, size, all_of = 0, 0, ranks_of(mark)
    for pid, name in all_of.items():
        if name != "hpotune":
            continue
        try:
            files = max(files, len(os.listdir(f"/proc/{pid}/fd")))
            with open(f"/proc/{pid}/status") as f:
                size = max(size, *[int(line.split()[1]) for line in f
                                   if line.startswith("VmRSS:")])
        except (OSError, TypeError):
            pass
    return files, size, len(all_of)


def main(trials=10000, ranks=65):
    folder = pathlib.Path(tempfile.mkdtemp())
    (folder / "many.xml").write_text(STUDY.format(trials))
    mark = f"MARK_OF_BENCH={os.getpid()}".encode()
    began = time.monotonic()
    run = subprocess.Popen(
        ["mpirun", "-np", str(ranks), PROGRAM, "many.xml", "--quiet"],
        cwd=folder, env={**os.environ, "MARK_OF_BENCH": str(os.getpid())},
        stdout=subprocess.PIPE, text=True)
    samples = []
    while run.poll() is None:
        samples.append((time.monotonic() - began, *look(mark)))
        time.sleep(1)
    seconds = time.monotonic() - began
    print(run.stdout.read().splitlines()[0])
    print(f"{trials / seconds:.0f} trials a second ({seconds:.0f} s)")
    print("seconds  files  KiB  processes")
    for s in samples[::max(1, len(samples) // 12)]:
        print("{:7.0f}  {:5d}  {}  {}".format(*s))
    rest = ranks_of(mark)
    print("processes left:", rest or "none")
    print("folders left:", (folder / "many.trials").exists() or "none")
    assert run.returncode == 0 and not rest
    assert not (folder / "many.trials").exists()
    part = len(samples) // 4  # after the start, before the end
    early = max(s[1] for s in samples[part:2 * part + 1])
    late = max(s[1] for s in samples[-part - 1:])
    assert part < 3 or late <= early + 4, f"files grow: {early} to {late}"


main(*map(int, sys.argv[1:]))
