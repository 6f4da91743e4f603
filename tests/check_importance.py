# SPDX-License-Identifier: BSD-3-Clause
"""hpotune importance beside Optuna's fANOVA on the same trials, and on
functions whose shares are known."""
import json
import warnings

import h5py
import numpy as np
import optuna
import pytest
from check_run import states

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
