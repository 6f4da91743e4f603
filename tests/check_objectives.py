# SPDX-License-Identifier: BSD-3-Clause
"""Several objectives and constraints in whole studies: the front and its
hypervolume against Optuna's, the same study on any ranks and after kills,
every command that shows a study."""
import json
import re
import warnings

import h5py
import numpy as np
import pytest

from check_pruners import check_same
from check_report import draw, make
from conftest import INPUTS

warnings.simplefilter("ignore")

ZDT = """<study name="zdt" seed="3">
  <model kind="function" objective="zdt1">
    <fixed name="delay" value="{delay}"/>
    <float name="x0" low="0" high="1"/><float name="x1" low="0" high="1"/>
    <float name="x2" low="0" high="1"/><int name="x3" low="0" high="1"/>
  </model>
  <objective metric="value" direction="minimize"/>
  <objective metric="value2" direction="minimize" reference="8"/>
  {more}
  <sampler {sampler}/>
  <budget trials="{trials}"/>
  <parallel order="{order}" window="6"/>
  <output file="s.h5" models="best:2"/>
</study>
"""


def study(tool, sampler='name="nsga2" population-size="8"', trials=60,
          order="arrival", more="", delay=0):
    path = tool.folder / "s.xml"
    path.write_text(ZDT.format(sampler=sampler, trials=trials, order=order,
                               more=more, delay=delay))
    return path


def rows(path):
    with h5py.File(path, "r", swmr=True) as f:
        return f["trials"][:]


def non_dominated(values):
    """Numbers of the rows that no other is better than, by definition."""
    return [i for i, a in enumerate(values)
            if not any(np.all(b <= a) and np.any(b < a) for b in values)]


@pytest.mark.parametrize("sampler", ['name="nsga2" population-size="8"',
                                     'name="tpe" startup-trials="8"'])
def test_the_same_study_on_any_ranks_and_after_kills(tool, sampler):
    study(tool, sampler, trials=40, order="strict", delay="0.01",
          more='<constraint metric="value" max="0.8"/>')
    check_same(tool, ["s.xml", "--output"], kills=2)


def test_front_and_hypervolume_are_optunas(tool):
    from optuna._hypervolume import WFG
    tool.run(study(tool), "--quiet", ranks=3)
    got = rows(tool.folder / "s.h5")
    values = np.stack([got["value.0"], got["value.1"]], axis=1)
    front = non_dominated(values)
    with h5py.File(tool.folder / "s.h5", "r") as f:
        lines = f["pareto"][:]
        assert f.attrs["directions"].decode() == "minimize minimize"
    last = {r["trial"]: r["event"] for r in lines if r["trial"] >= 0}
    assert sorted(t for t, event in last.items() if event == 0) == front
    end = lines[-1]
    assert end["trial"] == -1 and end["event"] == 2
    assert end["front"] == len(front)
    reference = np.array([values[:, 0].max(), 8])
    assert [end["reference.0"], end["reference.1"]] == list(reference)
    inside = values[front][np.all(values[front] < reference, axis=1)]
    assert end["hypervolume"] == pytest.approx(
        WFG().compute(inside, reference), rel=1e-12)
    # each line: the hypervolume of the trials up to then
    assert np.all(np.diff([r["hypervolume"] for r in lines
                           if r["reference.0"] == end["reference.0"]])
                  >= -1e-12)
    assert set(np.flatnonzero(got["model_length"] > 0)) >= set(front)


def test_every_command_shows_the_front(tool):
    done = tool.run(study(tool, more='<constraint metric="value2" max="6"/>'))
    assert "front: " in done.stdout and "on the front" in done.stderr
    got = rows(tool.folder / "s.h5")
    over = np.maximum(0, (got["metrics.value2"] - 6) / 6)
    assert np.allclose(got["violation"], over, rtol=1e-12) and over.max() > 0
    values = np.stack([got["value.0"], got["value.1"]], axis=1)
    feasible = np.flatnonzero(got["violation"] == 0)
    front = {int(feasible[i]) for i in non_dominated(values[feasible])}
    best = json.loads(tool.run("best", "s.h5", "--format", "json").stdout)
    assert {r["number"] for r in best} == front
    assert [r["value.0"] for r in best] == sorted(r["value.0"] for r in best)
    table = tool.run("best", "s.h5").stdout
    assert f"front    {len(front)} trials, hypervolume" in table
    assert "value.1  minimize value2" in table
    assert f"front    {len(front)} trials" in tool.run("status", "s.h5").stdout
    assert f"front of {len(front)} trials" in tool.run("watch", "--once",
                                                       "s.h5").stdout
    top = json.loads(tool.run("list", "s.h5", "--sort", "value.1", "--limit",
                              1, "--format", "json").stdout)
    assert top[0]["value.1"] == got["value.1"].min()
    assert "value.1 value2" in tool.run("show", 3, "s.h5").stdout
    assert "violation" in tool.run("compare", 3, 4, "s.h5", "--all").stdout
    tool.run("report", "s.h5")
    page = (tool.folder / "s.html").read_text()
    line = next(x for x in page.splitlines() if x.startswith('"front":'))
    assert set(json.loads("{" + line.rstrip(",") + "}")["front"]) == front


def test_importance_of_each_objective(tool):
    """zdt1's first value depends on x0 alone, the second on all."""
    tool.run(study(tool, 'name="random"', trials=100), "--quiet")

    def shares(metric):
        out = json.loads(tool.run("importance", "s.h5", "--objective", metric,
                                  "--format", "json").stdout)
        return {r["parameter"]: r["importance"] for r in out}
    assert shares("value")["params.x0"] > 0.95
    assert shares("value2")["params.x0"] < 0.6
    assert shares("1") == shares("value2")
    done = tool.run("importance", "s.h5", "--objective", "f1", expect=2)
    assert "value, value2" in done.stderr


def test_patience_waits_for_the_front(tool):
    path = study(tool, 'name="grid" points="3"')
    path.write_text(path.read_text().replace('trials="60"', 'patience="7"'))
    tool.run(path, "--quiet")
    got = rows(tool.folder / "s.h5")
    values = np.stack([got["value.0"], got["value.1"]], axis=1)
    since = 0
    for i, v in enumerate(values):
        covered = np.any(np.all(values[:i] <= v, axis=1))
        since = since + 1 if covered else 0
        assert since < 7 or i == len(values) - 1
    assert since == 7 or len(values) == 54


def test_optuna_reads_values_and_constraints(tool):
    import optuna
    tool.run(study(tool, more='<constraint metric="value2" max="6"/>'),
             "--quiet")
    tool.run("export", "s.h5", "--to", "optuna", "-o", "s.log")
    storage = optuna.storages.JournalStorage(
        optuna.storages.JournalFileStorage(str(tool.folder / "s.log")))
    loaded = optuna.load_study(study_name="zdt", storage=storage)
    got = rows(tool.folder / "s.h5")
    assert len(loaded.directions) == 2
    for t in loaded.trials:
        assert t.values == [got["value.0"][t.number], got["value.1"][t.number]]
        over = t.system_attrs["constraints"]
        assert (max(over) <= 0) == (got["violation"][t.number] == 0)
    # best_trials of an Optuna that heeds constraints
    feasible = [t for t in loaded.trials
                if max(t.system_attrs["constraints"]) <= 0]
    front = non_dominated([np.array(t.values) for t in feasible])
    best = json.loads(tool.run("best", "s.h5", "--format", "json").stdout)
    assert {feasible[i].number for i in front} == {r["number"] for r in best}
    tool.run("export", "s.h5", "--to", "mlflow", "-o", "ml")
    for run in (tool.folder / "ml").glob("*/*/meta.yaml"):
        number = int(re.search(r"run_name: trial (\d+)", run.read_text())[1])
        line = (run.parent / "metrics" / "violation").read_text().split()
        assert float(line[1]) == got["violation"][number]


def test_a_metric_that_is_not_there_breaks_a_constraint(tool):
    """An endless violation is no feasible trial of Optuna's."""
    (tool.folder / "b.xml").write_text(BNH.format(seed=1, sampler="random")
                                       .replace("bnh\">", "sphere\">")
                                       .replace('"value2" d', '"value" d')
                                       .replace('"value" max', '"value2" max'))
    tool.run("b.xml", "--quiet", "--trials", 3)
    assert np.all(np.isinf(rows(tool.folder / "b.h5")["violation"]))
    text = tool.run("export", "b.h5", "--to", "optuna", "-o", "-").stdout
    trials = [json.loads(k) for k in text.splitlines()[1:]]
    assert all(t["system_attrs"]["constraints"][0] > 1e300 for t in trials)


def test_the_page_heeds_the_constraints(tool):
    """Crosses, the front and the best so far are those of the file."""
    tool.run(study(tool, more='<constraint metric="value2" max="5"/>'),
             "--quiet")
    got = rows(tool.folder / "s.h5")
    broken = int((got["violation"] > 0).sum())
    page, data = make(tool, "s.h5")
    dom = draw(page, tool.folder)
    assert broken > 0

    def part(name):
        return re.search(rf'<section id="{name}".*?</section>', dom, re.S)[0]
    assert part("pareto").count('class="breaks"') == broken
    assert part("history").count('class="breaks"') == 2 * broken
    front = part("pareto").count('<circle') - 1 - (
        part("pareto").count('fill="var(--grey)"'))
    assert front == len(data["front"])
    assert f"{front} trials that no other one beats" in dom
    assert part("history").count("not within the constraints") >= 4
    label = re.search(r'aria-label="Pareto front[^"]*"', dom)[0]
    assert "Crosses are trials not within the constraints" in label
    # the trials' table: those that keep to them first
    table = re.findall(r'<td class="violation">(.*?)</td>', part("trials"))
    assert all(float(v) == 0 for v in table[:len(table) - broken])
    # a line of the best so far begins at the first feasible trial
    text = (tool.folder / "s.xml").read_text().replace(
        '<sampler', '<enqueue><set name="x0" value="0"/><set name="x1" '
        'value="1"/><set name="x2" value="1"/><set name="x3" value="1"/>'
        '</enqueue><sampler', 1)
    (tool.folder / "s.xml").write_text(text)
    tool.run("s.xml", "--quiet", "--overwrite", "--trials", 12)
    got = rows(tool.folder / "s.h5")
    assert got["violation"][0] > 0 and got["value.0"][0] == 0
    dom = draw(make(tool, "s.h5")[0], tool.folder)
    lines = re.findall(r'<path d="M([\d.]+)[^"]*"[^>]*stroke="var\(--c1\)"',
                       part("history"))
    crosses = re.findall(r'<path d="M([\d.]+)[^"]*"[^>]*class="breaks"',
                         part("history"))
    assert lines and float(lines[0]) > float(crosses[0]) + 8


BNH = """<study name="bnh" seed="{seed}">
  <model kind="function" objective="bnh">
    <float name="x0" low="0" high="5"/><float name="x1" low="0" high="3"/>
  </model>
  <objective metric="value2" direction="minimize"/>
  <constraint metric="value" max="50"/>
  <sampler name="{sampler}"/>
  <budget trials="150"/>
  <output file="b.h5"/>
</study>
"""


@pytest.mark.parametrize("sampler", ["tpe", "cmaes", "nsga2", "gp"])
def test_constrained_optimum(tool, sampler):
    """Least (x0-5)^2 + (x1-5)^2 where 4 x0^2 + 4 x1^2 <= 50: 12.5 by hand."""
    (tool.folder / "b.xml").write_text(BNH.format(seed=1, sampler=sampler))
    tool.run("b.xml", "--quiet")
    got = rows(tool.folder / "b.h5")
    best = json.loads(tool.run("best", "b.h5", "--format", "json").stdout)[0]
    assert best["violation"] == 0 and best["metrics.value"] <= 50
    assert best["value"] == got["value"][got["violation"] == 0].min()
    assert 12.5 <= best["value"] < 14
    assert got["value"].min() < 12.5  # infeasible ones may be lower


def test_lists_and_status_know_who_keeps_to_the_constraints(tool):
    (tool.folder / "b.xml").write_text(BNH.format(seed=1, sampler="random"))
    tool.run("b.xml", "--quiet")
    for name in "value", "-value":
        table = json.loads(tool.run("list", "b.h5", "--sort", name, "--format",
                                    "json").stdout)
        want = [(r["violation"], r["value"]) if name == "value"
                else -r["value"] for r in table]
        assert want == sorted(want)
    assert "constraints" not in tool.run("status", "b.h5").stdout
    (tool.folder / "b.xml").write_text(BNH.format(seed=1, sampler="random")
                                       .replace('max="50"', 'max="-1"'))
    tool.run("b.xml", "--quiet", "--overwrite", "--trials", 5)
    said = tool.run("status", "b.h5").stdout
    assert "; it does not keep to the constraints, nor does any other" in said
    dom = draw(make(tool, "b.h5")[0], tool.folder)
    assert "<p>It does not keep to the constraints" in dom


def test_the_best_of_many_are_those_that_keep_to_the_constraints(tool):
    text = BNH.format(seed=1, sampler="random").replace('"150"', '"1500"')
    (tool.folder / "b.xml").write_text(text.replace('"50"', '"20"'))
    tool.run("b.xml", "--quiet")
    got = rows(tool.folder / "b.h5")
    order = np.lexsort((got["value"], got["violation"]))[:200]
    shown = make(tool, "b.h5")[1]["trials"]["number"]
    assert len(shown) <= 1000 and set(order.tolist()) <= set(shown)


def test_target_wants_a_feasible_trial(tool):
    text = BNH.format(seed=1, sampler="random").replace(
        '<budget trials="150"/>',
        '<enqueue><set name="x0" value="5"/><set name="x1" value="3"/>'
        '</enqueue><budget trials="150" target="16"/>')
    (tool.folder / "b.xml").write_text(text)
    tool.run("b.xml", "--quiet")
    got = rows(tool.folder / "b.h5")
    good = (got["violation"] == 0) & (got["value"] <= 16)
    assert list(np.flatnonzero(good)) == [len(got) - 1]
    assert got["violation"][0] > 0 and got["value"][0] <= 16


def test_what_can_not_be(tool):
    path = study(tool, 'name="cmaes"')
    done = tool.run("check", path, expect=2)
    assert ("sampler cmaes is for one objective, and the study has 2; "
            "allowed: random, tpe, grid, qmc, nsga2") in done.stderr
    study(tool, more='<pruner name="median"/>')
    assert "allowed: none" in tool.run("check", path, expect=2).stderr
    study(tool, order="strict",
          more='<constraint metric="train_seconds" max="1"/>')
    assert ("can't hold with the constraint on train_seconds"
            in tool.run("check", path, expect=2).stderr)


def test_a_value_that_is_not_there_fails_the_trial(tool):
    path = study(tool)
    path.write_text(path.read_text().replace('objective="zdt1"',
                                             'objective="sphere"'))
    tool.run(path, "--trials", 3, "--quiet", expect=5)
    with h5py.File(tool.folder / "s.h5") as f:
        assert f["trials"]["reason"][0] == b"the objective value2 is not finite"
        assert len(f["pareto"]) == 0


def test_gbt_with_two_objectives(tool):
    """A score and the model's size, folds and the front's models."""
    text = (INPUTS / "quickstart.xml").read_text()
    text = text.replace("breast_cancer.csv", str(INPUTS / "breast_cancer.csv"))
    text = re.sub(r"<pruner[^>]*/>", "", text).replace(
        'direction="maximize"/>',
        'direction="maximize"/><objective metric="model_bytes"/>'
        '<constraint metric="logloss" max="0.4"/>', 1)
    (tool.folder / "q.xml").write_text(text)
    tool.run("q.xml", "--trials", 12, "--quiet", "--output", "q.h5", ranks=3)
    got = rows(tool.folder / "q.h5")
    assert np.array_equal(got["value.1"], got["metrics.model_bytes"])
    assert np.array_equal(got["violation"] > 0, got["metrics.logloss"] > 0.4)
    best = json.loads(tool.run("best", "q.h5", "--format", "json").stdout)
    for r in best:
        assert got["model_length"][r["number"]] == r["value.1"]
    tool.run("export", "q.h5", "--model", best[0]["number"], "-o", "m.ubj")
