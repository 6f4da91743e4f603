# SPDX-License-Identifier: BSD-3-Clause
"""compare, export and predict against XGBoost, scikit-learn's arrays, cc."""
import gzip
import io
import json
import os
import random
import shutil
import subprocess

import h5py
import numpy as np
import pandas
import pytest
import xgboost as xgb

STUDY = """<study name="s" seed="3">
  <data task="{task}" label="{label}"><train href="d.csv"/>
    {data}<validation fraction="0.25" {more}/></data>
  {model}
  <objective metric="{metric}" direction="minimize"/>
  <budget trials="5"/><output file="s.h5" models="best:2"/>
</study>
"""
GBT = ('<model kind="gbt"><fixed name="n_estimators" value="12"/>'
       '<int name="max_depth" low="2" high="5"/></model>')
ONEHOT = ('<standardize/><categorical columns="employment home region '
          'purpose" encode="onehot"/><missing impute="mean"/>')
MLP = """<model kind="mlp"><fixed name="max_iter" value="8"/>
  <categorical name="hidden_layer_sizes"><choice value="20"/>
    <choice value="30 9 8"/></categorical>
  <categorical name="activation"><choice value="logistic"/>
    <choice value="tanh"/><choice value="relu"/></categorical></model>"""
CASES = {
    "binary": dict(task="binary", label="defaulted", metric="logloss"),
    "multiclass": dict(task="multiclass", label="home", metric="logloss"),
    "regression": dict(task="regression", label="interest_rate",
                       metric="rmse")}


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    """Studies of loans by task and kind of model; made when asked for."""
    from conftest import Tool
    made = {}

    def get(task, kind="gbt"):
        if (task, kind) not in made:
            tool = Tool(tmp_path_factory.mktemp(task + kind))
            tool.run("generate", "loan_applications", "--rows", 900,
                     "-o", "d.csv")
            name = (kind if kind == "mlp" else
                    "linear" if task == "regression" else "logistic")
            data = ONEHOT
            if task == "multiclass":
                data = data.replace(" home", "")
            model = GBT if kind == "gbt" else f'<model kind="{name}"/>'
            if kind == "mlp":
                model = MLP
            elif kind != "gbt":
                strength = "alpha" if task == "regression" else "C"
                model = (f'<model kind="{name}"><float name="{strength}" '
                         'low="0.1" high="2"/></model>')
            (tool.folder / "s.xml").write_text(STUDY.format(
                model=model, data=data if kind != "gbt" else "",
                more="" if task == "regression" else 'stratify="yes"',
                **CASES[task]))
            tool.run("s.xml", "--quiet")
            made[task, kind] = tool
        return made[task, kind]
    return get


def facts(tool):
    """Names, categories, classes and kept trials of a study."""
    with h5py.File(tool.folder / "s.h5") as f:
        d, t = f["data"], f["trials"][:]
        at = d["category_offsets"][:]
        cats = [x.decode() for x in d["categories"][:]]
        names = [x.decode() for x in d["names"][:]]
        return (names, {n: cats[at[j]:at[j + 1]]
                        for j, n in enumerate(names)},
                [x.decode() for x in d["classes"][:]],
                [int(i) for i in np.flatnonzero(t["model_length"] > 0)],
                d["role"][:], t)


def matrix(tool, frame):
    names, cats, _, _, _, _ = facts(tool)
    x = np.empty((len(frame), len(names)), np.float32)
    for j, n in enumerate(names):
        column = frame[n]
        if cats[n]:
            column = column.map({c: i for i, c in enumerate(cats[n])})
        x[:, j] = column
    return x


def predict(tool, data, *more):
    out = tool.run("predict", "s.h5", data, *more).stdout
    return pandas.read_csv(io.StringIO(out))


def load(path):
    booster = xgb.Booster()
    booster.load_model(str(path))
    return booster


def by_xgboost(booster, x, **kw):
    types = booster.feature_types
    return booster.predict(xgb.DMatrix(
        x, feature_names=booster.feature_names, feature_types=types,
        enable_categorical=True), **kw)


@pytest.mark.parametrize("task", list(CASES))
def test_gbt_equals_xgboost(studies, task):
    tool = studies(task)
    tool.run("export", "s.h5", "-o", "m.ubj")
    tool.run("export", "s.h5", "--format", "xgboost-json", "-o", "m.json")
    frame = pandas.read_csv(tool.folder / "d.csv")
    x = matrix(tool, frame)
    ubj, text = load(tool.folder / "m.ubj"), load(tool.folder / "m.json")
    assert ubj.save_raw("json") == text.save_raw("json")
    ours = predict(tool, "d.csv").to_numpy()
    if task == "multiclass":
        classes = facts(tool)[2]
        theirs = by_xgboost(ubj, x)
        assert [classes[c] for c in theirs.argmax(1)] == list(ours[:, 0])
        ours = ours[:, 1:].astype(float)
    else:
        theirs = by_xgboost(ubj, x)[:, None]
    assert np.allclose(ours, theirs, rtol=1e-6, atol=1e-6)
    margin = predict(tool, "d.csv", "--margin").to_numpy()
    margin = margin[:, margin.shape[1] - theirs.shape[1]:].astype(float)
    raw = by_xgboost(ubj, x, output_margin=True).reshape(margin.shape)
    assert np.allclose(margin, raw, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["gbt", "linear", "mlp"])
@pytest.mark.parametrize("task", list(CASES))
def test_validation_score(studies, task, kind):
    """Predictions of the validation rows have the trial's own score."""
    tool = studies(task, kind)
    _, _, classes, kept, role, trials = facts(tool)
    frame = pandas.read_csv(tool.folder / "d.csv")
    valid = role == 1
    y = frame[CASES[task]["label"]][valid].to_numpy()
    for trial in kept:
        p = predict(tool, "d.csv", "--model", trial)[valid].to_numpy()
        if task == "regression":
            score = np.sqrt(np.mean((p[:, 0] - y) ** 2))
        elif task == "binary":
            score = -np.mean(np.log(np.where(y == 1, p[:, 0], 1 - p[:, 0])))
        else:
            of = [p[i, 1 + classes.index(c)] for i, c in enumerate(y)]
            score = -np.mean(np.log(np.array(of, float)))
        assert abs(score - trials["value"][trial]) < 1e-6


@pytest.mark.parametrize("kind", ["gbt", "linear", "mlp"])
@pytest.mark.parametrize("task", list(CASES))
def test_c_source(studies, task, kind):
    tool = studies(task, kind)
    tool.run("export", "s.h5", "--format", "c", "-o", "m.c")
    compiler = shutil.which("cc") or shutil.which("gcc")
    subprocess.run([compiler, "-Wall", "-Wextra", "-Werror", "-std=c99",
                    "-ffp-contract=off", "-DHPOTUNE_MAIN", "m.c", "-o", "m",
                    "-lm"],
                   cwd=tool.folder, check=True)
    x = matrix(tool, pandas.read_csv(tool.folder / "d.csv"))
    rows = "\n".join(" ".join("%.9g" % v for v in row) for row in x)
    done = subprocess.run([tool.folder / "m"], input=rows, text=True,
                          check=True, capture_output=True)
    theirs = np.loadtxt(io.StringIO(done.stdout), ndmin=2)
    ours = predict(tool, "d.csv").to_numpy()
    ours = ours[:, ours.shape[1] - theirs.shape[1]:].astype(float)
    assert np.allclose(ours, theirs, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("kind", ["gbt", "linear", "mlp"])
def test_c_source_reads_rows(studies, kind):
    """Rows with any separators; what is no number is told, not guessed."""
    tool = studies("binary", kind)
    tool.run("export", "s.h5", "-o", "m.c")
    subprocess.run(["cc", "-DHPOTUNE_MAIN", "m.c", "-o", "m", "-lm"],
                   cwd=tool.folder, check=True)

    def run(rows):
        return subprocess.run([tool.folder / "m"], input=rows, text=True,
                              capture_output=True)

    x = matrix(tool, pandas.read_csv(tool.folder / "d.csv"))[:3]
    x[0, 0] = x[1, -1] = np.nan
    lines = [["%.9g" % v for v in row] for row in x]
    plain = run("\n".join(" ".join(line) for line in lines))
    assert plain.returncode == 0 and plain.stdout.count("\n") == 3
    for between in [",", "\t", ", ", " ,"]:
        for missing in ["", "nan", "NA"]:
            rows = "\r\n\n".join(between.join(line) for line in lines)
            done = run(rows.replace("nan", missing) + "\n")
            assert (done.returncode, done.stdout) == (0, plain.stdout)
    for bad, said in [(["x"] + lines[1][1:], "line 2: x is no number"),
                      (["1e"] + lines[1][1:], "line 2: 1e is no number"),
                      (["1" * 99] + lines[1][1:], "is no number"),
                      (lines[1][1:], "fields, "),
                      (lines[1] + ["1"], "fields, ")]:
        done = run(",".join(lines[0]) + "\n" + ",".join(bad) + "\n")
        assert done.returncode == 1 and done.stdout.count("\n") <= 1
        assert done.stderr.startswith("line 2: ") and said in done.stderr


def test_columns_by_name(studies):
    tool = studies("binary")
    whole = predict(tool, "d.csv")
    frame = pandas.read_csv(tool.folder / "d.csv")
    mixed = frame[frame.columns[::-1]].drop(columns="defaulted")
    mixed.insert(3, "other", "x")
    mixed.to_csv(tool.folder / "mixed.csv", index=False)
    assert predict(tool, "mixed.csv").equals(whole)
    names = facts(tool)[0]
    frame[names].to_csv(tool.folder / "bare.csv", index=False, header=False)
    assert predict(tool, "bare.csv").equals(whole)
    frame.drop(columns=["age", "home"]).to_csv(tool.folder / "less.csv")
    done = tool.run("predict", "s.h5", "less.csv", expect=3)
    assert "2 of the model's 18 columns" in done.stderr
    assert "'age', 'home'" in done.stderr
    frame.loc[:4, "region"] = "moon"
    frame.to_csv(tool.folder / "moon.csv", index=False)
    done = tool.run("predict", "s.h5", "moon.csv")
    assert done.stderr.count("region") == 1 and "5 values" in done.stderr
    frame.loc[:4, "region"] = None
    frame.to_csv(tool.folder / "none.csv", index=False)
    assert done.stdout == tool.run("predict", "s.h5", "none.csv").stdout


@pytest.mark.parametrize("task", list(CASES))
def test_outputs(studies, task):
    """CSV, NPY and HDF5 have the same numbers."""
    tool = studies(task)
    frame = predict(tool, "d.csv")
    text = frame.drop(columns="class", errors="ignore").to_numpy()
    tool.run("predict", "s.h5", "d.csv", "-o", "p.npy")
    array = np.load(tool.folder / "p.npy")
    assert array.shape == (text.shape if task == "multiclass"
                           else text.shape[:1])
    assert np.allclose(array.reshape(text.shape), text, atol=1e-9)
    tool.run("predict", "s.h5", "d.csv", "-o", "p.h5")
    assert not list(tool.folder.glob("*.part"))
    with h5py.File(tool.folder / "p.h5") as f:
        rows = f["predictions"][:]
        names = h5py.check_enum_dtype(rows.dtype[0])
    assert list(rows.dtype.names) == list(frame)
    for name in frame.columns.drop("class", errors="ignore"):
        assert np.allclose(rows[name], frame[name], atol=1e-9)
    if task == "multiclass":
        names = {v: k for k, v in names.items()}
        assert [names[c] for c in rows["class"]] == list(frame["class"])


def test_arrays(studies, tool):
    """NPY in both orders, packed, whole or features alone, as CSV."""
    frame = pandas.read_csv(studies("binary").folder / "d.csv")
    numbers = frame[["age", "income", "debt_ratio", "open_accounts",
                     "defaulted"]].astype(np.float32)
    numbers = numbers.rename(columns={c: f"f{i}" for i, c in
                                      enumerate(numbers)})
    x = numbers.to_numpy()
    np.save(tool.folder / "d.npy", x)
    np.save(tool.folder / "x.npy", np.asfortranarray(x[:, :4]))
    np.save(tool.folder / "three.npy", x[:, :3])
    numbers.to_csv(tool.folder / "d.csv", index=False)
    with gzip.open(tool.folder / "z.npy.gz", "wb") as f:
        np.save(f, x)
    (tool.folder / "s.xml").write_text(STUDY.format(
        task="binary", label="f4", metric="logloss", data="",
        more='stratify="yes"',
        model=GBT).replace("d.csv", "d.npy"))
    tool.run("s.xml", "--quiet")
    whole = predict(tool, "d.csv")
    assert len(whole) == len(x)
    for data in "d.npy", "x.npy", "z.npy.gz":
        assert predict(tool, data).equals(whole), data
    done = tool.run("predict", "s.h5", "three.npy", expect=3)
    assert "1 of the model's 4 columns is not there: 'f3'" in done.stderr


def test_libsvm(tool):
    """Absent entries are missing, indices from 0 or from 1."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 6)).astype(np.float32)
    x[rng.random(x.shape) < 0.4] = np.nan
    x[0, 0] = 1
    y = (np.nan_to_num(x).sum(1) > 0) * 1
    for name, base in ("zero.svm", 0), ("d.svm", 1):
        (tool.folder / name).write_text("".join(
            f"{y[i]} " + " ".join(f"{j + base}:{v!r}" for j, v in
                                  enumerate(map(float, row)) if v == v) +
            "\n" for i, row in enumerate(x)))
    frame = pandas.DataFrame(x, columns=[f"f{j}" for j in range(6)])
    frame.to_csv(tool.folder / "d.csv", index=False)
    (tool.folder / "s.xml").write_text(STUDY.format(
        task="binary", label="y", metric="logloss", data="", more="",
        model=GBT).replace("d.csv", "d.svm"))
    tool.run("s.xml", "--quiet")
    whole = predict(tool, "d.csv")
    assert len(whole) == 300 and whole.probability.nunique() > 20
    assert predict(tool, "d.svm").equals(whole)
    assert predict(tool, "zero.svm").equals(whole)
    (tool.folder / "wide.svm").write_text("0 7:1\n")
    done = tool.run("predict", "s.h5", "wide.svm", expect=3)
    assert "wide.svm:1: index 7" in done.stderr


@pytest.mark.parametrize("task", list(CASES))
def test_baseline(studies, tool, task):
    """A baseline gives every row the training rows' shares or mean."""
    source = studies(task)
    shutil.copy(source.folder / "d.csv", tool.folder)
    (tool.folder / "s.xml").write_text(STUDY.format(
        model='<model kind="baseline"/>', data="", more="", **CASES[task]))
    tool.run("s.xml", "--quiet")
    _, _, classes, _, role, _ = facts(tool)
    y = pandas.read_csv(tool.folder / "d.csv")[CASES[task]["label"]]
    y = y[role == 0]
    p = predict(tool, "d.csv")
    p = p.drop(columns="class", errors="ignore").to_numpy()
    want = ([y.mean()] if task != "multiclass"
            else [(y == c).mean() for c in classes])
    assert np.allclose(p, want, rtol=1e-8)
    tool.run("export", "s.h5", "--format", "c", "-o", "m.c")
    assert "margins" in (tool.folder / "m.c").read_text()


def test_trials_csv(studies):
    tool = studies("binary")
    out = tool.run("export", "s.h5", "--trials", "csv").stdout
    frame = pandas.read_csv(io.StringIO(out))
    trials = facts(tool)[5]
    assert list(frame) == list(trials.dtype.names)[:-1]  # all but crc
    assert np.allclose(frame.value, trials["value"], equal_nan=True)


def test_compare(studies):
    tool = studies("binary")
    rows = json.loads(tool.run("compare", 0, 1, "s.h5", "--format",
                               "json").stdout)
    trials = facts(tool)[5]
    assert [r["number"] for r in rows] == [0, 1]
    for key in set(rows[0]) - {"number"}:
        assert rows[0][key] != rows[1][key]
    assert rows[0]["value"] == trials["value"][0]
    table = tool.run("compare", 0, 1, "s.h5").stdout.splitlines()
    assert table[0].split() == ["trial", "0", "1"]
    assert table[1].split()[0] == "value"
    less = len(table)
    assert len(tool.run("compare", 0, 1, "s.h5",
                        "--all").stdout.splitlines()) > less


FAULTS = [
    (("compare", "0", "s.h5"), 2, "two or more trials"),
    (("compare", "0", "77", "s.h5"), 2, "has no trial 77; it has 5"),
    (("compare", "0", "x", "s.h5"), 2, '"x" is no trial'),
    (("compare", "1", "1", "s.h5"), 2, "named twice"),
    (("export", "s.h5", "--model", "99"), 2, "has no trial 99"),
    (("export", "s.h5", "--model", "bst"), 2, "allowed are best"),
    (("export", "s.h5", "--format", "json"), 2, "xgboost-json, c"),
    (("predict", "s.h5", "wide.csv"), 3,
     "wide.csv: 29 fields and no header; the model has "),
    (("export", "s.h5", "--format", "xgboost-jsn"), 2, "did you mean"),
    (("export", "d.csv"), 4, "d.csv"),
    (("predict", "s.h5"), 2, "data file"),
    (("predict", "s.h5", "no.csv"), 3, "no.csv"),
    (("predict", "s.h5", "d.csv", "--format", "npy"), 2, "needs a file")]


@pytest.mark.parametrize("words, code, says", FAULTS)
def test_faults(studies, words, code, says):
    tool = studies("binary")
    (tool.folder / "wide.csv").write_text(",".join(map(str, range(29))))
    done = tool.run(*words, expect=code)
    assert says in done.stderr and done.stdout == ""


def test_predict_on_many_ranks(studies):
    """The same bytes in the same order on any number of ranks, from every
    family of formats; unknown categories and the first fault are told as by one."""
    tool = studies("multiclass")
    lines = (tool.folder / "d.csv").read_text().splitlines()
    # blocks are of 2^18 values: enough rows for some of them
    few = min(len(lines) - 1, 200)
    body = lines[1:few + 1]
    times = (2 ** 18 // (lines[0].count(",") + 4)) * 3 // few
    (tool.folder / "many.csv").write_text(
        "\n".join([lines[0]] + body * times) + "\n")
    one = {}
    for suffix in ("csv", "npy", "h5"):
        for ranks in (1, 3):
            out = f"{ranks}.{suffix}"
            tool.run("predict", "s.h5", "many.csv", "-o", out, ranks=ranks)
            if suffix == "h5":
                with h5py.File(tool.folder / out) as f:
                    data = f["predictions"][:].tobytes()
            else:
                data = (tool.folder / out).read_bytes()
            assert one.setdefault(suffix, data) == data
            (tool.folder / out).unlink()
    assert one["csv"].count(b"\n") == few * times + 1
    # a fault near the end, told once, and nothing is left
    at = few * times - 3
    broken = [lines[0]] + body * times
    broken[at] = ",".join(["oops"] * (lines[0].count(",") + 1))
    broken[at + 1] = "1,2"
    (tool.folder / "broken.csv").write_text("\n".join(broken) + "\n")
    said = [tool.run("predict", "s.h5", "broken.csv", "-o", "b.csv",
                     ranks=ranks, expect=3).stderr for ranks in (1, 3)]
    assert f"broken.csv:{at + 1}: " in said[0]
    assert said[1].startswith(said[0]) and said[1].count("error: bro") == 1
    assert not list(tool.folder.glob("b.csv*"))
    for name in ("many.csv", "broken.csv"):
        (tool.folder / name).unlink()


def test_rows_from_standard_input(studies):
    tool = studies("binary")
    with open(tool.folder / "d.csv") as rows:
        done = subprocess.run(tool.command("predict", "s.h5", "-"),
                              cwd=tool.folder, stdin=rows,
                              capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == tool.run("predict", "s.h5", "d.csv").stdout
    done = tool.run("predict", "s.h5", "-", ranks=2, expect=2)
    assert "cannot share standard input" in done.stderr


def test_trial_and_file_in_either_order(studies):
    tool = studies("binary")
    for word in ("1", "best"):
        assert (tool.run("show", word, "s.h5").stdout ==
                tool.run("show", "s.h5", word).stdout)
    assert tool.run("replay", "s.h5", "1").stdout


def test_formats_that_no_suffix_tells(studies):
    """New rows are taken for the study's own format, or as they are said to
    be; what would be written in another format than its name is refused."""
    tool = studies("binary")
    whole = predict(tool, "d.csv")
    text = (tool.folder / "d.csv").read_text()
    (tool.folder / "d.dat").write_text(text)
    assert predict(tool, "d.dat").equals(whole)
    (tool.folder / "t.dat").write_text(text.replace(",", "\t"))
    assert predict(tool, "t.dat", "--input-format", "tsv").equals(whole)
    done = tool.run("predict", "s.h5", "d.csv", "--input-format", "xls",
                    expect=2)
    assert "no format 'xls'; allowed: csv, tsv" in done.stderr
    for name in ("p.xlsx", "p.csv.gz", "p.parquet"):
        done = tool.run("predict", "s.h5", "d.csv", "-o", name, expect=2)
        assert f"-o {name}: " in done.stderr and ".csv .txt" in done.stderr
        assert not (tool.folder / name).exists()
    tool.run("predict", "s.h5", "d.csv", "-o", "p.xlsx", "--format", "csv")
    tool.run("predict", "s.h5", "d.csv", "-o", "p")
    same = [(tool.folder / name).read_bytes() for name in ("p.xlsx", "p")]
    assert same[0] == same[1] and same[0].count(b"\n") == len(whole) + 1


def test_input_format_of_a_study_that_says_one(tool):
    rows = "\n".join(f"{i},{i % 7},{i % 2}" for i in range(200))
    for name in ("wine.dat", "new.dat"):
        (tool.folder / name).write_text("a,b,y\n" + rows)
    (tool.folder / "d.xml").write_text("""<study name="d">
      <data label="y" task="binary"><train href="wine.dat" format="csv"/>
      <validation fraction="0.2"/></data>
      <model kind="gbt"><int name="max_depth" low="1" high="3"/></model>
      <objective metric="logloss"/><budget trials="1"/>
      <output file="s.h5"/></study>""")
    tool.run("d.xml", "--quiet")
    assert len(predict(tool, "new.dat")) == 200


def test_export_by_suffix_and_to_a_terminal(studies):
    """FILE.json is JSON, FILE.c is C; the model's bytes are not poured over
    a terminal."""
    import pty
    tool = studies("binary")
    for name, words in (("m.json", ("--format", "xgboost-json")),
                        ("m.c", ("--format", "c")),
                        ("m.ubj", ("--format", "xgboost-ubj")),
                        ("m", ("--format", "xgboost-ubj"))):
        tool.run("export", "s.h5", "-o", name)
        by_suffix = (tool.folder / name).read_bytes()
        tool.run("export", "s.h5", "-o", name, *words)
        assert (tool.folder / name).read_bytes() == by_suffix
    linear = studies("binary", "linear")
    done = linear.run("export", "s.h5", "-o", "m.ubj", expect=2)
    assert "is stored as json; allowed are json, c" in done.stderr
    assert not (linear.folder / "m.ubj").exists()
    ours, theirs = pty.openpty()
    done = subprocess.run(tool.command("export", "s.h5"), cwd=tool.folder,
                          stdout=theirs, stderr=subprocess.PIPE, text=True)
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 2 and "-o FILE" in done.stderr


def test_trial_without_model(studies):
    tool = studies("binary")
    kept = facts(tool)[3]
    other = next(i for i in range(5) if i not in kept)
    done = tool.run("predict", "s.h5", "d.csv", "--model", other, expect=2)
    assert f"these have one: {', '.join(map(str, kept))}" in done.stderr


def test_damaged_model(studies, tmp_path):
    """A flipped byte is told by the checksum; with the checksum made right
    it is a prediction or a sentence, never a crash."""
    import zlib
    from conftest import Tool
    seed = int(os.environ.get("HPO_TEST_SEED", random.randrange(1 << 30)))
    print("HPO_TEST_SEED", seed)
    rng = random.Random(seed)
    source, tool = studies("binary"), Tool(tmp_path)
    trial = facts(source)[3][0]
    shutil.copy(source.folder / "d.csv", tmp_path / "d.csv")
    for turn in range(30):
        shutil.copy(source.folder / "s.h5", tmp_path / "s.h5")
        with h5py.File(tmp_path / "s.h5", "r+") as f:
            rows = f["trials"][:]
            at = int(rows[trial]["model_offset"])
            n = int(rows[trial]["model_length"])
            raw = bytearray(f["models"][at:at + n].tobytes())
            for _ in range(rng.choice([1, 1, 4])):
                raw[rng.randrange(min(n, rng.choice([200, n])))] = \
                    rng.randrange(256)
            f["models"][at:at + n] = np.frombuffer(bytes(raw), np.uint8)
            if turn > 0:
                rows[trial]["model_crc"] = zlib.crc32(raw)
                body = rows[trial].tobytes()
                rows[trial]["crc"] = zlib.crc32(body[:-4])
                f["trials"][trial] = rows[trial]
        done = tool.run("predict", "s.h5", "d.csv", "--model", trial,
                        expect=None)
        assert done.returncode in ((0, 2, 4) if turn else (0, 4)), done.stderr
        assert done.returncode == 0 or "error:" in done.stderr
