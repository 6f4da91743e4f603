# SPDX-License-Identifier: BSD-3-Clause
"""Models that are programs: what they are told, what they report, how they
end, and that nothing of them is left."""
import json
import os
import re
import signal
import stat
import time

import h5py
import pytest
from conftest import INPUTS, PROGRAM, end_of
from digest import digest

STUDY = """<study name="c" seed="4">
  <model kind="command" run="{run}" {attributes}>{inside}</model>
  <objective metric="{metric}" direction="{direction}"/>
  {more}
  <budget trials="{trials}"/>
  <output file="c.h5"/>
</study>
"""
X = '<float name="x" low="0" high="1"/>'


def script(tool, text, name="p.sh"):
    """A program beside the study."""
    path = tool.folder / name
    first = "#!/usr/bin/python3\n" if name.endswith(".py") else "#!/bin/sh\n"
    path.write_text(first + text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return f"./{name}"


def study(tool, run, inside=X, attributes="", metric="loss",
          direction="minimize", more="", trials=4, name="c.xml"):
    path = tool.folder / name
    path.write_text(STUDY.format(run=run, inside=inside, metric=metric,
                                 attributes=attributes, more=more,
                                 direction=direction, trials=trials))
    return path


def rows(path):
    """Trials as dicts, states as words."""
    with h5py.File(path, "r", swmr=True) as f:
        table = f["trials"][:]
        names = {v: k for k, v in
                 h5py.check_enum_dtype(table.dtype["state"]).items()}
        return [{n: names[r[n]] if n == "state" else
                 r[n].decode() if isinstance(r[n], bytes) else r[n]
                 for n in table.dtype.names} for r in table]


def living(mark):
    """Processes whose environment or words hold a mark."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as e, \
                    open(f"/proc/{pid}/cmdline", "rb") as c:
                if mark.encode() in e.read() + c.read() and \
                        int(pid) != os.getpid():
                    found.append(int(pid))
        except OSError:
            pass
    return found


def test_progress_counts_each_trial_and_what_it_leaves_out(tool):
    """A log's lines: each its own count; no failure goes unsaid."""
    run = script(tool, 'test $1 -lt 20 || exit 3\necho "{\\"metrics\\": '
                 '{\\"loss\\": $1}}"\n')
    path = study(tool, run + " {x}", trials=40,
                 inside='<int name="x" low="0" high="39"/>',
                 more='<sampler name="grid"/>')
    done = tool.run(path, ranks=4)
    lines = re.findall(r"^\[(\d+)/40\] trial (\d+) (.*)", done.stderr, re.M)
    counts = [int(count) for count, _, _ in lines]
    assert counts == sorted(set(counts)) and counts[-1] == 40
    failed = [said for _, _, said in lines if said.startswith("failed")]
    assert failed and all("exit code 3" in said for said in failed)
    left = [tuple(map(int, found)) for found in re.findall(
        r"^\((\d+) more trials?: (\d+) complete, (\d+) pruned, (\d+) "
        r"failed\)$", done.stderr, re.M)]
    assert left and len(lines) + sum(n for n, *_ in left) == 40
    assert len(failed) + sum(found[3] for found in left) == 20


def kill_ranks(mark):
    for pid in living(mark):
        try:
            if b"hpotune\0" in open(f"/proc/{pid}/cmdline", "rb").read():
                os.kill(pid, signal.SIGKILL)
        except OSError:
            pass


def wait_until(what, seconds=60):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


ODD = ["a b", "$HOME `id` $(id)", "it's \"q\" \\n", "*", "", "ä; rm -rf x",
       "{trial}", "-1.50", "007"]


def test_a_folder_that_can_t_be_made(tool):
    """Trouble with files is the trial's, also in a team."""
    path = study(tool, script(tool, 'echo \'{"metrics": {"loss": 1}}\'\n'))
    (tool.folder / "c.trials").write_text("in the way")
    for ranks, *extra in (1,), (3, "--set", "parallel/ranks-per-trial=2"):
        tool.run(path, "--quiet", "--overwrite", *extra, ranks=ranks, expect=5)
        got = rows(tool.folder / "c.h5")
        assert len(got) == 4
        assert all(r["state"] == "failed" and "Not a directory" in r["reason"]
                   for r in got), got


def test_odd_values_reach_the_program_as_they_are(tool):
    from xml.sax.saxutils import quoteattr
    odd = [o for o in ODD if o]
    run = script(tool, """import json, os, sys
p = json.load(open(os.environ["HPO_PARAMS"]))
assert sys.argv[1] == "--c=" + os.environ["HPO_PARAM_c"], sys.argv
want = os.environ["HPO_PARAM_c"]
assert p["c"] == (-1.5 if want == "-1.50" else want), p
assert p["n"] == int(sys.argv[2]) and p["f"] == "t e" and p["k_1"] == 3, p
assert os.environ["HPO_PARAM_k_1"] == "3"
assert os.getcwd() == os.environ["HPO_WORKDIR"]
assert sys.argv[3] == "x {literal} " + os.environ["HPO_TRIAL"], sys.argv
assert os.environ["HPO_SEED"] == "4" and os.environ["HPO_ATTEMPT"] == "0"
assert os.path.exists(os.environ["HPO_STUDY_DIR"] + "/p.py")
assert not [v for v in os.environ if v.startswith(("PMIX_", "PMI_"))]
assert "OMPI_COMM_WORLD_RANK" not in os.environ
print(json.dumps({"metrics": {"loss": ODD.index(want)}}))
""".replace("ODD", repr(odd)), "p.py")
    inside = ('<categorical name="c">' +
              "".join(f"<choice value={quoteattr(o)}/>" for o in odd) +
              '</categorical><int name="n" low="1" high="5"/>'
              '<fixed name="f" value="t e"/><fixed name="k_1" value="3"/>')
    path = study(tool, f"{run} --c={{c}} {{n}} 'x {{{{literal}}}} {{trial}}'",
                 inside, trials=24)
    for ranks in (1, 3):
        tool.run(path, "--overwrite", "--quiet", ranks=ranks)
        got = rows(tool.folder / "c.h5")
        assert [r["reason"] for r in got] == [""] * 24
        assert {r["value"] for r in got} <= set(range(len(odd)))
        assert len({r["value"] for r in got}) > 3
    assert not (tool.folder / "c.trials").exists()


def test_inactive_words_are_left_out(tool):
    run = script(tool, 'echo "{\\"metrics\\": {\\"loss\\": $#}}"\n')
    inside = ('<categorical name="kind"><choice value="a"/><choice value="b">'
              '<int name="depth" low="1" high="4"/></choice></categorical>')
    path = study(tool, run + " {kind} --depth={depth}", inside, trials=12)
    tool.run(path, "--quiet")
    for r in rows(tool.folder / "c.h5"):
        assert r["value"] == (1 if r["params.depth"] == -1 else 2)


def test_patterns_and_measures(tool):
    run = script(tool, 'echo "epoch 1 accuracy: 0.5 (loss 3e-1)" >&2\n'
                 'echo "speed=7 no number"\necho "accuracy: n/a"\n'
                 'printf "accuracy: 0.75"\n')
    inside = X + ('<pattern metric="loss" match="loss ([0-9.e-]+)"/>'
                  '<pattern metric="speed" match="(speed|pace)=([0-9]+)"/>')
    more = ('<report metrics="loss speed wall_seconds cpu_seconds peak_memory '
            'exit_code"/>')
    path = study(tool, run, inside, 'pattern="accuracy: ([0-9.]+|n/a)"',
                 "accuracy", "maximize", more)
    tool.run(path, "--quiet")
    for r in rows(tool.folder / "c.h5"):
        assert r["state"] == "complete" and r["value"] == 0.75
        assert r["steps"] == 2 and r["metrics.loss"] == 0.3
        assert r["metrics.speed"] != r["metrics.speed"]  # group 1: no number
        assert 0 < r["metrics.cpu_seconds"] < 60
        assert 0 < r["metrics.wall_seconds"] < 60
        assert 1e5 < r["metrics.peak_memory"] < 1e9
        assert r["metrics.exit_code"] == 0


def test_exit_code_as_objective(tool):
    run = script(tool, "exit $HPO_PARAM_n\n")
    tool.run(study(tool, run, '<int name="n" low="0" high="9"/>',
                   metric="exit_code", trials=8), "--quiet")
    assert all(r["value"] == r["params.n"]
               for r in rows(tool.folder / "c.h5"))


@pytest.mark.parametrize("text, reason", [
    ("echo one; echo two >&2; exit 3", r"exit code 3: .*(one|two)"),
    ("kill -9 $$", r"signal 9 \(Killed\)"),
    ("echo hello", r"without a report of loss: hello"),
    ("echo '{\"metrics\": {\"loss\": NaN}}'", r"loss is not finite"),
    ("echo '{\"metrics\": {\"loss\": \"much\"}}'", r"loss is not finite"),
    ("yes | head -c 3000000; echo; echo end; exit 1", r"exit code 1: .*end$"),
])
def test_failures_have_reasons(tool, text, reason):
    run = script(tool, text + "\n")
    tool.run(study(tool, run, trials=3), "--quiet", expect=5)
    for r in rows(tool.folder / "c.h5"):
        assert r["state"] == "failed" and re.search(reason, r["reason"]), r
        log = tool.folder / "c.trials" / f"trial-{r['number']}/output.log"
        assert log.exists() and log.stat().st_size < 1100000


def test_limits(tool):
    run = script(tool, "sleep 600\n")
    more = '<trial-limits time="0.3s"/>'
    tool.run(study(tool, run, more=more, trials=2), "--quiet", expect=5)
    assert all("time limit" in r["reason"]
               for r in rows(tool.folder / "c.h5"))
    run = script(tool, "x = b'x' * 300_000_000\nimport time\n"
                 "time.sleep(600)\n", "m.py")
    more = '<trial-limits memory="200M"/>'
    tool.run(study(tool, run, more=more, trials=2), "--quiet", "--overwrite",
             expect=5)
    assert all("memory limit: the program" in r["reason"]
               for r in rows(tool.folder / "c.h5"))


# Children in groups and sessions of their own, all deaf to SIGTERM.
STUBBORN = """import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for new in (False, True):
    subprocess.Popen(["sleep", "600"], start_new_session=new,
                     preexec_fn=lambda: signal.signal(signal.SIGTERM,
                                                      signal.SIG_IGN))
if os.fork() == 0:
    os.setpgid(0, 0)
    time.sleep(600)
step = 0
while True:
    step += 1
    loss = float(os.environ["HPO_PARAM_x"]) if step > 1 else 0.5
    print('{"step": %d, "metrics": {"loss": %r}}' % (step, loss), flush=True)
    if int(os.environ["HPO_TRIAL"]) < 1 and step == 3:
        os.kill(0, signal.SIGKILL)
    time.sleep(0.01 if step < 4 else 0.2)
"""


def test_a_team_fails_alike(tool):
    """A program that can't be made for some points: the same trials fail
    with teams of one and of two ranks."""
    prog = script(tool, 'echo \'{"metrics": {"loss": 1}}\'\n')
    inside = ('<categorical name="k"><choice value="a"><categorical name="p">'
              f'<choice value="{tool.folder}/{prog}"/>'
              '<choice value="/no/such/program"/>'
              '</categorical></choice><choice value="b"/></categorical>')
    path = study(tool, "{p}", inside, trials=8,
                 more='<sampler name="random"/><parallel order="strict"/>')
    found = []
    for size, ranks in ((1, 1), (2, 3), (3, 4)):
        tool.run(path, "--quiet", "--overwrite", "--set",
                 f"parallel/ranks-per-trial={size}", ranks=ranks)
        found.append([r["state"] for r in rows(tool.folder / "c.h5")])
    assert found[0] == found[1] == found[2], found
    assert set(found[0]) == {"complete", "failed"}


def test_pruning_ends_everything(tool):
    run = script(tool, STUBBORN, "p.py")
    mark = f"hpo{os.getpid()}x{time.monotonic_ns()}"
    more = '<pruner name="threshold" upper="-1" warmup-steps="2"/>'
    path = study(tool, run, X + '<fixed name="grace" value="0.1"/>',
                 more=more, trials=3)
    tool.run(path, "--quiet", ranks=3, expect=5, HPO_MARK_OF_TEST=mark,
             MARK_OF_TEST=mark)
    got = rows(tool.folder / "c.h5")
    assert {r["state"] for r in got} <= {"pruned", "failed"}
    assert "pruned" in {r["state"] for r in got}
    wait_until(lambda: not living(mark))
    left = os.listdir(tool.folder / "c.trials") \
        if (tool.folder / "c.trials").exists() else []
    assert len(left) == sum(r["state"] == "failed" for r in got)


@pytest.mark.parametrize("ranks", [1, 3])
def test_a_killed_study_leaves_nothing(tool, ranks):
    run = script(tool, STUBBORN.replace("< 1 and", "< 0 and"), "p.py")
    mark = f"hpo{os.getpid()}x{time.monotonic_ns()}"
    path = study(tool, run, X + '<fixed name="grace" value="0.1"/>')
    begun = tool.start(path, "--quiet", ranks=ranks, MARK_OF_TEST=mark)
    wait_until(lambda: sum("sleep" in open(f"/proc/{p}/comm").read()
                           for p in living(mark)
                           if os.path.exists(f"/proc/{p}/comm")) >= 2)
    kill_ranks(mark)
    begun.kill()
    end_of(begun)
    wait_until(lambda: not living(mark))


def test_stop_and_go_on(tool):
    run = script(tool, """import os, time
while not os.path.exists(os.environ["HPO_STUDY_DIR"] + "/go"):
    time.sleep(0.01)
    if int(os.environ["HPO_TRIAL"]) < 2:
        break
x = float(os.environ["HPO_PARAM_x"])
print('{"metrics": {"loss": %r}}' % (x * x))
""", "p.py")
    more = '<parallel order="strict" window="4"/>'
    path = study(tool, run, more=more, trials=8)
    begun = tool.start(path, "--quiet", ranks=3)
    out = tool.folder / "c.h5"
    wait_until(lambda: out.exists() and
               sum(r["state"] == "complete" for r in rows(out)) >= 2)
    tool.run("stop", out, expect=None)
    begun.communicate(timeout=60)
    assert begun.returncode == 75
    assert not (tool.folder / "c.trials").exists()
    (tool.folder / "go").touch()
    tool.run(path, "--quiet", ranks=3)
    tool.run(path, "--quiet", "--output", "d.h5")
    assert digest(out) == digest(tool.folder / "d.h5")


def test_strict_order_on_any_ranks(tool):
    run = script(tool, """import os
x = float(os.environ["HPO_PARAM_x"])
for s in range(1, 8):
    print('{"step": %d, "metrics": {"loss": %r, "s": %d}}'
          % (s, (x - 0.3) ** 2 + 1 / s, s), flush=s % 2 == 0)
""", "p.py")
    more = ('<pruner name="median" startup-trials="3"/><sampler name="random"'
            '/><parallel order="strict" window="4"/><report metrics="s"/>')
    path = study(tool, run, more=more, trials=24)
    found = set()
    for ranks in (1, 3, 5):
        tool.run(path, "--quiet", "--output", f"{ranks}.h5", ranks=ranks,
                 HPOTUNE_TEST_DELAY=str(ranks))
        found.add(digest(tool.folder / f"{ranks}.h5"))
        got = rows(tool.folder / f"{ranks}.h5")
        assert {r["state"] for r in got} == {"complete", "pruned"}
        assert all(r["metrics.s"] == r["steps"] for r in got)
    assert len(found) == 1


def test_many_short_programs_leak_nothing(tool):
    run = script(tool, """read -r _ _ _ rank _ </proc/$PPID/stat
echo "own: $(ls /proc/self/fd | wc -l)"
echo "rank: $(ls /proc/$rank/fd | wc -l) $(pgrep -c -P $rank)"
""")
    inside = (X + '<pattern metric="own" match="own: ([0-9]+)"/>'
              '<pattern metric="children" match="rank: [0-9]+ ([0-9]+)"/>')
    path = study(tool, run, inside, 'pattern="rank: ([0-9]+)"', trials=150,
                 more='<sampler name="random"/><report metrics="own children"'
                 '/>')
    tool.run(path, "--quiet")
    got = rows(tool.folder / "c.h5")
    assert [r["state"] for r in got] == ["complete"] * 150
    assert {r["metrics.own"] for r in got} == {4}  # 0, 1, 2 and the folder
    fds = [r["value"] for r in got]  # one trial's own may be closed, or not yet
    assert max(fds) - min(fds) <= 4
    assert len({r["metrics.children"] for r in got}) == 1
    assert not (tool.folder / "c.trials").exists()


def test_65_ranks(tool):
    path = study(tool, "echo 'loss {x}'", attributes='pattern="loss (.*)"',
                 more='<sampler name="random"/>', trials=130)
    tool.run(path, "--quiet", ranks=65)
    got = rows(tool.folder / "c.h5")
    assert [r["state"] for r in got] == ["complete"] * 130
    assert all(r["value"] == r["params.x"] for r in got)


def test_mpirun_in_it(tool):
    run = script(tool, "mpirun -np 2 sh -c 'echo loss "
                 "$OMPI_COMM_WORLD_SIZE'\n")
    path = study(tool, run, attributes='pattern="loss ([0-9]+)"', trials=2)
    tool.run(path, "--quiet", ranks=2)
    assert [r["value"] for r in rows(tool.folder / "c.h5")] == [2, 2]


def test_keep_and_dir(tool):
    (tool.folder / "scratch").mkdir()
    run = script(tool, 'echo hello >file\necho \'{"metrics":{"loss":1}}\'\n')
    path = study(tool, run, attributes='keep="yes" dir="scratch"', trials=2)
    tool.run(path, "--quiet")
    kept = tool.folder / "scratch/c.trials/trial-1"
    assert (kept / "file").read_text() == "hello\n"
    assert "x" in json.loads((kept / "params.json").read_text())
    assert "metrics" in (kept / "output.log").read_text()


@pytest.mark.parametrize("change, told", [
    ({"run": "./none.sh {x}"}, "no program"),
    ({"run": "no-such-program-here"}, "on PATH"),
    ({"run": "echo {y}"}, "no parameter for {y}"),
    ({"run": "echo 'x"}, "is not closed"),
    ({"run": "echo {x"}, "no {name}"),
    ({"run": "sh -c 'echo {x}'"}, "HPO_PARAM_name"),
    ({"run": "echo", "attributes": 'pattern="loss ("'}, "regular expression"),
    ({"run": "echo", "attributes": 'pattern="loss"'}, "no group"),
    ({"run": "echo", "attributes": 'keep="maybe"'}, "keep"),
    ({"run": "echo", "metric": "my loss"}, "a name has letters"),
    ({"run": "echo",
      "inside": X + '<pattern metric="other" match="(.)"/>'}, "neither"),
    ({"run": "echo", "more": '<parallel order="strict"/>',
      "metric": "wall_seconds"}, "strict"),
    ({"run": "echo", "inside": '<float name="a b" low="0" high="1"/>'},
     "has no option"),
])
def test_bad_studies_are_refused(tool, change, told):
    path = study(tool, **change)
    done = tool.run("check", path, expect=2)
    assert told in done.stderr and re.search(r"c\.xml:\d+: ", done.stderr)


def test_a_program_without_its_bit(tool):
    (tool.folder / "train.sh").write_text("#!/bin/sh\n")
    done = tool.run("check", study(tool, "./train.sh {x}"), expect=2)
    assert "./train.sh is not executable: chmod +x ./train.sh" in done.stderr


@pytest.mark.parametrize("ranks", [1, 3])
def test_output_into_the_study_file(tool, ranks):
    """Of complete, pruned and failed trials, each once, the folders gone."""
    run = script(tool, """
echo "trial $HPO_TRIAL begins"
echo '{"step": 1, "metrics": {"loss": '$HPO_TRIAL'}}'
echo aside >&2
[ $HPO_TRIAL != 2 ] || exit 3
echo '{"step": 2, "metrics": {"loss": '$HPO_TRIAL'}}'
[ $HPO_TRIAL != 3 ] || sleep 1000
""")
    path = study(tool, run, trials=5, attributes='keep="no"',
                 more='<pruner name="threshold" upper="2.5"/>')
    tool.run(path, "--quiet", ranks=ranks)
    states = {r["number"]: r["state"] for r in rows(tool.folder / "c.h5")}
    assert states[0] == "complete" and states[2] == "failed"
    assert states[3] == "pruned"
    with h5py.File(tool.folder / "c.h5", "r", swmr=True) as f:
        table = f["artifacts"][:]
        kept = {int(r["trial"]): bytes(f["artifact_bytes"][
            r["offset"]:r["offset"] + r["length"]]).decode() for r in table}
    assert len(table) == 5 and set(kept) == set(range(5))
    assert {r["name"] for r in table} == {b"output.log"}
    for i, text in kept.items():
        assert text.startswith(f"trial {i} begins\n") and "aside\n" in text
        assert ('"step": 2' in text) == (i != 2)
    assert not (tool.folder / "c.trials").exists()
    assert tool.run("attach", "c.h5", "--trial", 2, "--extract", "output.log",
                    "-o", "-").stdout == kept[2]


def test_a_trial_attaches_to_itself(tool):
    """Its row may not stand in the file yet."""
    run = script(tool, f"""
echo "of $HPO_TRIAL" > mine.txt
{PROGRAM} attach "$HPO_STUDY_DIR/c.h5" mine.txt --trial $HPO_TRIAL
echo '{{"metrics": {{"loss": 1}}}}'
""")
    tool.run(study(tool, run, trials=6), "--quiet", ranks=3)
    for i in range(6):
        assert tool.run("attach", "c.h5", "--trial", i, "--extract",
                        "mine.txt", "-o", "-").stdout == f"of {i}\n"


@pytest.mark.parametrize("most, kept", [
    (10, b"0123456789\n... (cut here)\n"), (11, b"0123456789\n"), (0, None)])
def test_the_bound_of_stored_output(tool, most, kept):
    run = script(tool, "echo 0123456789\nexit 1\n")
    tool.run(study(tool, run, trials=1, inside=X + '<fixed name="store_output"'
                   f' value="{most}"/>'), "--quiet", expect=5)
    with h5py.File(tool.folder / "c.h5", "r", swmr=True) as f:
        assert len(f["artifacts"]) == (kept is not None)
        assert kept is None or bytes(f["artifact_bytes"][:]) == kept


def test_pausing_pruners_are_refused(tool):
    done = tool.run("check", study(tool, "echo",
                                   more='<pruner name="halving"/>'), expect=2)
    assert "can't be made to wait" in done.stderr


def test_direction_is_asked_for(tool):
    path = study(tool, "echo")
    path.write_text(path.read_text().replace(' direction="minimize"', ""))
    assert "direction= is missing" in tool.run("check", path,
                                               expect=2).stderr


def test_a_missing_interpreter_is_a_failed_trial(tool):
    run = script(tool, "")
    (tool.folder / "p.sh").write_text("#!/no/such/interpreter\n")
    tool.run(study(tool, run, trials=1), "--quiet", expect=5)
    assert "No such file" in rows(tool.folder / "c.h5")[0]["reason"]


def test_sgd_digits_input(tool):
    done = tool.run(INPUTS / "sgd_digits.xml", "--trials", 8, "--quiet",
                    "--output", "s.h5", ranks=3)
    assert "best trial" in done.stdout
    assert max(r["value"] for r in rows(tool.folder / "s.h5")
               if r["state"] == "complete") > 0.85


def test_zstd_input(tool):
    import shutil
    if not shutil.which("zstd"):
        pytest.skip("no zstd here")
    tool.run(INPUTS / "zstd.xml", "--trials", 8, "--quiet", "--output",
             "s.h5", ranks=3)
    got = rows(tool.folder / "s.h5")
    assert [r["state"] for r in got] == ["complete"] * 8
    assert all(1 < r["value.0"] < 27 and r["value.1"] > 0 and r["steps"] == 1
               for r in got)
    best = json.loads(tool.run("best", "s.h5", "--format", "json").stdout)
    front = {int(r["number"]) for r in got
             if not any(o["value.0"] >= r["value.0"]
                        and o["value.1"] <= r["value.1"]
                        and (o["value.0"], o["value.1"])
                        != (r["value.0"], r["value.1"]) for o in got)}
    assert {r["number"] for r in best} == front
