#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Whole studies beside Optuna's TPE with XGBoost hist in two processes.

    study_vs_optuna.py CASE --program ./hpotune [--seeds 0,1,2]
        [--rows 100000] [--trials 50] [--ranks 3] [--wine FOLDER]
        [--pruner '<pruner name="median" warmup-steps="20"/>']

CASE   higgs   higgs-like data, 28 columns
       wine    wine quality, binary (winequality-*.csv in FOLDER)

The same number of trials in quickstart's space, without pruning unless ours
gets a --pruner.  Both get the same rows: the split is read from our study
file.  Ours is the whole command, mpirun and reading the CSV included.  Theirs
is counted from the first trial to the end of the last: imports, reading and
DMatrix are left out; its processes share a journal, one thread each.

"reached": when our best trial so far was as good as the best of theirs, and
how many times as fast that is as all of theirs; "-": in more trials only.
CPU seconds are of all processes; on a busy machine their ratio says more.
Medians over the seeds.
"""
import argparse
import multiprocessing
import os
import pathlib
import resource
import statistics
import subprocess
import tempfile
import time
import warnings

os.environ["OMP_NUM_THREADS"] = "1"
for name, value in (("OMPI_ALLOW_RUN_AS_ROOT", "1"),
                    ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
                    ("OMPI_MCA_rmaps_base_oversubscribe", "1")):
    os.environ.setdefault(name, value)

import h5py  # noqa: E402
import numpy as np  # noqa: E402
import optuna  # noqa: E402
import pandas  # noqa: E402
import xgboost  # noqa: E402
from sklearn.metrics import roc_auc_score  # noqa: E402

warnings.filterwarnings("ignore",
                        category=optuna.exceptions.ExperimentalWarning)
PROCESSES = 2
STUDY = """<study name="study-vs-optuna" seed="{seed}">
  <data task="binary" label="{label}"{more}>{files}
    <validation fraction="0.2" stratify="yes"/></data>
  <model kind="gbt" objective="binary:logistic">
    <int   name="n_estimators"     low="50"   high="300"/>
    <int   name="max_depth"        low="3"    high="15"/>
    <float name="learning_rate"    low="0.01" high="0.3" log="yes"/>
    <float name="subsample"        low="0.5"  high="1.0"/>
    <float name="colsample_bytree" low="0.5"  high="1.0"/>
  </model>
  <objective metric="roc_auc" direction="maximize"/>
  <report metrics="accuracy precision recall f1 logloss"/>
  <sampler name="tpe"/>
  {pruner}
  <budget trials="{trials}"/>
  <output file="s.h5" models="best:5"/>
</study>
"""


def cpu():
    u = resource.getrusage(resource.RUSAGE_CHILDREN)
    return u.ru_utime + u.ru_stime


def ours(given, data, seed):
    """Wall and CPU seconds, (seconds, AUC) of complete trials by their ends,
    share of the ranks' time that trials take, the rows' roles."""
    pathlib.Path("s.xml").write_text(STUDY.format(
        seed=seed, trials=given.trials, pruner=given.pruner, **data))
    began, clock, before = time.monotonic(), time.time_ns(), cpu()
    subprocess.run(["mpirun", "-np", str(given.ranks), given.program,
                    "s.xml", "--overwrite", "--quiet"], check=True,
                   stdout=subprocess.DEVNULL)
    wall, used = time.monotonic() - began, cpu() - before
    with h5py.File("s.h5", "r") as f:
        rows = f["trials"][:]
        names = h5py.check_enum_dtype(rows.dtype["state"])
        done = rows[rows["state"] == names["complete"]]
        ends = sorted(((t["end"] - clock) / 1e9, t["value"]) for t in done)
        busy = rows["wall"].sum() / wall / (given.ranks - 1)
        return wall, used, ends, busy, f["data/role"][:]


def search(x, y, role, seed, left, barrier):
    """One of the processes of Optuna's."""
    train = xgboost.DMatrix(x[role == 0], y[role == 0], nthread=1)
    valid = xgboost.DMatrix(x[role == 1], y[role == 1], nthread=1)

    def objective(trial):
        parameters = {
            "max_depth": trial.suggest_int("max_depth", 3, 15),
            "eta": trial.suggest_float("learning_rate", 0.01, 0.3, log=True),
            "subsample": trial.suggest_float("subsample", 0.5, 1),
            "colsample_bytree": trial.suggest_float("colsample_bytree", 0.5,
                                                    1),
            "objective": "binary:logistic", "tree_method": "hist",
            "nthread": 1, "seed": seed}
        rounds = trial.suggest_int("n_estimators", 50, 300)
        model = xgboost.train(parameters, train, rounds)
        return roc_auc_score(y[role == 1], model.predict(valid))

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.load_study(
        study_name="s", storage=storage(),
        sampler=optuna.samplers.TPESampler(seed=seed * PROCESSES + left[1]))
    barrier.wait()
    while True:
        with left[0].get_lock():
            if left[0].value == 0:
                return
            left[0].value -= 1
        study.optimize(objective, n_trials=1)


def storage():
    return optuna.storages.JournalStorage(
        optuna.storages.JournalFileStorage("optuna.log"))


def theirs(x, y, role, seed, trials):
    """Wall and CPU seconds, best AUC."""
    pathlib.Path("optuna.log").unlink(missing_ok=True)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(study_name="s", storage=storage(),
                                direction="maximize")
    left = multiprocessing.Value("i", trials)
    barrier = multiprocessing.Barrier(PROCESSES + 1)
    before = cpu()
    workers = [multiprocessing.Process(
        target=search, args=(x, y, role, seed, (left, i), barrier))
        for i in range(PROCESSES)]
    for w in workers:
        w.start()
    barrier.wait()
    began = time.monotonic()
    for w in workers:
        w.join()
        assert w.exitcode == 0
    return time.monotonic() - began, cpu() - before, study.best_value


def higgs(given):
    subprocess.run([given.program, "generate", "higgs-like", "--rows",
                    str(given.rows), "-o", "h.csv"], check=True,
                   stdout=subprocess.DEVNULL)
    t = pandas.read_csv("h.csv")
    label = t.columns[-1]
    return ({"label": label, "more": "", "files": '<train href="h.csv"/>'},
            t.drop(columns=label).to_numpy(np.float32),
            t[label].to_numpy(float))


def wine(given):
    tables, files = [], ""
    for color in "red", "white":
        name = given.wine / f"winequality-{color}.csv"
        one = pandas.read_csv(name, header=None)
        if not pandas.api.types.is_number(one.iloc[0, 0]):
            one = pandas.read_csv(name, sep=None, engine="python")
        tables.append(one.set_axis(range(12), axis=1))
        files += f'<train href="{name}"/>'
    t = pandas.concat(tables)
    names = " ".join([f"f{i}" for i in range(11)] + ["quality"])
    return ({"label": "quality", "files": files,
             "more": f' positive="&gt;=7" names="{names}"'},
            t.iloc[:, :11].to_numpy(np.float32),
            (t.iloc[:, 11] >= 7).to_numpy(float))


def compare(given, data, x, y):
    print("      hpotune                            Optuna"
          "                    ratios")
    print("seed  wall s  cpu s     AUC  busy        wall s  cpu s     AUC"
          "    wall    cpu  reached")
    ratios = []
    for seed in given.seeds:
        wall, used, ends, busy, role = ours(given, data, seed)
        t, c, other = theirs(x, y, role, seed, given.trials)
        best = max(auc for _, auc in ends)
        when = min((end for end, auc in ends if auc >= other), default=np.inf)
        ratios.append((t / wall, c / used, t / when))
        reached = f"{t / when:6.1f}x" if when < np.inf else "      -"
        print(f"{seed:4}  {wall:6.1f} {used:6.1f}  {best:.5f}  {busy:4.0%}"
              f"        {t:6.1f} {c:6.1f}  {other:.5f}  {t / wall:5.1f}x "
              f"{c / used:5.1f}x {reached}", flush=True)
    a, b, c = (statistics.median(r) for r in zip(*ratios))
    print(f"median ratios: wall {a:.1f}x, cpu {b:.1f}x, reached {c:.1f}x")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", choices=("higgs", "wine"))
    parser.add_argument("--program", default="build/hpotune")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--rows", type=int, default=100000)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--ranks", type=int, default=3)
    parser.add_argument("--wine", type=pathlib.Path, default=".")
    parser.add_argument("--pruner", default="")
    given = parser.parse_args()
    given.program = os.path.abspath(given.program)
    given.wine = pathlib.Path(given.wine).absolute()
    given.seeds = [int(s) for s in given.seeds.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        data, x, y = wine(given) if given.case == "wine" else higgs(given)
        print(f"{given.case}: {len(y)} rows x {x.shape[1]}, {given.trials} "
              f"trials; hpotune on {given.ranks} ranks, Optuna in "
              f"{PROCESSES} processes")
        compare(given, data, x, y)


if __name__ == "__main__":
    main()
