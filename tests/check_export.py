# SPDX-License-Identifier: BSD-3-Clause
"""export --to optuna opened by Optuna; --to mlflow by its layout."""
import fcntl
import json

import h5py
import numpy as np
import optuna
import pytest

from conftest import INPUTS, Tool

STUDY = """<study name="o &quot;x&quot; é" seed="3">
  <data task="binary" label="diagnosis" positive="malignant">
    <train href="d.csv"/><validation fraction="0.25"/></data>
  <model kind="gbt"><int name="n_estimators" low="5" high="20"/>
    <int name="max_depth" low="2" high="8" log="yes"/>
    <float name="learning_rate" low="0.01" high="0.3" log="yes"/>
    <float name="subsample" low="0.5" high="1.0" step="0.1"/></model>
  <model kind="logistic"><float name="C" low="1e-4" high="1e4" log="yes"/>
    <categorical name="penalty"><choice value="l1"/>
      <choice value="elasticnet"><float name="l1_ratio" low="0" high="1"/>
      </choice></categorical></model>
  <objective metric="roc_auc" direction="maximize"/>
  <report metrics="accuracy"/><sampler name="random"/>
  <pruner name="median" startup-trials="3"/>
  <budget trials="30"/><output file="s.h5" models="none"/>
</study>
"""
STATE = {1: "complete", 2: "pruned", 3: "failed"}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    tool = Tool(tmp_path_factory.mktemp("export"))
    (tool.folder / "d.csv").write_bytes(
        (INPUTS / "breast_cancer.csv").read_bytes())
    (tool.folder / "s.xml").write_text(STUDY)
    tool.run("s.xml", "--quiet")
    with h5py.File(tool.folder / "s.h5") as f:
        trials, curves = f["trials"][:], f["curves"][:]
        kinds = {n: h5py.check_enum_dtype(trials.dtype[n])
                 for n in trials.dtype.names}
    return tool, trials, curves, kinds


def values(row, kinds):
    """The active parameters of a trial, as Optuna names them."""
    out = {}
    for name in row.dtype.names:
        if name != "model" and not name.startswith("params."):
            continue
        v = row[name]
        if kinds[name]:
            v = {c: k for k, c in kinds[name].items()}[v] if v >= 0 else None
        elif np.isnan(v) or v == -1:
            v = None
        if v is not None:
            out[name.removeprefix("params.")] = v
    return out


def test_optuna(study):
    tool, trials, curves, kinds = study
    tool.run("export", "s.h5", "--to", "optuna", "-o", "j.log")
    storage = optuna.storages.JournalStorage(
        optuna.storages.JournalFileStorage(str(tool.folder / "j.log")))
    theirs = optuna.load_study(study_name='o "x" é', storage=storage)
    assert theirs.direction == optuna.study.StudyDirection.MAXIMIZE
    assert len(theirs.trials) == len(trials) == 30
    states = {c: k for k, c in kinds["state"].items()}
    seen = set()
    for t, row in zip(theirs.trials, trials):
        assert STATE[t.state.value] == states[row["state"]]
        seen.add(t.state.value)
        assert t.params == values(row, kinds)
        assert t.value == row["value"]
        at, n = row["curve_offset"], row["curve_length"]
        points = curves[at:at + n]
        assert t.intermediate_values == {
            p["step"]: p["value"] for p in points if p["metric"] == 0}
        start = np.datetime64(int(row["start"]) // 1000, "us")
        assert np.datetime64(t.datetime_start) == start
        assert t.datetime_complete >= t.datetime_start
        if states[row["state"]] == "complete":
            assert t.user_attrs["metrics.accuracy"] == row["metrics.accuracy"]
    assert seen == {1, 2}
    best = max((r["value"], -r["number"]) for r in trials
               if states[r["state"]] == "complete")
    assert theirs.best_trial.number == -best[1]
    gbt = next(t for t in theirs.trials if t.params["model"] == "gbt")
    d = optuna.distributions
    assert gbt.distributions == {
        "model": d.CategoricalDistribution(["gbt", "logistic"]),
        "gbt.n_estimators": d.IntDistribution(5, 20),
        "gbt.max_depth": d.IntDistribution(2, 8, log=True),
        "gbt.learning_rate": d.FloatDistribution(0.01, 0.3, log=True),
        "gbt.subsample": d.FloatDistribution(0.5, 1.0, step=0.1)}
    theirs.tell(theirs.ask(gbt.distributions), 0.5)  # it goes on from there
    assert len(theirs.trials) == 31


def yaml(path):
    """The flat part of YAML that MLflow writes."""
    out = {}
    for line in path.read_text().splitlines():
        key, value = line.split(": ", 1)
        out[key] = (value[1:-1] if value[0] == "'" else
                    json.loads(value) if value[0] == '"' else value)
    return out


def test_mlflow(study):
    tool, trials, curves, kinds = study
    for _ in range(2):  # again: the same runs
        tool.run("export", "s.h5", "--to", "mlflow", "-o", "ml")
    experiment, = (tool.folder / "ml").iterdir()
    meta = yaml(experiment / "meta.yaml")
    assert meta["name"] == 'o "x" é' and meta["lifecycle_stage"] == "active"
    assert meta["experiment_id"] == experiment.name.strip("'")
    assert experiment.name.isdigit()
    runs = [p for p in experiment.iterdir() if p.is_dir()]
    assert len(runs) == len(trials)
    found = {}
    for r in runs:
        m = yaml(r / "meta.yaml")
        assert m["run_id"] == m["run_uuid"] == r.name and len(r.name) == 32
        assert m["experiment_id"] == experiment.name
        assert m["artifact_uri"].endswith(f"{r.name}/artifacts")
        found[m["run_name"]] = (r, m)
    for i, row in enumerate(trials):
        r, m = found[f"trial {i}"]
        assert m["status"] == "3" and int(m["start_time"]) == (
            row["start"] // 10 ** 6) and int(m["end_time"]) >= int(
                m["start_time"])
        params = {p.name: p.read_text() for p in (r / "params").iterdir()}
        want = values(row, kinds)
        assert params.keys() == want.keys()
        for k, v in want.items():
            assert params[k] == v if isinstance(v, str) else (
                float(params[k]) == v)
        lines = (r / "metrics" / "roc_auc").read_text().splitlines()
        assert len(lines) == row["curve_length"]
        stamp, value, step = lines[-1].split(" ")
        assert int(stamp) > 10 ** 12 and float(value) == row["value"]
        assert int(step) == row["steps"]
        assert (r / "tags" / "mlflow.runName").read_text() == f"trial {i}"
        assert (r / "artifacts").is_dir()


FAULTS = [(("--to", "optunna"), "allowed are optuna, mlflow"),
          (("--to", "mlflow"), "needs a folder"),
          (("--to", "optuna", "--trials", "csv"), "stands alone"),
          (("--to", "optuna", "--format", "c"), "stands alone")]


@pytest.mark.parametrize("words, says", FAULTS)
def test_faults(study, words, says):
    done = study[0].run("export", "s.h5", *words, expect=2)
    assert says in done.stderr and done.stdout == ""


def test_tag(study, tmp_path):
    tool = Tool(tmp_path)
    (tmp_path / "s.h5").write_bytes((study[0].folder / "s.h5").read_bytes())
    tool.run("tag", "s.h5", "owner=lab=3")
    tool.run("tag", "s.h5", "--trial", 3, "good=no", "good=yes", "why=a b")
    with h5py.File(tmp_path / "s.h5") as f:
        rows = [(int(r["trial"]), r["name"].decode(), r["value"].decode())
                for r in f["tags"][:] if r["time"] > 0]
    assert rows[-4:] == [(-1, "owner", "lab=3"), (3, "good", "no"),
                         (3, "good", "yes"), (3, "why", "a b")]
    text = tool.run("show", 3, "s.h5").stdout
    assert "yes" in text and "a b" in text and " no\n" not in text
    assert "tags" not in tool.run("show", 4, "s.h5").stdout
    for words, says in ((("s.h5",), "NAME=VALUE"), (("s.h5", "x"), "no tag"),
                        (("s.h5", "--trial", "30", "a=b"), "has 30"),
                        (("s.h5", "a=" + "x" * 257), "too long")):
        assert says in tool.run("tag", *words, expect=2).stderr
    with open(tmp_path / "s.h5.lock", "a") as lock:  # as a running study
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = tool.run("tag", "s.h5", "a=b", expect=4)
    assert "s.h5" in done.stderr and "writ" in done.stderr
