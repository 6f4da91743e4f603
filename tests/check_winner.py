# SPDX-License-Identifier: BSD-3-Clause
"""The end of a study: the sealed test, the winner, its luck, the refit."""
import json
import time

import h5py
import numpy as np
import pandas
import pytest
import xgboost
from conftest import end_of as end_of_run
from digest import digest
from scipy import stats
from sklearn import metrics

STUDY = """<study name="winner" seed="5">
  <data task="{task}" label="y"><train href="t.csv"/>{held}</data>
  {model}
  <objective metric="{metric}"/><report metrics="accuracy logloss"/>
  <sampler name="random"/><budget trials="{trials}"/>
  {end}
  <parallel order="strict" window="4"/><output file="s.h5" models="{keep}"/>
</study>
"""
GBT = """<model kind="gbt"><int name="n_estimators" low="4" high="30"/>
<float name="learning_rate" low="0.02" high="0.5" log="yes"/>
<int name="max_depth" low="1" high="5"/>
<float name="subsample" low="0.5" high="1"/></model>"""
SPLIT = '<validation fraction="0.25"/>'


def make_table(seed, n=400):
    """Whole numbers, so that the cuts of any larger part are the same."""
    dice = np.random.default_rng(seed)
    x = dice.integers(0, 12, (n, 4))
    y = dice.random(n) < 1 / (1 + np.exp(6 - x[:, 0] - 0.3 * x[:, 1]))
    return pandas.DataFrame(dict(zip("abcd", x.T), y=y.astype(int)))


def write(tool, name="s.xml", table=None, **k):
    if table is None:
        table = make_table(1)
    table.to_csv(tool.folder / "t.csv", index=False)
    k = {"task": "binary", "metric": "roc_auc", "trials": 8, "model": GBT,
         "held": SPLIT, "end": "", "keep": "best:2", **k}
    (tool.folder / name).write_text(STUDY.format(**k))
    return name


def read(path):
    """Trials, scores by (trial, model, metric), winner, refits."""
    with h5py.File(path, "r", swmr=True) as f:
        scores = f["test_scores"][:]
        word = {c: {v: n for n, v in
                    h5py.check_enum_dtype(scores.dtype[c]).items()}
                for c in ("metric", "model")}
        table = {(int(s["trial"]), word["model"][s["model"]],
                  word["metric"][s["metric"]]): float(s["value"])
                 for s in scores}
        return f["trials"][:], table, f["winner"][:], f["refits"][:]


def model_bytes(path, row):
    with h5py.File(path, "r") as f:
        at = int(row["model_offset"])
        return f["models"][at:at + int(row["model_length"])].tobytes()


def predict(model, table):
    booster = xgboost.Booster()
    booster.load_model(bytearray(model))
    return booster.predict(xgboost.DMatrix(table.drop(columns="y")))


def end_of(path):
    """All that the end of a study says, but for times and places."""
    _, scores, winner, refits = read(path)
    rows = [tuple(row[n].tobytes() for n in row.dtype.names
                  if n not in ("time", "crc")) for row in winner]
    models = sorted(model_bytes(path, row) for row in refits)
    return scores, rows, models


@pytest.mark.parametrize("held", ["fraction", "file", "sharded"])
def test_scores_of_kept_models_are_those_of_xgboost(tool, held):
    table, test = make_table(1), make_table(2, 150)
    test.to_csv(tool.folder / "test.csv", index=False)
    more = ('<test fraction="0.2"/>' if held != "file"
            else '<test href="test.csv"/>')
    write(tool, table=table, held=SPLIT + more, end="<refit/>", keep="best:2")
    sharded = ["--set", "parallel/data=sharded", "--set",
               "parallel/ranks-per-trial=2"]
    tool.run("s.xml", *(sharded if held == "sharded" else []),
             ranks=3 if held == "sharded" else 1)
    trials, scores, winner, refits = read(tool.folder / "s.h5")
    with h5py.File(tool.folder / "s.h5", "r") as f:
        role = f["data/role"][:]
    if held != "file":
        assert (role == 2).sum() == 80 and (role == 1).sum() == 80
        assert abs(table.y[role == 2].mean() - table.y.mean()) < 0.01
        test = table[role == 2]
    order = np.argsort(-trials["value"], kind="stable")
    kept = set(int(i) for i in order[:2])
    assert {t for t, model, _ in scores if model == "trial"} == kept
    assert int(winner[-1]["trial"]) == order[0]
    for trial in kept:
        p = predict(model_bytes(tool.folder / "s.h5", trials[trial]), test)
        assert scores[trial, "trial", "roc_auc"] == pytest.approx(
            metrics.roc_auc_score(test.y, p), abs=1e-12)
        assert scores[trial, "trial", "accuracy"] == pytest.approx(
            metrics.accuracy_score(test.y, p > 0.5))
    p = predict(model_bytes(tool.folder / "s.h5", refits[-1]), test)
    assert scores[int(order[0]), "refit", "logloss"] == pytest.approx(
        metrics.log_loss(test.y, p.astype(float)), abs=1e-6)


def test_readers_show_the_test_and_the_winner(tool):
    write(tool, held=SPLIT + '<test fraction="0.2"/>', end="<winner/><refit/>")
    said = tool.run("s.xml").stdout
    assert "winner: trial" in said and "test.roc_auc" in said
    trials, scores, winner, _ = read(tool.folder / "s.h5")
    best = int(winner[-1]["trial"])
    row = json.loads(tool.run("list", "s.h5", "--where", "test.roc_auc > 0",
                              "--sort=-test.roc_auc", "--format", "json",
                              "--columns", "number,test").stdout)
    assert {r["number"] for r in row} == {t for t, _, _ in scores}
    assert "test.accuracy" in row[0]
    assert said.split("\nwinner: ")[1].split("file:")[0] in tool.run(
        "best", "s.h5").stdout
    assert "test\n" in tool.run("show", best, "s.h5").stdout
    tool.run("report", "s.h5", "-o", "s.html")
    page = (tool.folder / "s.html").read_text()
    told = json.loads(page.split('"winner":')[1].split("\n")[0].rstrip(","))
    assert told == "winner" + said.split("\nwinner")[1].split("file:")[0]
    for model in ("winner", "refit"):
        tool.run("export", "s.h5", "--model", model, "-o", f"{model}.ubj")
    assert (tool.folder / "winner.ubj").read_bytes() == model_bytes(
        tool.folder / "s.h5", trials[best])
    tool.run("predict", "s.h5", "t.csv", "--model", "refit", "-o", "p.csv")
    p = pandas.read_csv(tool.folder / "p.csv").probability
    assert np.allclose(p, predict((tool.folder / "refit.ubj").read_bytes(),
                                  make_table(1)), atol=1e-6)
    again = tool.run("s.xml").stdout
    assert again.split("\nwinner: ")[1] == said.split("\nwinner: ")[1]
    assert len(read(tool.folder / "s.h5")[2]) == 1


def test_the_search_never_sees_the_test_labels(tool):
    table, test = make_table(1), make_table(2, 100)
    found = []
    for name, y in (("a", test.y), ("b", 1 - test.y)):
        test.assign(y=y).to_csv(tool.folder / "test.csv", index=False)
        write(tool, table=table, held=SPLIT + '<test href="test.csv"/>')
        tool.run("s.xml", "--output", f"{name}.h5")
        found.append(read(tool.folder / f"{name}.h5"))
    assert digest(tool.folder / "a.h5", with_data=False) == digest(
        tool.folder / "b.h5", with_data=False)
    one, other = found[0][1], found[1][1]
    assert one.keys() == other.keys() and one
    for key in one:
        if key[2] == "roc_auc":
            assert one[key] == pytest.approx(1 - other[key])


def test_refit_is_the_model_of_all_other_rows(tool):
    """As a study that trains on them has it: the same rows and ids."""
    table = make_table(1)
    make_table(2, 60).to_csv(tool.folder / "test.csv", index=False)
    write(tool, table=table, held=SPLIT + '<test href="test.csv"/>',
          end="<refit/>")
    tool.run("s.xml")
    trials, _, winner, refits = read(tool.folder / "s.h5")
    row = trials[int(winner[-1]["trial"])]
    assert int(refits[-1]["rows"]) == len(table)
    point = "".join(
        f'<set name="{n[7:]}" value="{row[n]!r}"/>' for n in trials.dtype.names
        if n.startswith("params."))
    point = point.replace("np.float64(", "").replace("np.int64(", "").replace(
        ')"/>', '"/>')
    write(tool, "all.xml", table=table, trials=1,
          held='<validation href="test.csv"/>',
          end=f"<enqueue>{point}</enqueue>")
    tool.run("all.xml", "--output", "all.h5")
    with h5py.File(tool.folder / "s.h5", "r") as f, \
            h5py.File(tool.folder / "all.h5", "r") as g:
        mine = model_bytes(tool.folder / "s.h5", refits[-1])
        other = model_bytes(tool.folder / "all.h5", g["trials"][0])
        assert mine.replace(f["data/sha256"][()], b"") == other.replace(
            g["data/sha256"][()], b"")


def has_score(path):
    try:
        return bool(read(path)[1])
    except OSError:
        return False


@pytest.mark.parametrize("end", ["<winner/><refit/>",
                                 '<winner rule="one-se"/><refit/>'])
def test_the_same_on_any_ranks_and_after_a_kill(tool, end):
    held = '<folds count="3"/>' if "one-se" in end else SPLIT
    slow = end.replace("<winner/>", '<winner bootstrap="100000"/>')
    write(tool, held=held + '<test fraction="0.2"/>', end=end)
    want = None
    for ranks in (1, 2, 3, 5):
        tool.run("s.xml", "--output", f"{ranks}.h5", "--quiet", ranks=ranks)
        found = end_of(tool.folder / f"{ranks}.h5")
        want = want or found
        assert found == want, ranks
    if "one-se" in end:
        return
    write(tool, "slow.xml", held=held + '<test fraction="0.2"/>', end=slow,
          keep="best:2")
    run = tool.start("slow.xml", "--output", "k.h5", ranks=3)
    path = tool.folder / "k.h5"
    until = time.monotonic() + 120
    while not has_score(path):
        assert time.monotonic() < until and run.poll() is None
        time.sleep(0.01)
    tool.kill(run)
    assert not len(read(path)[2])
    tool.run("status", "k.h5", expect=75)
    tool.run("s.xml", "--output", "k.h5", "--quiet", ranks=2)
    assert end_of(path)[0] == want[0]
    assert end_of(path)[1][-1] == want[1][-1]
    assert set(end_of(path)[2]) == set(want[2])


def test_stopped_while_it_judges(tool):
    """A session that is stopped in the bootstrap; the next one judges."""
    held = SPLIT + '<test fraction="0.2"/>'
    table = make_table(1, 8000)
    write(tool, table=table, held=held, end="<winner/>", trials=4)
    write(tool, "slow.xml", table=table, held=held, trials=4,
          end='<winner bootstrap="100000"/>')
    tool.run("s.xml", "--output", "w.h5", "--quiet")
    path = tool.folder / "k.h5"
    for ranks in (1, 3):
        run = tool.start("slow.xml", "--output", "k.h5", "--quiet",
                         ranks=ranks)
        until = time.monotonic() + 120
        while not has_score(path):
            assert time.monotonic() < until and run.poll() is None
            time.sleep(0.01)
        tool.run("stop", "k.h5")
        said = end_of_run(run)
        assert run.returncode == 75, said
        assert "stopped by hpotune stop" in said
        assert not len(read(path)[2])
        tool.run("status", "k.h5", expect=75)
        tool.run("s.xml", "--output", "k.h5", "--quiet")
        assert end_of(path)[:2] == end_of(tool.folder / "w.h5")[:2]
        path.unlink()


def test_the_refit_is_not_taken_for_the_winner(tool):
    write(tool, trials=3, keep="none", end="<winner/><refit/>")
    tool.run("s.xml", "--quiet")
    tool.run("export", "s.h5", "--model", "refit", "-o", "r.ubj")
    said = tool.run("export", "s.h5", "--model", "winner", "-o", "w.ubj",
                    expect=2).stderr
    assert "the winner, has no stored model of its own" in said
    # with folds the winner's own model is trained on all rows anyway
    write(tool, "t.xml", trials=3, keep="none", end="<winner/><refit/>",
          held='<folds count="2"/>')
    tool.run("t.xml", "--quiet", "--output", "t.h5")
    (own,) = read(tool.folder / "t.h5")[3]
    for model in ("winner", "refit"):
        tool.run("export", "t.h5", "--model", model, "-o", "m.ubj")
        assert (tool.folder / "m.ubj").read_bytes() == model_bytes(
            tool.folder / "t.h5", own)


def fold_values(path):
    """{trial: values in the folds} of complete trials, from the curves."""
    with h5py.File(path, "r") as f:
        trials, curves = f["trials"][:], f["curves"][:]
    complete = h5py.check_enum_dtype(trials.dtype["state"])["complete"]
    out = {}
    for i, row in enumerate(trials):
        if row["state"] != complete:
            continue
        at = int(row["curve_offset"])
        curve = curves[at:at + int(row["curve_length"])]
        last = curve[curve["step"] == row["steps"]]
        out[i] = last["value"][np.argsort(last["fold"])][1:]
    return trials, out


@pytest.mark.parametrize("simpler", ["model_bytes", "-learning_rate"])
def test_one_standard_error_and_its_correction(tool, simpler):
    write(tool, held='<folds count="4"/>', trials=30, metric="logloss",
          end=f'<winner rule="one-se" simpler="{simpler}"/>')
    tool.run("s.xml")
    trials, folds = fold_values(tool.folder / "s.h5")
    (won,) = read(tool.folder / "s.h5")[2]
    best = min(folds, key=lambda i: (trials["value"][i], i))
    error = np.std(folds[best], ddof=1) / 2
    near = [i for i in folds if trials["value"][i]
            <= trials["value"][best] + error]
    measure = (trials["metrics.model_bytes"] if simpler == "model_bytes"
               else -trials["params.learning_rate"])
    simplest = min(near, key=lambda i: (measure[i], trials["value"][i], i))
    assert 1 < len(near) < len(folds)
    assert (won["best"], won["trial"]) == (best, simplest)
    assert won["candidates"] == len(near)
    assert won["standard_error"] == pytest.approx(error)
    bias = np.mean(folds[best] - np.min(list(folds.values()), axis=0))
    assert bias > 0
    value = trials["value"][simplest]
    assert won["corrected"] == pytest.approx(value + bias)
    half = 3.182 * np.std(folds[simplest], ddof=1) / 2
    assert won["high"] - won["low"] == pytest.approx(2 * half)


def auc(y, p):
    rank = stats.rankdata(p)[y == 1]
    return (rank.mean() - (len(rank) + 1) / 2) / (len(y) - len(rank))


def test_bootstrap_agrees_with_another_one(tool):
    """The same algorithm with other random numbers, over all models."""
    table = make_table(3, 240)
    write(tool, table=table, trials=8, keep="all",
          end='<winner bootstrap="1000"/>')
    tool.run("s.xml")
    trials, _, (won,), _ = read(tool.folder / "s.h5")
    with h5py.File(tool.folder / "s.h5", "r") as f:
        rows = table[f["data/role"][:] == 1]
    y = rows.y.to_numpy()
    p = np.array([predict(model_bytes(tool.folder / "s.h5", t), rows)
                  for t in trials])
    dice, got = np.random.default_rng(1), []
    for _ in range(1000):
        drawn = dice.integers(0, len(y), len(y))
        out = np.setdiff1d(np.arange(len(y)), drawn)
        best = np.argmax([auc(y[drawn], q[drawn]) for q in p])
        got.append(auc(y[out], p[best][out]))
    assert won["models"] == 8 and won["samples"] == 1000
    error = np.std(got) / np.sqrt(1000)
    assert won["corrected"] == pytest.approx(np.mean(got), abs=6 * error)
    assert won["corrected"] < won["value"]
    low, high = np.percentile(got, [2.5, 97.5])
    assert won["low"] == pytest.approx(low, abs=20 * error)
    assert won["high"] == pytest.approx(high, abs=20 * error)


def test_a_winner_that_was_not_kept_is_trained_again(tool):
    """Its test scores are those of its model as a study has it that keeps
    all.  What is simpler may change without another study."""
    held = '<folds count="3"/><test fraction="0.25"/>'
    for name in ("n_estimators", "learning_rate", "max_depth", "subsample"):
        for simpler in (name, f"-{name}"):
            end = f'<winner rule="one-se" simpler="{simpler}"/>'
            write(tool, held=held, end=end, trials=16, keep="best:1")
            tool.run("s.xml", "--quiet")
            trials, scores, winner, _ = read(tool.folder / "s.h5")
            t = int(winner[-1]["trial"])
            if trials[t]["model_offset"] < 0:
                break
        else:
            continue
        break
    assert trials[t]["model_offset"] < 0 and t != winner[-1]["best"]
    tool.run("s.xml", "--output", "all.h5", "--set", "output/models=all")
    _, more, (same,), _ = read(tool.folder / "all.h5")
    assert t == same["trial"]
    assert scores[t, "trial", "logloss"] == more[t, "trial", "logloss"]


def test_linear_models_and_several_kinds(tool):
    model = """<model kind="logistic"><float name="C" low="0.01" high="10"
    log="yes"/></model><model kind="baseline"/>"""
    write(tool, model=model, held=SPLIT + '<test fraction="0.2"/>',
          end="<winner/><refit/>", keep="all")
    tool.run("s.xml", ranks=3)
    _, scores, (won,), refits = read(tool.folder / "s.h5")
    assert (int(won["trial"]), "refit", "roc_auc") in scores
    assert refits[-1]["rows"] == 320
    tool.run("predict", "s.h5", "t.csv", "--model", "refit", "-o", "p.csv")


@pytest.mark.parametrize("kind", ["gbt", "logistic", "mlp", "baseline"])
def test_two_classes_of_a_multiclass_task(tool, kind):
    """Each of both has a probability, in every model and every reader."""
    model = f'<model kind="{kind}"/>' if kind != "mlp" else (
        '<model kind="mlp"><fixed name="max_iter" value="8"/></model>')
    write(tool, model=model, task="multiclass", metric="logloss", trials=1,
          held=SPLIT + '<test fraction="0.2"/>',
          end="<winner/><refit/>", keep="all")
    tool.run("s.xml")
    table, (_, scores, _, _) = make_table(1), read(tool.folder / "s.h5")
    with h5py.File(tool.folder / "s.h5", "r") as f:
        test = f["data/role"][:] == 2
    for words, name in ((), "trial"), (("--model", "refit"), "refit"):
        tool.run("predict", "s.h5", "t.csv", *words, "-o", "p.csv")
        p = pandas.read_csv(tool.folder / "p.csv")
        assert list(p) == ["class", "probability_0", "probability_1"]
        both = p[["probability_0", "probability_1"]].to_numpy()
        assert np.allclose(both.sum(axis=1), 1)
        assert scores[0, name, "logloss"] == pytest.approx(
            metrics.log_loss(table.y[test], both[test]), rel=1e-5)
        assert scores[0, name, "accuracy"] == pytest.approx(
            (p["class"] == table.y)[test].mean())
    if kind == "gbt":
        tool.run("export", "s.h5", "--model", "refit", "-o", "m.ubj")
        xgb = predict((tool.folder / "m.ubj").read_bytes(), table)
        assert np.allclose(xgb, both, atol=1e-6)


def test_faults(tool):
    for held, end, said in (
            (SPLIT, '<winner rule="one-se"/>', "standard error over folds"),
            ('<folds count="3"/>', '<winner rule="one-se" simpler="depth"/>',
             "simpler can't be \"depth\""),
            (SPLIT, '<winner simpler="max_depth"/>', "goes with rule"),
            (SPLIT, '<winner bootstrap="1000000"/>', "0 to 100000"),
            (SPLIT + '<test fraction="1.5"/>', "", "above 0, below 1"),
            (SPLIT + "<test/>", "", "either fraction= or href="),
            ('<folds order="time"/><test fraction="0.1"/>', "",
             "no honest test")):
        write(tool, held=held, end=end)
        assert said in tool.run("check", "s.xml", expect=2).stderr
    write(tool, held=SPLIT + '<test href="no.csv"/>')
    assert "no.csv" in tool.run("check", "s.xml", expect=3).stderr
    write(tool, held=SPLIT + '<test fraction="0.2"/>', keep="none")
    assert "keeps none" in tool.run("check", "s.xml", expect=2).stderr
    write(tool)
    tool.run("s.xml")
    said = tool.run("export", "s.h5", "--model", "refit", "-o", "m",
                    expect=2).stderr
    assert "has no winner" in said
