# SPDX-License-Identifier: BSD-3-Clause
"""hpotune report: one page that needs nothing else, drawn by headless
Chromium without a fault; its data are those of the study file."""
import json
import re
import shutil
import subprocess

import h5py
import numpy as np
import pytest
from check_importance import booster
from check_run import FUNCTION, states, wait_for, write_function
from conftest import INPUTS

CHROMIUM = shutil.which("chromium")


def page_data(text):
    """The JSON in the page."""
    found = re.search(r'<script type="application/json" id="data">(.*?)'
                      r"</script>", text, re.S)
    return json.loads(found.group(1))


def draw(page, folder, width=1000):
    """The page's elements after its script has run; fails on an error."""
    if not CHROMIUM:
        pytest.skip("no chromium: the page is not drawn")
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu",
         "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update",
         f"--user-data-dir={folder / 'profile'}", "--dump-dom",
         "--enable-logging=stderr", "--virtual-time-budget=5000",
         f"--window-size={width},2000", f"file://{page}"],
        text=True, capture_output=True, timeout=200,
        stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    assert "Uncaught" not in done.stderr and "CONSOLE" not in done.stderr, \
        done.stderr
    dom = re.sub(r"<script.*?</script>", "", done.stdout, flags=re.S)
    assert "NaN" not in re.sub(r'title="[^"]*"', "", dom)
    return dom


def sections(dom):
    return re.findall(r'<section id="(\w+)"', dom)


def make(tool, file, ranks=1):
    done = tool.run("report", file, "-o", "page.html", ranks=ranks)
    assert done.stdout.startswith("page.html: "), done.stdout
    page = tool.folder / "page.html"
    text = page.read_text()
    # nothing is fetched
    assert not re.search(r'(src|href)="?https?:|@import|url\(', text)
    return page, page_data(text)


def test_quickstart_page(tool):
    tool.run(INPUTS / "quickstart.xml", "--trials", 25, "--quiet",
             "--output", "q.h5", ranks=3)
    page, data = make(tool, "q.h5")
    with h5py.File(tool.folder / "q.h5") as f:
        rows = f["trials"][:]
    assert data["total"] == 25 and data["objectives"] == ["roc_auc"]
    assert data["trials"]["params.max_depth"] == \
        rows["params.max_depth"].tolist()
    assert data["trials"]["state"] == states(tool.folder / "q.h5")
    best = data["best"]
    assert data["trials"]["value"][best] == pytest.approx(
        max(v for v, s in zip(rows["value"], data["trials"]["state"])
            if s == "complete"), rel=1e-8)
    first = data["curves"][0]
    assert first["trial"] == 0
    assert first["step"][-1] == rows["steps"][0]
    assert first["value"][-1] == pytest.approx(rows["value"][0], rel=1e-8)
    assert "malignant" in data["study"]["description"]
    dom = draw(page, tool.folder)
    assert sections(dom) == ["summary", "history", "curves",
                             "importance", "contour",
                             "slices", "parallel", "metrics", "ranking",
                             "confusion", "features", "timeline",
                             "trials", "environment"]
    # every chart says what it is, can be focused, and has its table
    charts = re.findall(r'<svg[^>]*role="img"[^>]*>', dom)
    assert len(charts) > 12
    assert all('tabindex="0"' in c and 'aria-label="' in c for c in charts)
    assert dom.count("The same as a table") == len(charts)


def test_best_models_and_teams(tool):
    """The three best stored models of ten classes: what the file's tables
    say of them, XGBoost's scores of their features, and the teams' time."""
    tool.run(INPUTS / "digits.xml", "--trials", 6, "--quiet",
             "--set", "output/models=best:4", "--output", "w.h5", ranks=3)
    page, data = make(tool, "w.h5")
    f = h5py.File(tool.folder / "w.h5", swmr=True)
    t = f["trials"][:]
    state = np.array(states(tool.folder / "w.h5"))
    held = [int(i) for i in t["number"][np.argsort(
        t["value"] * (-1 if f.attrs["directions"] == b"maximize" else 1),
        kind="stable")] if state[i] == "complete" and
        t["model_offset"][i] >= 0][:3]
    assert [m["trial"] for m in data["models"]] == held
    assert data["classes"] == [c.decode() for c in f["data/classes"][:]]
    for m in data["models"]:
        roc = f["roc"][:]
        roc = roc[roc["trial"] == m["trial"]]
        assert m["hits"] == roc["true_positives"].tolist()
        assert m["alarms"] == roc["false_positives"].tolist()
        assert m["threshold"] == pytest.approx(roc["threshold"], rel=1e-8)
        cells = f["confusion"][:]
        cells = cells[cells["trial"] == m["trial"]]
        assert m["weight"] == cells["weight"].tolist()
        assert sum(m["weight"]) == (f["data/role"][:] == 1).sum()
        if m["kinds"][0] == "gain":
            want = booster(f, m["trial"]).get_score(importance_type="gain")
            assert len(want) == m["used"]
            for name, gain, *_ in m["features"]:
                assert gain == pytest.approx(want[name], rel=1e-4)
    busy = {int(k): ((t["end"] - t["start"])[t["team"] == k] / 1e9).sum()
            for k in set(t["team"])}
    assert {k: b for k, _, b in data["teams"]} == pytest.approx(busy)
    assert data["span"] == pytest.approx(
        (t["end"].max() - t["start"].min()) / 1e9)
    dom = draw(page, tool.folder)
    assert {"ranking", "confusion", "features"} <= set(sections(dom))
    # and how idle they were
    assert "The teams were idle" in dom


def test_narrow_page(tool):
    tool.run(INPUTS / "quickstart.xml", "--trials", 6, "--quiet",
             "--output", "q.h5")
    page, _ = make(tool, "q.h5")
    assert "timeline" in sections(draw(page, tool.folder, 390))


def test_many_trials_are_sampled_and_said(tool):
    study = write_function(tool.folder, trials=3000, sampler="random",
                           pruner="none", order="arrival")
    tool.run(study, "--quiet", ranks=2)
    page, data = make(tool, "f.h5")
    assert page.stat().st_size < 2e6
    assert data["total"] == 3000
    shown = data["trials"]["number"]
    assert 800 < len(shown) <= 1000 and shown == sorted(shown)
    with h5py.File(tool.folder / "f.h5") as f:
        value = f["trials"]["value"]
    order = value.argsort()
    assert set(order[:200].tolist()) <= set(shown)
    top = float("inf")
    for number, v in enumerate(value):
        if v < top:
            assert number in shown
            top = v
    assert len(data["curves"]) <= 151 and data["with_curves"] == 3000
    assert f"{len(shown)} of 3000 trials are drawn" in draw(page, tool.folder)


def test_odd_names_do_no_harm(tool):
    study = tool.folder / "f.xml"
    text = FUNCTION.format(steps=2, delay=0, trials=5, sampler="random",
                           pruner="none", order="strict")
    study.write_text(text.replace('name="f"', 'name="&lt;/script>&lt;b>\'x"')
                     .replace("<model", "<description>a \"b\" \\n "
                              "&lt;i>c&lt;/i> &amp;\u00fc</description>"
                              "<model", 1))
    tool.run(study, "--quiet")
    page, data = make(tool, "f.h5")
    assert data["study"]["name"] == "</script><b>'x"
    assert data["study"]["description"] == 'a "b" \\n <i>c</i> &\u00fc'
    assert "<h1 id=\"title\">&lt;/script&gt;&lt;b&gt;'x</h1>" in \
        draw(page, tool.folder)


def test_empty_and_failed_studies(tool):
    study = write_function(tool.folder, steps=100, delay=0.05, trials=2)
    study.write_text(study.read_text().replace(
        "<parallel", '<trial-limits time="0.1s"/><parallel'))
    tool.run(study, "--quiet", expect=5)
    page, data = make(tool, "f.h5")
    assert data["best"] == -1 and data["counts"]["failed"] == 2
    assert "No trial has succeeded yet" in draw(page, tool.folder)


SPACE = '''<study name="m" seed="2">
  <data task="multiclass" label="digit">
    <train href="{data}"/><validation fraction="0.5"/><standardize/>
  </data>
  <model kind="gbt">
    <int name="n_estimators" low="2" high="200" log="yes"/>
    <int name="max_depth" low="2" high="4"/>
    <float name="learning_rate" low="0.1" high="0.4" log="yes"/>
    <float name="colsample_bytree" low="0.001" high="1"/>
  </model>
  <model kind="logistic">
    <float name="C" low="1e-3" high="10" log="yes"/>
  </model>
  <objective metric="accuracy"/>
  <sampler name="random"/>
  <budget trials="16"/>
  <output file="m.h5" models="none"/>
</study>
'''
MEASURE = '''<script>
const box = [...document.querySelectorAll("#parallel .title")]
  .map(t => t.getBoundingClientRect());
document.body.dataset.overlaps = box.filter((a, i) => box.some((b, k) =>
  k > i && a.left < b.right && b.left < a.right && a.top < b.bottom &&
  b.top < a.bottom)).length;
</script>'''


@pytest.fixture
def models(tool):
    (tool.folder / "m.xml").write_text(
        SPACE.format(data=INPUTS / "digits.csv"))
    tool.run("m.xml", "--quiet", ranks=3)
    return make(tool, "m.h5")


def part(dom, name):
    return re.search(rf'<section id="{name}".*?</section>', dom, re.S)[0]


def test_axes_are_as_the_space_says(tool, models):
    page, data = models
    assert data["space"] == {"params." + k: v for k, v in {
        "gbt.n_estimators": {"log": True, "whole": True},
        "gbt.max_depth": {"log": False, "whole": True},
        "gbt.learning_rate": {"log": True, "whole": False},
        "gbt.colsample_bytree": {"log": False, "whole": False},
        "logistic.C": {"log": True, "whole": False}}.items()}
    dom = draw(page, tool.folder)
    slices = part(dom, "slices")
    names = re.findall(r'aria-label="Slice: accuracy against (.*?)\.\s*"',
                       slices)
    assert names == ["model", *(k[7:] for k in data["space"])]
    for name, how in data["space"].items():
        assert (f">{name[7:]} (log)<" in slices) == how["log"]
    charts = dict(zip(names, re.findall(r"<svg.*?</svg>", slices, re.S)))
    ticks = re.findall(r'text-anchor="middle">([^<]*)<',
                       charts["gbt.max_depth"])
    assert {"2", "3", "4"} >= set(ticks[:-2]) and "3" in ticks


def test_parallel_coordinates_of_models(tool, models):
    """Every line passes all axes; titles keep off each other."""
    page, data = models
    chart = part(draw(page, tool.folder), "parallel")
    lines = re.findall(r'<path d="([^"]*)"[^>]*fill="none"', chart)
    assert len(lines) == data["counts"]["complete"]
    axes = 2 + len(data["space"])
    assert all(len(re.findall("[ML]", d)) == axes for d in lines)
    assert chart.count(">inactive</text>") == len(data["space"])
    assert ">model</text>" in chart
    page.write_text(page.read_text().replace("</body>", MEASURE + "</body>"))
    for width in 1280, 390:
        assert 'data-overlaps="0"' in draw(page, tool.folder, width)


def test_models_that_keep_to_the_constraints_come_first(tool):
    (tool.folder / "m.xml").write_text(
        SPACE.format(data=INPUTS / "digits.csv")
        .replace('"none"', '"all"').replace(
            "<sampler", '<constraint metric="accuracy" max="0.94"/><sampler'))
    tool.run("m.xml", "--quiet", "--trials", 10, ranks=3)
    data = make(tool, "m.h5")[1]
    with h5py.File(tool.folder / "m.h5") as f:
        t = f["trials"][:]
    order = np.lexsort((t["number"], -t["value"], t["violation"]))
    assert t["violation"][np.argmax(t["value"])] > 0
    assert [m["trial"] for m in data["models"]] == t["number"][
        order[:3]].tolist()


def test_steps_and_trials_are_counted_whole(tool):
    tool.run(write_function(tool.folder, trials=3, steps=3, delay=0,
                            sampler="random", pruner="none"), "--quiet")
    dom = draw(make(tool, "f.h5")[0], tool.folder)
    for name in "history", "curves":
        ticks = re.findall(r'text-anchor="middle">([^<]*)</text>',
                           part(dom, name))
        assert len(ticks) > 3 and not [k for k in ticks if "." in k]


def test_sessions_times_are_dates(tool, models):
    table = part(draw(models[0], tool.folder), "environment")
    assert len(re.findall(r"<td>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ</td>",
                          table)) == 2


def test_failed_trials_are_no_pruned_ones(tool):
    study = write_function(tool.folder, steps=100, delay=0.05, trials=2)
    study.write_text(study.read_text().replace(
        "<parallel", '<trial-limits time="0.2s"/><parallel'))
    tool.run(study, "--quiet", expect=5)
    page, data = make(tool, "f.h5")
    dom = draw(page, tool.folder)
    assert "failed (dashed)" in part(dom, "curves")
    assert "pruned" not in part(dom, "curves")
    reason = data["trials"]["reason"][0]
    assert len(reason) > 20
    assert f'<td class="reason">{reason}</td>' in part(dom, "trials")


def test_running_study_and_faults(tool):
    study = write_function(tool.folder, steps=20, delay=0.01, trials=4000)
    run = tool.start(study, "--quiet", ranks=2)
    wait_for(run, tool.folder / "f.h5", 3)
    page, data = make(tool, "f.h5")
    run.terminate()
    run.communicate(timeout=100)
    assert data["live"] is True and data["total"] >= 3
    assert "running while this page was made" in draw(page, tool.folder)
    tool.run("report", expect=2)
    tool.run("report", "none.h5", expect=4)
    tool.run("report", "f.h5", "-o", "no/such/folder.html", expect=1)
    text = tool.run("report", "f.h5", "-o", "-").stdout
    assert page_data(text)["study"]["name"] == "f"
