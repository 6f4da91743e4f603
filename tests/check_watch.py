# SPDX-License-Identifier: BSD-3-Clause
"""hpotune watch and stop on running studies."""
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios

from check_run import states, wait_for, write_function
from conftest import PROGRAM


def read_screen(path, until, columns=100, rows=40):
    """Watches in a terminal of its own until a screen holds all words."""
    pid, end = pty.fork()
    if pid == 0:
        os.environ["LC_ALL"] = "C.UTF-8"
        os.execv(PROGRAM, [str(PROGRAM), "watch", "--interval", "0.1",
                           str(path)])
    fcntl.ioctl(end, termios.TIOCSWINSZ,
                struct.pack("HHHH", rows, columns, 0, 0))
    text = b""
    while True:
        ready, _, _ = select.select([end], [], [], 60)
        assert ready, text
        try:
            more = os.read(end, 4096)
        except OSError:
            more = b""
        text += more
        screens = text.decode(errors="replace").split("\033[H\033[2J")
        if more and not (len(screens) > 2 and
                         all(w in screens[-2] for w in until)):
            continue
        os.close(end)
        _, code = os.waitpid(pid, 0)
        return screens[-2] if more else screens[-1], code


def start(tool, trials=100000):
    study = write_function(tool.folder, steps=20, delay=0.01, trials=trials)
    run = tool.start(study, "--quiet", ranks=3)
    wait_for(run, tool.folder / "f.h5", 3)
    return run


def test_screen_of_a_running_study_then_stop(tool):
    run = start(tool)
    screen, _ = read_screen(tool.folder / "f.h5", ["running", "now", "team"])
    assert "/100000" in screen and "best value" in screen, screen
    assert "to go" in screen and "last trials" in screen
    assert "\u2588" in screen or "\u2591" in screen
    assert max(map(len, screen.split("\r\n"))) <= 100
    assert run.poll() is None, run.stdout.read()
    done = tool.run("stop", "f.h5", "--wait")
    assert "asked to stop" in done.stdout, run.communicate(timeout=100)
    text, _ = run.communicate(timeout=100)
    assert run.returncode == 75, text
    done = tool.run("status", "f.h5", expect=75)
    assert "stopped by hpotune stop" in done.stdout
    assert not (tool.folder / "f.h5.stop").exists()
    assert "no study is running" in tool.run("stop", "f.h5").stdout
    screen, code = read_screen(tool.folder / "f.h5", ["never"])
    assert code == 0 and "not running" in screen


def test_low_screens_keep_their_head(tool):
    """What is drawn never scrolls: the title stays in sight."""
    run = start(tool)
    for rows in (30, 18, 12, 9):
        screen, _ = read_screen(tool.folder / "f.h5", ["study f"], rows=rows,
                                columns=70)
        lines = screen.split("\r\n")
        # the cursor stands in a line of its own below
        assert lines[-1] == "" and len(lines) <= rows, screen
        assert run.poll() is None, run.stdout.read()
        assert lines[0].startswith("study f, running"), screen
        assert max(map(len, lines)) <= 70
        assert ("last trials" in lines) == (rows >= 18), screen
    tool.run("stop", "f.h5", "--wait")
    run.communicate(timeout=100)


def test_lines_without_a_terminal(tool):
    run = start(tool, trials=30)
    done = tool.run("watch", "f.h5", "--interval", "0.1")
    run.communicate(timeout=100)
    lines = done.stdout.splitlines()
    assert all("/30 trials" in line for line in lines), done.stdout
    assert "30/30 trials, 0 running, best value" in lines[-1]
    assert len(states(tool.folder / "f.h5")) == 30


def test_budget_is_that_of_the_newest_session(tool):
    study = write_function(tool.folder, trials=5)
    tool.run(study, "--quiet")
    tool.run(study, "--quiet", "--trials", 9)
    assert " 9/9  100 %" in tool.run("watch", "f.h5", "--once").stdout
    tool.run(study, "--quiet", "--set", "budget/trials=7")
    assert " 9/7  100 %" in tool.run("watch", "f.h5", "--once").stdout


def test_a_request_from_before_does_not_stop(tool):
    (tool.folder / "f.h5.stop").write_text("stop\n")
    study = write_function(tool.folder, trials=5)
    tool.run(study, "--quiet")
    assert len(states(tool.folder / "f.h5")) == 5


def test_watch_once_and_faults(tool):
    tool.run(write_function(tool.folder, trials=5), "--quiet")
    done = tool.run("watch", "f.h5", "--once")
    assert "5/5  100 %" in done.stdout and "last trials" in done.stdout
    tool.run("watch", expect=2)
    tool.run("watch", "none.h5", expect=4)
    tool.run("stop", "none.h5", expect=4)
    assert "0.05s" in tool.run("watch", "f.h5", "--interval", "0",
                               expect=2).stderr
    ascii_only = subprocess.run(
        [PROGRAM, "watch", "f.h5", "--once"], cwd=tool.folder, text=True,
        env={**os.environ, "LC_ALL": "C"}, capture_output=True)
    assert ascii_only.stdout.isascii() and "#" in ascii_only.stdout
