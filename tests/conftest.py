# SPDX-License-Identifier: BSD-3-Clause
"""What the whole-run checks share: the program, mpirun, folders."""
import os
import pathlib
import signal
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("HPOTUNE_BUILD", ROOT / "build"))
PROGRAM = BUILD / "hpotune"
INPUTS = ROOT / "inputs"
SHARED = ROOT.parent / "shared" / "data"

for driver in ("gbt", "linear", "metric", "data", "tpe", "cma", "gp", "store", "study"):
    os.environ.setdefault(f"{driver.upper()}_DRIVER",
                          str(BUILD / "tests" / f"{driver}_driver"))
os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT", "1")
os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
os.environ.setdefault("OMPI_MCA_rmaps_base_oversubscribe", "1")
os.environ.setdefault("PRTE_MCA_rmaps_default_mapping_policy",
                      ":oversubscribe")

# For what a limit must not end before it has begun: on a busy machine the
# start alone may take longer than the first of these.
SECONDS = (2, 4, 8, 16, 32)


def children(pid):
    """Ids of all processes below pid."""
    below = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = path.read_text().rsplit(")", 1)[1].split()[1]
        except OSError:
            continue
        below.setdefault(int(parent), []).append(int(path.parent.name))
    found, left = [], [pid]
    while left:
        more = below.get(left.pop(), [])
        found += more
        left += more
    return found


def is_alive(pid):
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


def end_of(run, timeout=240):
    """All that a started run printed, when it has ended.  After the kill of a
    rank mpirun 4.1 sometimes locks itself up in PMIx_server_finalize: if
    nothing of the run has been alive for ten seconds, it is ended."""
    gone = None
    limit = time.monotonic() + timeout
    while True:
        try:
            text, _ = run.communicate(timeout=0.5)
            return text
        except subprocess.TimeoutExpired:
            now = time.monotonic()
        if now > limit:
            raise TimeoutError(f"{run.args} does not end")
        below = children(run.pid)
        if not below or any(map(is_alive, below)):
            gone = None
        elif gone is None:
            gone = now
        elif now > gone + 10:
            run.kill()


class Tool:
    """Runs hpotune in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder

    def command(self, *words, ranks=1, mpirun=()):
        words = [str(w) for w in words]
        if ranks > 1:
            return ["mpirun", *mpirun, "-np", str(ranks), str(PROGRAM), *words]
        return [str(PROGRAM), *words]

    def run(self, *words, ranks=1, expect=0, timeout=240, **env):
        done = subprocess.run(self.command(*words, ranks=ranks),
                              cwd=self.folder, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              env={**os.environ, **env})
        if expect is not None:
            assert done.returncode == expect, done.stdout + done.stderr
        return done

    def start(self, *words, ranks=1, mpirun=(), **env):
        return subprocess.Popen(self.command(*words, ranks=ranks,
                                             mpirun=mpirun),
                                cwd=self.folder, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, text=True,
                                stderr=subprocess.STDOUT,
                                env={**os.environ, **env})

    def kill(self, run):
        """Kills all ranks of a started run at once."""
        for pid in children(run.pid) or [run.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        end_of(run)


@pytest.fixture
def tool(tmp_path):
    assert PROGRAM.exists(), f"{PROGRAM} is not built"
    return Tool(tmp_path)


@pytest.fixture
def shared_data():
    if not SHARED.is_dir():
        pytest.skip(f"no {SHARED}: the real data sets are not here")
    return SHARED
