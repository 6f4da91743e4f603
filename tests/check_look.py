# SPDX-License-Identifier: BSD-3-Clause
"""list and its filter: tags as columns, errors that point at the column."""
import csv
import io
import json

import pytest
from check_run import write_function


@pytest.fixture
def study(tool):
    tool.run(write_function(tool.folder, trials=8, steps=2, delay=0,
                            sampler="random", pruner="none"), "--quiet")
    return tool


def table(tool, *words):
    text = tool.run("list", "f.h5", "--format", "csv", *words).stdout
    return list(csv.DictReader(io.StringIO(text)))


def numbers(tool, where):
    return [int(r["number"]) for r in table(tool, "--where", where)]


def test_tags_are_columns(study):
    assert not any(k.startswith("tags.") for k in table(study)[0])
    study.run("tag", "f.h5", "owner=lab")  # the study's own: no column
    assert not any(k.startswith("tags.") for k in table(study)[0])
    study.run("tag", "f.h5", "--trial", 3, "use=no", "why=a \"b\", c\u00fc")
    study.run("tag", "f.h5", "--trial", 3, "use=yes")
    study.run("tag", "f.h5", "--trial", 5, "use=no")
    rows = table(study, "--columns", "number,tags")
    assert [r["tags.use"] for r in rows] == ["", "", "", "yes", "", "no", "",
                                             ""]
    assert [r["tags.why"] for r in rows if r["tags.why"]] == ['a "b", c\u00fc']
    assert set(table(study)[0]) >= {"tags.use", "tags.why", "state"}
    # a trial without the tag fulfils no condition on it, as in MLflow
    assert numbers(study, 'tags.use = "yes"') == [3]
    assert numbers(study, 'tags.unheard = "yes"') == []
    assert numbers(study, 'tags.use != "yes"') == [5]
    assert numbers(study, "tags.use LIKE '%' and params.x0 < 100") == [3, 5]
    assert numbers(study, 'not tags.use = "no"') == [0, 1, 2, 3, 4, 6, 7]
    rows = table(study, "--sort", "tags.use", "--limit", "2")
    assert [r["number"] for r in rows] == ["5", "3"]
    shown = study.run("show", 3, "f.h5").stdout
    assert "tags\n  use                      yes\n" in shown
    assert "tags.use" in study.run("compare", 3, 5, "f.h5").stdout
    head = study.run("export", "f.h5", "--trials", "csv", "-o", "-").stdout
    assert head.splitlines()[0].endswith("tags.use,tags.why")
    # no column of the aligned table ends in blanks beyond its width
    lines = study.run("list", "f.h5", "--columns", "number,tags.why").stdout
    assert lines.splitlines()[0] == "number  tags.why"


@pytest.mark.parametrize("where, column, said", (
    ("params.x9 > 1", 1, 'no column "params.x9"; did you mean "params.x'),
    ("value > 1 and sate = 'done'", 15, 'did you mean "state"'),
    ("value >", 8, "a number or a quoted text is expected here"),
    ("value ~ 3", 7, "an operator is expected here"),
    ("state = complete", 9, "this column holds text: quote it"),
    ("value = 'x'", 9, "this column holds numbers"),
    ("(value > 1", 11, '")" is expected here'),
    ("value > 1 value", 11, '"and", "or" or the end'),
    ("value > 1 and", 14, "a column's name is expected here"),
    ("state = 'a", 9, "a quote is not closed"),
    ("tag.use = 'a'", 1, 'no column "tag.use"')))
def test_faults_are_pointed_at(study, where, column, said):
    err = study.run("list", "f.h5", "--where", where, expect=2).stderr
    lines = [k.split("error: ", 1)[1] for k in err.splitlines()]
    assert f"--where, column {column}: " in lines[0] and said in lines[0]
    assert lines[1] == "  " + where
    assert lines[2].index("^") == column + 1


def test_unknown_columns_are_answered(study):
    said = study.run("list", "f.h5", "--sort", "zzzz", expect=2).stderr
    assert 'no column "zzzz"; there are number, state, ' in said
    said = study.run("list", "f.h5", "--columns", "vaule", expect=2).stderr
    assert 'did you mean "value"?' in said and "there are" not in said
    said = study.run("lst", expect=2).stderr
    assert 'no command "lst"; did you mean "list"? see' in said


PRUNED = """<study name="p" seed="3"><model kind="function"
objective="sphere"><fixed name="steps" value="8"/>
<float name="x0" low="-5" high="5"/></model>
<objective metric="value" direction="maximize"/><sampler name="random"/>
<pruner name="percentile" percentile="80"/>
<parallel order="strict" window="2"/>
<budget trials="20"/><output file="f.h5"/></study>"""


def test_the_best_are_complete_and_metrics_sort_as_values(tool):
    (tool.folder / "p.xml").write_text(PRUNED)
    tool.run("p.xml", "--quiet")
    best = json.loads(tool.run("best", "f.h5", "--format", "json").stdout)[0]
    by_value = table(tool, "--sort", "value")
    done = [r["state"] == "complete" for r in by_value]
    assert done == sorted(done, reverse=True) and not all(done)
    values = [float(r["value"]) for r in by_value[:sum(done)]]
    assert values == sorted(values, reverse=True)
    assert by_value[0]["number"] == str(best["number"])
    assert table(tool, "--sort", "metrics.value") == by_value
