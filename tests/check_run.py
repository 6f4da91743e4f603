# SPDX-License-Identifier: BSD-3-Clause
"""Whole runs: ranks, order, kills, signals, exit codes, every input."""
import io
import json
import os
import re
import signal
import time

import h5py
import numpy as np
import pandas
import pytest
from conftest import INPUTS, SHARED
from digest import digest

QUICK = INPUTS / "quickstart.xml"
STRICT = ("--set", "parallel/order=strict", "--quiet")

FUNCTION = """<study name="f" seed="5">
  <model kind="function" objective="branin">
    <fixed name="steps" value="{steps}"/><fixed name="delay" value="{delay}"/>
    <float name="x0" low="-5" high="10"/><float name="x1" low="0" high="15"/>
  </model>
  <objective metric="value" direction="minimize"/>
  <sampler name="{sampler}"/><pruner name="{pruner}"/>
  <budget trials="{trials}"/>
  <parallel order="{order}"/>
  <output file="f.h5" models="none"/>
</study>
"""


def write_function(folder, steps=5, delay=0, sampler="tpe", pruner="median",
                   trials=60, order="strict"):
    path = folder / "f.xml"
    path.write_text(FUNCTION.format(steps=steps, delay=delay, trials=trials,
                                    sampler=sampler, pruner=pruner,
                                    order=order))
    return path


def wait_for(run, path, trials):
    """Returns when the running study has so many finished trials."""
    while finished(path) < trials:
        assert run.poll() is None, run.stdout.read()
        time.sleep(0.01)


def states(path):
    """Names of the states of all trials."""
    with h5py.File(path, "r", swmr=True) as f:
        trials = f["trials"][:]
        names = {v: k for k, v in
                 h5py.check_enum_dtype(trials.dtype["state"]).items()}
        return [names[s] for s in trials["state"]]


def check_rows(path):
    """Every final row has the right crc; returns the table."""
    import zlib
    with h5py.File(path, "r", swmr=True) as f:
        rows = f["trials"][:]
        final = {h5py.check_enum_dtype(rows.dtype["state"])[s]
                 for s in ("complete", "pruned", "failed")}
        for row in rows:
            if row["state"] in final:
                raw = row.tobytes()
                assert zlib.crc32(raw[:-4]) == row["crc"]
        return rows


def finished(path):
    """Final trials in a file that may not be there yet."""
    final = ("complete", "pruned", "failed")
    return sum(s in final for s in states(path)) if path.exists() else 0


@pytest.mark.parametrize("name, trials", [
    ("quickstart", 8), ("digits", 4), ("diabetes", 8), ("digits-mlp", 6)])
def test_inputs_run(tool, name, trials):
    done = tool.run(INPUTS / f"{name}.xml", "--trials", trials,
                    "--output", "s.h5", ranks=3)
    assert "best trial" in done.stdout and "file: s.h5" in done.stdout
    assert len(check_rows(tool.folder / "s.h5")) == trials


@pytest.mark.parametrize("name", ["good", "classes", "quality",
                                  "folds"])
def test_wine_inputs_run(tool, shared_data, name):
    tool.run(INPUTS / f"wine-{name}.xml", "--trials", 4, "--output", "s.h5",
             "--set", f"data/train/href={shared_data}/winequality-white.csv",
             "--set", "model[gbt]/int[n_estimators]/high=60", ranks=3)
    assert len(check_rows(tool.folder / "s.h5")) == 4


def test_digits_models_chooses_between_two(tool):
    tool.run(INPUTS / "digits-models.xml", "--trials", 6, "--output", "s.h5",
             "--set", "model[gbt]/int[n_estimators]/high=30", ranks=3)
    rows = check_rows(tool.folder / "s.h5")
    assert len(rows) == 6 and len(set(rows["model"])) == 2
    formats = h5py.check_enum_dtype(rows.dtype["model_format"])
    assert {"xgboost-ubj", "json"} <= set(formats)


def test_higgs_input_runs(tool, shared_data):
    tool.run(INPUTS / "higgs.xml", "--trials", 3, "--output", "s.h5", "--set",
             f"data/train/href={shared_data}/higgs7k.train.tsv", "--set",
             "model[gbt]/int[n_estimators]/high=60", ranks=3)
    rows = check_rows(tool.folder / "s.h5")
    assert len(rows) == 3 and np.nanmax(rows["value"]) > 0.74


def test_mnist_input_runs(tool, shared_data):
    images, labels = (f"{shared_data}/t10k-{kind}-ubyte.gz"
                      for kind in ("images-idx3", "labels-idx1"))
    tool.run(INPUTS / "mnist.xml", "--trials", 2, "--output", "s.h5", "--set",
             f"data/train/href={images}", "--set",
             f"data/train/label-href={labels}", "--set",
             "model[logistic]/float[C]/high=1e-3", "--set",
             "model[logistic]/fixed[max_iter]=8", ranks=3)
    rows = check_rows(tool.folder / "s.h5")
    assert len(rows) == 2 and np.nanmax(rows["value"]) > 0.85


def test_loans_input_runs(tool):
    """Made data, text categories, missing values, a team on shards."""
    tool.run("generate", "loan_applications", "--rows", 6000, "--seed", 1,
             "-o", "loans.csv")
    for out, ranks in (("a.h5", 3), ("b.h5", 1)):
        tool.run(INPUTS / "loans.xml", "--trials", 3, "--output", out, "--set",
                 f"data/train/href={tool.folder}/loans.csv", "--set",
                 "model[gbt]/int[n_estimators]/high=60", "--set",
                 "parallel/order=strict", ranks=ranks)
    rows = check_rows(tool.folder / "a.h5")
    assert len(rows) == 3 and np.nanmax(rows["value"]) > 0.75
    assert digest(tool.folder / "a.h5") == digest(tool.folder / "b.h5")


def test_same_bits_on_any_ranks_with_delays(tool):
    found = {}
    for ranks in (1, 2, 3, 5):
        out = f"s{ranks}.h5"
        tool.run(QUICK, "--trials", 24, *STRICT, "--output", out, ranks=ranks,
                 HPOTUNE_TEST_DELAY=str(ranks))
        found[ranks] = digest(tool.folder / out, keep=5)
    assert len(set(found.values())) == 1, found
    kinds = set(states(tool.folder / "s3.h5"))
    assert {"complete", "pruned"} <= kinds, kinds


def test_64_ranks(tool):
    study = write_function(tool.folder, trials=100)
    tool.run(study, *STRICT, "--output", "a.h5", ranks=64)
    tool.run(study, *STRICT, "--output", "b.h5")
    assert digest(tool.folder / "a.h5") == digest(tool.folder / "b.h5")
    assert len(states(tool.folder / "a.h5")) == 100


def test_soft_stop_ends_75_and_goes_on(tool):
    study = write_function(tool.folder, steps=20, delay=0.01, trials=400)
    run = tool.start(study, "--quiet", ranks=3)
    wait_for(run, tool.folder / "f.h5", 2)
    run.send_signal(signal.SIGUSR1)
    text, _ = run.communicate(timeout=100)
    assert run.returncode == 75, text
    done = len(states(tool.folder / "f.h5"))
    assert 2 <= done < 400
    assert tool.run("status", "f.h5", expect=75)
    more = ("--quiet", "--trials", done + 6)
    tool.run(study, *more, ranks=2)
    tool.run("status", "f.h5")
    tool.run(study, *more, "--output", "g.h5", ranks=5)
    assert len(states(tool.folder / "f.h5")) == done + 6
    assert digest(tool.folder / "f.h5") == digest(tool.folder / "g.h5")


def test_time_limit_ends_75(tool):
    study = write_function(tool.folder, steps=20, delay=0.01, trials=4000)
    done = tool.run(study, "--quiet", "--time-limit", "6s", ranks=3,
                    expect=75)
    assert "time limit" in done.stdout
    assert 0 < len(states(tool.folder / "f.h5")) < 4000


def test_finished_study_says_so_and_more_trials_go_on(tool):
    study = write_function(tool.folder, trials=10)
    tool.run(study, "--quiet")
    done = tool.run(study, "--quiet")
    assert "finished before" in done.stdout
    tool.run(study, "--quiet", "--trials", 15)
    assert len(states(tool.folder / "f.h5")) == 15


def test_other_study_and_overwrite(tool):
    tool.run(write_function(tool.folder, trials=5), "--quiet")
    study = write_function(tool.folder, trials=5, sampler="random")
    done = tool.run(study, "--quiet", expect=4)
    assert "--overwrite" in done.stderr
    tool.run(study, "--quiet", "--overwrite")


def test_second_writer_is_refused(tool):
    study = write_function(tool.folder, steps=50, delay=0.02, trials=40)
    run = tool.start(study, "--quiet")
    wait_for(run, tool.folder / "f.h5", 1)
    done = tool.run(study, "--quiet", expect=4)
    assert "pid" in done.stderr and str(run.pid) in done.stderr
    run.send_signal(signal.SIGUSR1)
    run.communicate(timeout=100)
    assert run.returncode == 75


def test_a_link_is_the_file_itself(tool):
    """One lock, one stop request and one place for tags under both names; a
    new file comes where the link leads, and the link stays."""
    scratch = tool.folder / "scratch"
    scratch.mkdir()
    link, file = tool.folder / "f.h5", scratch / "a.h5"
    link.symlink_to("scratch/a.h5")
    study = write_function(tool.folder, steps=50, delay=0.02, trials=400)
    run = tool.start(study, "--quiet")
    wait_for(run, file, 1)
    for name in (link, file):
        done = tool.run(study, "--quiet", "--output", name, expect=4)
        assert f"pid {run.pid}" in done.stderr
    for name in (link, file):
        tool.run("tag", name, f"under={name.name}")
        assert "running" in tool.run("status", name, expect=75).stdout
    assert run.poll() is None
    tool.run("stop", file, "--wait")
    run.communicate(timeout=100)
    assert run.returncode == 75
    study = write_function(tool.folder, trials=2)
    tool.run(study, "--quiet", "--overwrite")
    tool.run("compact", link)
    assert link.is_symlink() and states(file) == ["complete"] * 2
    assert sorted(p.name for p in scratch.iterdir()) == ["a.h5", "a.h5.lock"]
    assert not list(tool.folder.glob("f.h5?*"))


def test_readable_while_it_runs(tool):
    study = write_function(tool.folder, steps=10, delay=0.01, trials=4000)
    run = tool.start(study, "--quiet", ranks=3)
    for at_least in (1, 5, 20, 40):
        wait_for(run, tool.folder / "f.h5", at_least)
        seen = len(check_rows(tool.folder / "f.h5"))
        listing = tool.run("list", "f.h5", "--format", "json")
        assert len(json.loads(listing.stdout)) >= seen >= at_least
    run.send_signal(signal.SIGUSR1)
    text, _ = run.communicate(timeout=100)
    assert run.returncode == 75, text


def test_arrival_order_counts_are_exact(tool):
    study = write_function(tool.folder, order="arrival", trials=37)
    tool.run(study, "--quiet", ranks=5)
    assert len(states(tool.folder / "f.h5")) == 37
    assert set(states(tool.folder / "f.h5")) <= {"complete", "pruned"}


def test_failed_trials_and_exit_5(tool):
    study = write_function(tool.folder, steps=100, delay=0.05, trials=3)
    study.write_text(study.read_text().replace(
        "<parallel", '<trial-limits time="0.2s" on-fail="retry:1"/><parallel'))
    done = tool.run(study, "--quiet", expect=5)
    assert "no trial has succeeded" in done.stdout
    rows = check_rows(tool.folder / "f.h5")
    assert states(tool.folder / "f.h5") == ["failed"] * 3
    assert list(rows["attempt"]) == [1, 1, 1]
    assert b"time limit" in rows["reason"][0]
    tool.run("status", "f.h5", expect=5)
    tool.run("best", "f.h5", expect=5)


def test_target_and_patience(tool):
    study = write_function(tool.folder, trials=200)
    tool.run(study, "--quiet", "--set", "budget/target=5", ranks=3)
    rows = check_rows(tool.folder / "f.h5")
    assert len(rows) < 200 and np.nanmin(rows["value"]) <= 5
    tool.run("status", "f.h5")
    tool.run(study, "--quiet", "--set", "budget/patience=20", "--set",
             "parallel/order=arrival", "--output", "p.h5")
    rows = check_rows(tool.folder / "p.h5")
    best = int(np.nanargmin(np.where(np.array(states(
        tool.folder / "p.h5")) == "complete", rows["value"], np.nan)))
    assert len(rows) == best + 20 + 1 < 200
    done = tool.run("status", "p.h5")
    assert "patience" in done.stdout


def test_enqueued_point_is_trial_0(tool):
    tool.run(INPUTS / "diabetes.xml", "--trials", 2, "--output", "s.h5")
    with h5py.File(tool.folder / "s.h5", "r", swmr=True) as f:
        rows = f["trials"][:]
        models = h5py.check_enum_dtype(rows.dtype["model"])
    assert rows["model"][0] == models["baseline"]


def test_pandas_one_liner(tool):
    tool.run(QUICK, "--trials", 6, "--output", "wine.h5", "--quiet")
    cwd = os.getcwd()
    os.chdir(tool.folder)
    try:
        table = pandas.DataFrame(
            h5py.File("wine.h5", swmr=True)["trials"][:])
    finally:
        os.chdir(cwd)
    assert len(table) == 6
    assert table["metrics.roc_auc"].between(0.5, 1).all()
    for name in ("number", "state", "value", "params.max_depth",
                 "metrics.logloss", "wall", "crc"):
        assert name in table.columns


def test_list_filters_and_formats(tool):
    tool.run(QUICK, "--trials", 8, "--output", "s.h5", "--quiet")
    done = tool.run("list", "s.h5", "--format", "json", "--columns", "all",
                    "--where", 'state = "complete" and value > 0.5')
    rows = json.loads(done.stdout)
    assert rows and all(r["state"] == "complete" for r in rows)
    done = tool.run("list", "s.h5", "--sort", "value", "--format", "csv")
    table = pandas.read_csv(io.StringIO(done.stdout),
                            float_precision="round_trip")
    assert table["value"].dropna().is_monotonic_decreasing
    with h5py.File(tool.folder / "s.h5", "r", swmr=True) as f:
        stored = f["trials"]["value"][:]
    assert np.array_equal(table.sort_values("number")["value"], stored)
    done = tool.run("list", "s.h5", "--where", "metrics.roc_ac > 1", expect=2)
    assert 'did you mean "metrics.roc_auc"' in done.stderr
    assert "column 1" in done.stderr
    tool.run("show", 3, "s.h5")
    tool.run("show", 99, "s.h5", expect=2)


@pytest.mark.parametrize("words, code, text", [
    (["nothing.xml"], 2, "nothing.xml"),
    (["lst", "x.h5"], 2, 'did you mean "list"'),
    (["run", "--trails", "3", "x.xml"], 2, "did you mean --trials"),
    (["list", "missing.h5"], 4, "missing.h5"),
    (["status", "missing.h5"], 4, "missing.h5"),
    (["describe", "gbtt"], 2, 'did you mean "gbt"'),
    ([str(QUICK), "--time-limit", "soon"], 2, "--time-limit"),
    ([str(QUICK), "--set", "budget/trails=3"], 2, "trials"),
    ([str(QUICK), "--set", "data/train/href=none.csv"], 3, "none.csv"),
])
def test_wrong_usage(tool, words, code, text):
    done = tool.run(*words, expect=code)
    assert text in done.stderr, done.stderr


def test_wrong_data_ends_3_on_all_ranks(tool):
    (tool.folder / "bad.csv").write_text("a,b,y\n1,2,0\n1,2\n")
    study = tool.folder / "s.xml"
    study.write_text(QUICK.read_text().replace("breast_cancer.csv", "bad.csv")
                     .replace('label="diagnosis" positive="malignant"',
                              'label="y"'))
    for ranks in (1, 3):
        done = tool.run(study, ranks=ranks, expect=3)
        assert "bad.csv:3" in done.stderr


def test_help_and_version(tool):
    assert "usage" in tool.run("--help").stdout
    assert tool.run("--version").stdout.startswith("hpotune ")
    for name in ("run", "check", "describe", "list", "best", "show",
                 "status"):
        assert "--help" in tool.run(name, "--help").stdout
    assert "n_estimators" in tool.run("describe", "gbt").stdout
    done = tool.run("check", QUICK)
    assert "is good" in done.stdout and "569 rows" in done.stdout
    one = tool.run("describe", "tpe", ranks=3).stdout
    assert one.count("sampler tpe") == 1


def test_objective_in_bytes_keeps_true_scores(tool):
    tool.run(QUICK, "--trials", 3, "--quiet", "--output", "s.h5", "--set",
             "objective/metric=model_bytes", "--set",
             "objective/direction=minimize", "--set",
             "report/metrics=roc_auc logloss", "--set", "pruner/name=none")
    rows = check_rows(tool.folder / "s.h5")
    assert np.array_equal(rows["value"], rows["metrics.model_bytes"])
    assert (rows["metrics.roc_auc"] > 0.9).all()
    assert (rows["metrics.logloss"] < 0.5).all()


NESTED = """    <categorical name="max_delta_step">
      <choice value="0"/>
      <choice value="1"><int name="max_bin" low="30" high="32"/></choice>
    </categorical>
"""


def test_max_bin_below_a_choice(tool):
    (tool.folder / "breast_cancer.csv").symlink_to(INPUTS /
                                                   "breast_cancer.csv")
    study = tool.folder / "s.xml"
    study.write_text(QUICK.read_text().replace("    <int   name=\"max_depth",
                     NESTED + "    <int   name=\"max_depth"))
    tool.run(study, "--trials", 8, "--quiet", "--output", "s.h5", ranks=2)
    assert "failed" not in states(tool.folder / "s.h5")
    study.write_text(study.read_text().replace('high="32"', 'high="60"'))
    told = tool.run(study, "--output", "t.h5", expect=None)
    assert told.returncode != 0 and (
        'use <ordinal name="max_bin"> with a few choices' in told.stderr)


def test_searched_value_that_the_model_refuses(tool):
    done = tool.run("check", QUICK, "--set",
                    "model[gbt]/float[learning_rate]/name=base_score",
                    "--set", "model[gbt]/float[base_score]/high=2", expect=2)
    assert "base_score" in done.stderr and "probability" in done.stderr


@pytest.mark.parametrize("data", ["shared", "sharded"])
def test_one_odd_cell_is_told(tool, data):
    """A text among numbers makes names of them: that is said."""
    rows = [f"{i % 40},{'u' if i % 3 else 'v'},{i % 2}" for i in range(600)]
    rows[499] = "n.a.,u,1"
    (tool.folder / "d.csv").write_text("\n".join(["a,b,y", *rows, ""]))
    path = tool.folder / "d.xml"
    path.write_text(f"""<study name="d"><data label="y" task="binary">
      <train href="d.csv"/><validation fraction="0.2"/></data>
      <model kind="gbt"><int name="max_depth" low="1" high="3"/></model>
      <objective metric="roc_auc"/><budget trials="1"/>
      <parallel data="{data}"/><output file="d.h5"/></study>""")
    said = ("d.csv:501: column 'a': 'n.a.' is no number, but 40 of the "
            "column's 41 different values are")
    done = tool.run("check", path)
    assert said in done.stdout and done.stdout.count("warning") == 1
    for ranks in (1, 3):
        done = tool.run(path, "--quiet", "--overwrite", ranks=ranks)
        assert done.stderr.count(said) == 1, done.stderr
        assert '<missing value="n.a."/>' in done.stderr
    for remedy in ('<missing value="n.a."/>', '<categorical columns="a"/>'):
        changed = path.read_text().replace("</data>", remedy + "</data>")
        (tool.folder / "e.xml").write_text(changed)
        assert "warning" not in tool.run("check", "e.xml", "--output",
                                         "e.h5").stdout


def test_output_folder_must_be_there(tool):
    for words in (["check"], []):
        done = tool.run(*words, QUICK, "--output", "none/s.h5", expect=2)
        assert "none/" in done.stderr


def test_check_knows_another_study(tool):
    tool.run(QUICK, "--trials", 2, "--quiet", "--output", "s.h5")
    assert "goes on" in tool.run("check", QUICK, "--output", "s.h5").stdout
    done = tool.run("check", QUICK, "--output", "s.h5", "--seed", 7, expect=4)
    assert "another study" in done.stderr
    assert "data are the same, but seed is 7, was " in done.stderr


@pytest.mark.parametrize("change, words", [
    (["sampler/name=random"], "sampler.name is random, was tpe"),
    (["model[gbt]/int[max_depth]/high=9"],
     "but space[max_depth].high is 9, was 15;"),
    (["model[gbt]/fixed[max_bin]=64"], "but model[gbt].fixed.max_bin is 64, was 256;"),
    (["model[gbt]/int[max_depth]/name=max_bin"],
     "space[max_bin] is new, model[gbt].fixed.max_bin = 256 is gone and "),
    (["seed=9", "objective/metric=logloss", "pruner/name=none", "name=other"],
     "name is other, was quickstart, seed is 9, was 42, objective.0.metric "
     "is logloss, was roc_auc and "),
    (["data/validation/fraction=0.3"], "the same, but data.validation_fraction is 0.3, was 0.2;")])
def test_another_study_says_what_differs(tool, change, words):
    tool.run(QUICK, "--trials", 1, "--quiet", "--output", "s.h5")
    done = tool.run("check", QUICK, "--output", "s.h5", *(
        w for c in change for w in ("--set", c)), expect=4)
    assert words in done.stderr


def test_another_study_by_its_data(tool):
    text = (INPUTS / "breast_cancer.csv").read_text()
    (tool.folder / "d.csv").write_text(text)
    words = (QUICK, "--output", "s.h5", "--set",
             f"data/train/href={tool.folder}/d.csv")
    tool.run(*words, "--trials", 1, "--quiet")
    (tool.folder / "d.csv").write_text(text.rsplit("\n", 2)[0] + "\n")
    done = tool.run("check", *words, expect=4)
    assert ": its data differ; --overwrite" in done.stderr


def test_removed_file_is_told(tool):
    study = write_function(tool.folder, steps=20, delay=0.02, trials=10)
    run = tool.start(study, "--quiet")
    wait_for(run, tool.folder / "f.h5", 1)
    (tool.folder / "f.h5").unlink()
    text, _ = run.communicate(timeout=60)
    assert run.returncode == 1 and "is gone" in text


def test_torn_row_of_a_finished_study_is_damage(tool):
    tool.run(QUICK, "--trials", 3, "--quiet", "--output", "s.h5")
    path = tool.folder / "s.h5"
    with h5py.File(path, "r") as f:
        raw = f["trials"][1].tobytes()
    data = bytearray(path.read_bytes())
    at = data.find(raw)
    assert at > 0
    data[at + 20] ^= 1
    path.write_bytes(data)
    assert "damaged" in tool.run("status", "s.h5", expect=4).stdout


def test_more_teams_than_the_window_are_told(tool):
    study = write_function(tool.folder, trials=4)
    done = tool.run(study, "--set", "parallel/window=1", "--quiet", ranks=4)
    assert "window 1" in done.stderr
    tool.run(study, "--set", "parallel/window=1", "--quiet", "--trials", 6)
    with h5py.File(tool.folder / "f.h5") as f:
        log = f["log"][:]
        names = h5py.check_enum_dtype(log.dtype["level"])
        start = f["sessions"]["start"]
    assert len(log) == 1 and log["level"][0] == names["warn"]
    assert b"run: 3 teams, but strict order with window 1" in log["text"][0]
    assert start[0] <= log["time"][0] <= start[1]


def test_quickstart_is_no_worse_than_xgboost_untuned(tool):
    """Guard for tests/bench/quickstart_vs_optuna.py: on the same rows the
    best of 50 trials is at least as good as XGBoost's own defaults."""
    import xgboost
    table = pandas.read_csv(INPUTS / "breast_cancer.csv")
    y = (table["diagnosis"] == "malignant").to_numpy(float)
    x = table.drop(columns="diagnosis").to_numpy(np.float32)
    ours, theirs = [], []
    for seed in range(3):
        tool.run(QUICK, "--seed", seed, "--quiet", "--overwrite",
                 "--output", "q.h5", ranks=3)
        with h5py.File(tool.folder / "q.h5", "r", swmr=True) as f:
            rows, role = f["trials"][:], f["data/role"][:]
        names = h5py.check_enum_dtype(rows.dtype["state"])
        ours.append(rows["value"][rows["state"] == names["complete"]].max())
        train = xgboost.DMatrix(x[role == 0], y[role == 0])
        valid = xgboost.DMatrix(x[role == 1], y[role == 1])
        log = {}
        xgboost.train({"objective": "binary:logistic", "eval_metric": "auc",
                       "tree_method": "hist", "nthread": 1}, train, 100,
                      evals=[(valid, "v")], evals_result=log,
                      verbose_eval=False)
        theirs.append(log["v"]["auc"][-1])
    assert np.mean(ours) >= np.mean(theirs), (ours, theirs)


@pytest.mark.parametrize("name", ["quickstart", "digits", "diabetes"])
def test_best_model_in_xgboost(tool, name):
    """README's words: the best model's bytes load in XGBoost; its scores on
    the validation rows are those that the trial's row says."""
    import sklearn.metrics
    import xgboost
    tool.run(INPUTS / f"{name}.xml", "--trials", 6, "--output", "s.h5",
             "--quiet", ranks=3)
    label = {"quickstart": "diagnosis", "digits": "digit",
             "diabetes": "progression"}[name]
    table = pandas.read_csv(INPUTS / {
        "quickstart": "breast_cancer.csv"}.get(name, f"{name}.csv"))
    x = table.drop(columns=label).to_numpy(np.float32)
    f = h5py.File(tool.folder / "s.h5", "r", swmr=True)
    trials = pandas.DataFrame(f["trials"][:])
    states_of = {v: k for k, v in
                 h5py.check_enum_dtype(f["trials"].dtype["state"]).items()}
    done = trials[trials["state"].map(states_of) == "complete"]
    done = done[done["model_length"] > 0]
    formats = h5py.check_enum_dtype(f["trials"].dtype["model_format"])
    done = done[done["model_format"] == formats["xgboost-ubj"]]
    best = done.sort_values("value").iloc[-1 if name == "quickstart" else 0]
    at, n = int(best.model_offset), int(best.model_length)
    booster = xgboost.Booster()
    booster.load_model(bytearray(f["models"][at:at + n]))
    rows = f["data/role"][:] == 1
    names = list(table.drop(columns=label).columns)
    p = booster.predict(xgboost.DMatrix(x[rows], feature_names=names))
    y = table[label].to_numpy()[rows]
    if name == "quickstart":
        found = sklearn.metrics.roc_auc_score(y == "malignant", p)
    elif name == "digits":
        found = sklearn.metrics.log_loss(y, p.astype(float))
    else:
        found = np.sqrt(np.mean((y - p.astype(float)) ** 2))
    assert found == pytest.approx(best["value"], rel=1e-5)


def test_readme_python_runs_as_it_stands(tool, monkeypatch):
    tool.run(QUICK, "--trials", 8, "--output", "mine.h5", "--quiet")
    monkeypatch.chdir(tool.folder)
    text = (INPUTS.parent / "README.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    assert len(blocks) == 3
    names = {}
    for block in blocks:
        exec(block, names)
    assert set(names["trials"].state) <= {"complete", "pruned"}
    assert names["booster"].num_boosted_rounds() == names["best"].steps


def test_readme_study_checks(tool):
    text = (INPUTS.parent / "README.md").read_text()
    study = re.search(r"```xml\n(.*?)```", text, re.S).group(1)
    (tool.folder / "mine.xml").write_text(study)
    (tool.folder / "customers.csv").write_text(
        "age,churned\n" + "".join(f"{i},{i % 2}\n" for i in range(40)))
    assert "is good" in tool.run("check", "mine.xml").stdout
    (tool.folder / "mine.xml").write_text(
        study.replace("max_depth", "max_dept"))
    done = tool.run("check", "mine.xml", expect=2)
    assert 'did you mean "max_depth"' in done.stderr


SHOWN = """<study name="shown">
  <data task="binary" label="diagnosis" positive="malignant">
    <train href="%s/breast_cancer.csv"/>
    <validation fraction="0.2"/><test fraction="0.1"/></data>
  <model kind="gbt"><int name="max_depth" low="2" high="9"/>
    <categorical name="grow_policy"><choice value="depthwise"/>
      <choice value="lossguide"/></categorical></model>
  <objective metric="%s" direction="minimize"/>
  <constraint metric="recall" min="%s"/><report metrics="f1 error"/>
  <forbidden><when name="max_depth" low="8"/>
    <when name="grow_policy" value="lossguide"/></forbidden>
  <forbidden><when name="max_depth" value="5"/></forbidden>
  <enqueue><set name="max_depth" value="3"/></enqueue>
  <enqueue><set name="grow_policy" value="lossguide"/></enqueue>
  <budget trials="3"/><winner/><refit/>
</study>"""


def test_check_shows_all_that_was_asked_for(tool):
    (tool.folder / "s.xml").write_text(SHOWN % (INPUTS, "logloss", 0.5))
    done = tool.run("check", "s.xml")
    assert """
constraint  0.5 <= recall
forbidden   8 <= max_depth, grow_policy = lossguide
forbidden   max_depth = 5
enqueued    max_depth = 3
enqueued    grow_policy = lossguide
report      f1 error
test        0.1 of the rows, at the end
winner      best
refit       the winner again, on all training and validation rows
""" in done.stdout and done.stderr == ""


def test_odd_direction_and_unreachable_bound(tool):
    (tool.folder / "s.xml").write_text(SHOWN % (INPUTS, "roc_auc", 1))
    words = ('warning: direction="minimize": the search makes roc_auc worse, '
             "which is better when higher")
    assert words in tool.run("check", "s.xml").stderr
    assert words in tool.run("s.xml", "--trials", 1, "--quiet").stderr
    (tool.folder / "s.xml").write_text(SHOWN % (INPUTS, "logloss", 3))
    done = tool.run("check", "s.xml", expect=2)
    assert ('<constraint metric="recall">: no trial can keep to that: recall '
            "lies between 0 and 1") in done.stderr


def test_one_is_not_many(tool):
    rows = "a,y\n,0\n" + "".join(f"{i},{i % 2}\n" for i in range(40))
    (tool.folder / "d.csv").write_text(rows)
    (tool.folder / "s.xml").write_text("""<study name="one">
  <data task="binary" label="y"><train href="d.csv"/>
    <validation fraction="0.5"/></data>
  <model kind="gbt"><int name="max_depth" low="1" high="2"/></model>
  <objective metric="logloss"/><budget trials="1"/></study>""")
    text = tool.run("check", "s.xml").stdout
    assert "search      1 parameter\n" in text
    assert ", 1 value missing\n" in text
    tool.run("s.xml", "--quiet")
    assert "1 model stays, 0 are dropped" in tool.run("compact", "s.h5").stdout
    done = tool.run("check", "s.xml", "--set", "model/kind=logistic", "--set",
                    "model/int[max_depth]/name=C", "--output", "l.h5",
                    expect=3)
    assert "column 'a' has 1 missing value, and" in done.stderr
