# SPDX-License-Identifier: BSD-3-Clause
"""The study file's reference page against the schema and the program."""
import os
import pathlib
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("HPOTUNE_BUILD", ROOT / "build"))
DRIVER = os.environ.get("STUDY_DRIVER", str(BUILD / "tests" / "study_driver"))
PAGE = ROOT / "docs" / "study-format.md"
XSD = ROOT / "src" / "study" / "study.xsd"
XS = "{http://www.w3.org/2001/XMLSchema}"
HPO = "{urn:hpotune:schema}"

EXAMPLES = [block for block in
            re.findall(r"```xml\n(.*?)```", PAGE.read_text(), re.S)
            if "<study" in block]


def read(path, *sets):
    return subprocess.run([DRIVER, str(path), *sets], text=True,
                          capture_output=True, cwd=path.parent)


def with_data(folder, text):
    """The study in a folder where all its data files are there."""
    for href in re.findall(r'href="([^"]+)"', text):
        (folder / href).write_text("a,b\n1,0\n")
    path = folder / "study.xml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_example_of_the_page_is_read(number, tmp_path):
    (tmp_path / "train.py").write_text("#!/bin/sh\n")
    (tmp_path / "train.py").chmod(0o755)
    done = read(with_data(tmp_path, EXAMPLES[number]))
    assert done.returncode == 0, done.stderr
    assert re.search("sampler.name = (tpe|nsga2)", done.stdout)


def test_page_has_examples():
    assert len(EXAMPLES) >= 4


@pytest.mark.parametrize("path", sorted((ROOT / "inputs").glob("*.xml")),
                         ids=lambda p: p.name)
def test_shipped_study_is_read(path):
    done = read(path)  # 3: its data lie elsewhere
    assert done.returncode in (0, 3), done.stderr
    assert done.returncode == 0 or "does not exist" in done.stderr


def declared():
    """(element or type, attribute) and all elements of the schema."""
    tree = ET.parse(XSD).getroot()
    attributes = [(a.get("name"), a) for a in tree.iter(XS + "attribute")]
    return tree, attributes


def test_page_names_all_that_the_schema_has():
    page = PAGE.read_text()
    tree, attributes = declared()
    for element in tree.iter(XS + "element"):
        assert f"<{element.get('name')}" in page, element.get("name")
    for name, node in attributes:
        assert f"`{name}`" in page or f"{name}=" in page, name
        for word in node.iter(XS + "enumeration"):
            assert word.get("value") in page, (name, word.get("value"))
        if node.get("default"):
            assert f"`{node.get('default')}`" in page or \
                f"| {node.get('default')} |" in page or \
                node.get("default") in ("no", "5"), name


def test_page_names_no_more():
    tree, attributes = declared()
    known = {e.get("name") for e in tree.iter(XS + "element")}
    for name in re.findall(r"`<([a-z-]+)", PAGE.read_text()):
        assert name in known, name
    names = {name for name, _ in attributes} | {
        "startup-trials", "warmup-steps", "error", "min-trials",
        "version", "encoding"}
    for block in EXAMPLES:
        for name in re.findall(r'([a-z-]+)="', block):
            assert name in names, name


def test_later_is_told_for_all_that_is_not_built(tmp_path):
    """Each attribute and element that the schema calls not built."""
    tree, _ = declared()
    for element in tree.iter(XS + "element"):
        if element.get(HPO + "built") != "no":
            continue
        name = element.get("name")
        inside = name in ("folds", "test")
        text = EXAMPLES[0].replace(
            "</data>" if inside else "</study>",
            f"<{name}/>" + ("</data>" if inside else "</study>"))
        done = read(with_data(tmp_path, text))
        assert done.returncode == 2
        assert f"<{name}> is not built yet in this version" in done.stderr


@pytest.mark.skipif(not shutil.which("xmllint"), reason="no xmllint")
def test_another_validator_agrees(tmp_path):
    good = sorted((ROOT / "tests" / "study" / "good").glob("*.xml"))
    for number, text in enumerate(EXAMPLES):
        path = tmp_path / f"{number}.xml"
        path.write_text(text)
        good.append(path)
    done = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", XSD,
                           *good], text=True, capture_output=True)
    assert done.returncode == 0, done.stderr


NAMES = """<study name="n">
<data task="binary" label="y"><train href="t.csv"/><folds/></data>
<model kind="gbt"><int name="max_depth" low="2" high="3"/></model>
<objective metric="f1"/>
<sampler name="tpe"/>
<pruner name="none"/>
<output file="o.h5"/><budget trials="2"/></study>
"""


@pytest.mark.parametrize("old, new, line, said", [
    ('<sampler name="tpe"', '<sampler name="GPSampler"', 5, "gp"),
    ('<sampler name="tpe"', '<sampler name="bayesian"', 5, "gp"),
    ('<pruner name="none"', '<pruner name="asha"', 6, "halving"),
    ('<pruner name="none"', '<pruner name="SuccessiveHalving"', 6, "halving"),
    ('metric="f1"', 'metric="f1_macro"', 4, "f1"),
    ('"gbt"', '"RandomForest"', 3, "gbt"),
    ('low="2"', 'min="2"', 3, "low"), ('high="3"', 'max="3"', 3, "high")])
def test_names_that_people_bring(tool, old, new, line, said):
    (tool.folder / "s.xml").write_text(NAMES.replace(old, new))
    (tool.folder / "t.csv").write_text("a,y\n1,0\n2,1\n3,0\n4,1\n")
    err = tool.run("check", "s.xml", expect=2).stderr
    assert re.search(f's.xml:{line}: .*did you mean "?{said}["=?]', err), err


@pytest.mark.parametrize("old, new, line, said", [
    ('"gbt"', '"gbt" objective="multi:softprob"', 3, "does not fit task"),
    ("o.h5", "nowhere/o.h5", 7, "folder nowhere/: No such file")])
def test_late_faults_have_their_line(tool, old, new, line, said):
    (tool.folder / "s.xml").write_text(NAMES.replace(old, new))
    (tool.folder / "t.csv").write_text("a,y\n1,0\n2,1\n3,0\n4,1\n")
    err = tool.run("check", "s.xml", expect=2).stderr
    assert f"s.xml:{line}: <" in err and said in err


def test_what_newcomers_write(tool):
    """Other packages' names, elements elsewhere, the file of the results."""
    (tool.folder / "s.xml").write_text("""<study name="k">
  <model kind="xgboost"/><model kind="LogisticRegression" name="b"/>
  <model kind="LGBMClassifier" name="c"/>
  <categorical name="subsample"><choice value="1"/></categorical>
  <objective metric="logloss"/><budget trials="1"/></study>""")
    said = tool.run("check", "s.xml", expect=2).stderr
    for words in ('"xgboost" (did you mean "gbt"?)',
                  '"LogisticRegression" (did you mean "logistic"?)',
                  '"LGBMClassifier" (did you mean "gbt"?)',
                  "stands in <data>, <model> or <choice>, not in <study>"):
        assert words in said
    (tool.folder / "f.xml").write_text("""<study name="f">
  <model kind="function" objective="sphere">
    <float name="x0" low="-2" high="2"/></model>
  <objective metric="value"/><budget trials="3"/></study>""")
    tool.run("f.xml", "--quiet")
    for command in (["check"], ["run"], []):
        assert ("f.h5: this is an HDF5 study file, not a study: hpotune "
                "status f.h5") in tool.run(*command, "f.h5", expect=2).stderr
    # a tag that no trial has is a condition that none fulfils
    where = ("list", "f.h5", "--format", "csv", "--where")
    assert len(tool.run(*where, 'tags.use = "this"').stdout.split()) == 1
    assert len(tool.run(*where, 'not tags.use = "this"').stdout.split()) == 4
    # trials by number or best, with one exit code where there is none
    assert tool.run("show", "best", "f.h5").stdout
    assert tool.run("compare", "best", *{"0", "1", "2"} - {
        tool.run("best", "f.h5", "--format", "json").stdout.split(
            '"number": ')[1].split(",")[0]}, "f.h5").stdout
    for words in (["show", "9"], ["compare", "0", "9"], ["replay", "9"],
                  ["show", "x"]):
        said = tool.run(*words, "f.h5", expect=2).stderr
        assert "has no trial 9; it has 3" in said or "is no trial" in said
    tool.run("f.xml", "--set", "trial-limits/time=0.001", "--set",
             "model/fixed[steps]=9", "--set", "model/fixed[delay]=0.01",
             "--output", "n.h5", "--quiet", expect=None)
    assert "no trial has" in tool.run("importance", "n.h5", expect=5).stderr
    assert "no trial has" in tool.run("show", "best", "n.h5", expect=2).stderr


def test_help_by_any_name(tool):
    whole = tool.run("--help").stdout
    assert whole == tool.run("-h").stdout == tool.run("help").stdout
    one = tool.run("show", "--help").stdout
    assert one == tool.run("show", "-h").stdout == tool.run(
        "help", "show").stdout
    assert tool.run("-v").stdout == tool.run("--version").stdout
    assert "did you mean" in tool.run("help", "shw", expect=2).stderr
