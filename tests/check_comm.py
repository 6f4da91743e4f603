# SPDX-License-Identifier: BSD-3-Clause
"""Messages, collectives, node memory and teams over real MPI: the program
tests/test_comm_mpi, alone and under mpirun."""
import os
import subprocess

import pytest
from conftest import BUILD

PROGRAM = BUILD / "tests" / "test_comm_mpi"


# ranks (0: without mpirun), ranks per trial (0: all)
@pytest.mark.parametrize("ranks,team", [(0, 1), (1, 1), (2, 1), (3, 1),
                                        (4, 2), (4, 0), (5, 2)])
def test_comm(ranks, team):
    command = ["mpirun", "-np", str(ranks)] if ranks else []
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(("OMPI_COMM_", "PMIX_", "PMI_"))}
    done = subprocess.run([*command, str(PROGRAM), str(team)], text=True,
                          capture_output=True, timeout=100, env=env,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{max(ranks, 1)} ranks" in done.stdout
    assert done.stderr.count("all is well") == max(ranks, 1)
