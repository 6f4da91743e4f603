#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The quickstart study against Optuna's TPE with XGBoost: same space, same
50 trials, same rows (the split is read from hpotune's study file), over
several seeds. Prints each seed's best validation ROC AUC and wall seconds.

usage: tests/bench/quickstart_vs_optuna.py [--program build/hpotune]
       [--seeds 5] [--study inputs/quickstart.xml] [--trials 50]
       [--set PATH=VALUE]...
"""
import argparse
import os
import subprocess
import tempfile
import time

import h5py
import numpy as np
import optuna
import pandas
import xgboost


def ours(program, study, seed, trials, changes):
    """Best value, seconds, and the rows of the split."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "s.h5")
        began = time.monotonic()
        subprocess.run([program, study, "--seed", str(seed), "--trials",
                        str(trials), "--quiet", "--output", out, *changes],
                       check=True, stdout=subprocess.DEVNULL)
        seconds = time.monotonic() - began
        with h5py.File(out, "r", swmr=True) as f:
            rows = f["trials"][:]
            names = h5py.check_enum_dtype(rows.dtype["state"])
            done = rows["state"] == names["complete"]
            return rows["value"][done].max(), seconds, f["data/role"][:]


def theirs(x, y, role, seed, trials):
    """The same search by Optuna 3 and XGBoost, one thread."""
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
            "eval_metric": "auc", "nthread": 1, "seed": seed}
        rounds = trial.suggest_int("n_estimators", 50, 300)
        log = {}
        xgboost.train(parameters, train, rounds, evals=[(valid, "v")],
                      evals_result=log, verbose_eval=False)
        return log["v"]["auc"][-1]

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize",
                                sampler=optuna.samplers.TPESampler(seed=seed))
    began = time.monotonic()
    study.optimize(objective, n_trials=trials)
    return study.best_value, time.monotonic() - began


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--program", default="build/hpotune")
    options.add_argument("--study", default="inputs/quickstart.xml")
    options.add_argument("--csv", default="inputs/breast_cancer.csv")
    options.add_argument("--label", default="diagnosis")
    options.add_argument("--positive", default="malignant")
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--trials", type=int, default=50)
    options.add_argument("--set", action="append", default=[])
    given = options.parse_args()
    changes = [word for s in given.set for word in ("--set", s)]
    table = pandas.read_csv(given.csv)
    y = (table[given.label] == given.positive).to_numpy(float)
    x = table.drop(columns=given.label).to_numpy(np.float32)
    found = []
    print("seed  hpotune  optuna   seconds: hpotune  optuna")
    for seed in range(given.seeds):
        a, a_time, role = ours(given.program, given.study, seed,
                               given.trials, changes)
        b, b_time = theirs(x, y, role, seed, given.trials)
        found.append((a, b, a_time, b_time))
        print(f"{seed:4}  {a:.5f}  {b:.5f}  {a_time:17.2f} {b_time:7.2f}",
              flush=True)
    mean = np.mean(found, axis=0)
    print(f"mean  {mean[0]:.5f}  {mean[1]:.5f}  {mean[2]:17.2f} "
          f"{mean[3]:7.2f}")


if __name__ == "__main__":
    main()
