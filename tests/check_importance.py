# SPDX-License-Identifier: BSD-3-Clause
"""hpotune importance beside Optuna's fANOVA on the same trials, and on
functions whose shares are known."""
import json
import warnings

import h5py
import numpy as np
import optuna
import pytest
import xgboost
from check_run import states
from conftest import INPUTS

STUDY = """<study name="f" seed="{seed}">
  <model kind="function" objective="{function}">
{parameters}
  </model>
  <objective metric="value" direction="{direction}"/>
  <sampler name="random"/>
  <budget trials="{trials}"/>
  <output file="f.h5" models="none"/>
</study>
"""
BRANIN = ('<float name="x0" low="-5" high="10"/>'
          '<float name="x1" low="0" high="15"/>')
HARTMANN = "".join(f'<float name="x{i}" low="0" high="1"/>' for i in range(6))
# x0 alone counts 100 times as much as x1, x2 hardly at all
SCALED = ('<float name="x0" low="-10" high="10"/>'
          '<int name="x1" low="-3" high="3"/>'
          '<float name="x2" low="0.01" high="0.1" log="yes"/>')


def make(tool, function, parameters, trials=200, seed=1,
         direction="minimize"):
    (tool.folder / "f.xml").write_text(STUDY.format(
        function=function, parameters=parameters, trials=trials, seed=seed,
        direction=direction))
    tool.run("f.xml", "--quiet")


def ours(tool, method="fanova"):
    text = tool.run("importance", "f.h5", "--method", method, "--format",
                    "json").stdout
    return {r["parameter"].split(".")[1]: r["importance"]
            for r in json.loads(text)}


def optunas(tool, space):
    """Optuna's fANOVA on the file's trials (it is slow: fewer trees)."""
    with h5py.File(tool.folder / "f.h5") as f:
        rows = f["trials"][:]
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = optuna.create_study()
        for row in rows:
            study.add_trial(optuna.trial.create_trial(
                params={p: row[f"params.{p}"].item() for p in space},
                distributions=space, value=float(row["value"])))
        return optuna.importance.get_param_importances(
            study, evaluator=optuna.importance.FanovaImportanceEvaluator(
                n_trees=32, seed=1))


@pytest.mark.parametrize("function, parameters, space", [
    ("branin", BRANIN, {
        "x0": optuna.distributions.FloatDistribution(-5, 10),
        "x1": optuna.distributions.FloatDistribution(0, 15)}),
    ("hartmann6", HARTMANN, {
        f"x{i}": optuna.distributions.FloatDistribution(0, 1)
        for i in range(6)}),
    ("sphere", SCALED, {
        "x0": optuna.distributions.FloatDistribution(-10, 10),
        "x1": optuna.distributions.IntDistribution(-3, 3),
        "x2": optuna.distributions.FloatDistribution(.01, .1, log=True)})])
def test_fanova_equals_optunas(tool, function, parameters, space):
    make(tool, function, parameters, trials=200)
    a, b = ours(tool), optunas(tool, space)
    assert set(a) == set(b) and sum(a.values()) == pytest.approx(1, abs=1e-5)
    for name in a:
        assert a[name] == pytest.approx(b[name], abs=0.08), (a, b)


def test_known_shares(tool):
    """Variances of x^2 over the ranges: 8e4/9/... by closed form."""
    make(tool, "sphere", SCALED, trials=1000)
    x0 = 10**4 * (1 / 5 - 1 / 9)
    k = np.arange(-3, 4)**2
    x1 = k.var()
    found = ours(tool)
    assert found["x0"] == pytest.approx(x0 / (x0 + x1), abs=0.01)
    assert found["x2"] < 0.003
    ped = ours(tool, "ped-anova")
    assert ped["x0"] > 0.8 and sum(ped.values()) == pytest.approx(1, abs=1e-5)


def test_maximize_is_the_mirror_image(tool):
    make(tool, "branin", BRANIN)
    low = ours(tool)
    tool.run("f.xml", "--quiet", "--overwrite", "--set",
             "objective/direction=maximize")
    assert ours(tool) == low


def test_formats_and_faults(tool):
    make(tool, "sphere", SCALED, trials=3)
    done = tool.run("importance", "f.h5", expect=2)
    assert "at least 4 complete trials" in done.stderr
    tool.run("f.xml", "--quiet", "--trials", 30)
    assert len(states(tool.folder / "f.h5")) == 30
    text = tool.run("importance", "f.h5").stdout
    assert text.startswith("params.x0") and "over 30 complete" in text
    csv = tool.run("importance", "f.h5", "--format", "csv").stdout
    assert csv.splitlines()[0] == "parameter,importance"
    assert "fanova, ped-anova" in tool.run(
        "importance", "f.h5", "--method", "shap", expect=2).stderr
    tool.run("importance", "f.h5", "--format", "xml", expect=2)
    tool.run("importance", "no.h5", expect=4)
    tool.run("importance", expect=2)


def booster(f, number):
    """A trial's stored model in XGBoost."""
    t = f["trials"][number]
    at, n = int(t["model_offset"]), int(t["model_length"])
    b = xgboost.Booster()
    b.load_model(bytearray(f["models"][at:at + n]))
    return b


@pytest.mark.parametrize("study", ("quickstart", "digits"))
def test_features_as_xgboosts(tool, study):
    tool.run(INPUTS / f"{study}.xml", "--trials", 3, "--quiet",
             "--set", "output/models=all", "--output", "q.h5")
    f = h5py.File(tool.folder / "q.h5", swmr=True)
    number = next(i for i, s in enumerate(states(tool.folder / "q.h5"))
                  if s == "complete")
    rows = json.loads(tool.run("importance", "q.h5", "--model", number,
                               "--format", "json").stdout)
    b = booster(f, number)
    for kind in ("gain", "cover", "weight", "total_gain", "total_cover"):
        want = b.get_score(importance_type=kind)
        assert len(want) == len(rows) > 5
        assert {r["feature"]: r[kind] for r in rows} == \
            pytest.approx(want, rel=1e-4)
    gains = [r["gain"] for r in rows]
    assert gains == sorted(gains, reverse=True)
    table = tool.run("importance", "q.h5", "--model", "best").stdout
    assert table.split()[:4] == ["feature", "gain", "cover", "weight"]


def test_features_of_linear_models(tool):
    text = (INPUTS / "digits.xml").read_text()
    text = text[:text.index("<model")] + '<model kind="logistic"/>' + \
        text[text.index("</model>") + 8:]
    (tool.folder / "d.xml").write_text(text.replace(
        "digits.csv", str(INPUTS / "digits.csv")))
    tool.run("d.xml", "--trials", 1, "--quiet", "--output", "d.h5", "--set",
             "output/models=all")
    rows = json.loads(tool.run("importance", "d.h5", "--model", "best",
                               "--format", "json").stdout)
    model = tool.folder / "m.json"
    tool.run("export", "d.h5", "-o", model, "--format", "json")
    m = json.loads(model.read_text())
    want = dict(zip(m["feature_names"], np.abs(m["coef_"]).mean(0)))
    assert {r["feature"]: r["coef"] for r in rows} == pytest.approx(
        {k: v for k, v in want.items() if v > 0})


def test_features_that_are_not_there(tool):
    make(tool, "branin", BRANIN, trials=5)
    said = tool.run("importance", "f.h5", "--model", "best", expect=2).stderr
    assert "no stored model" in said
    said = tool.run("importance", "f.h5", "--model", "best", "--method",
                    "fanova", expect=2).stderr
    assert "one of the two" in said
