#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Tuning gbt on real data: our tpe beside Optuna's on the same trainer.

usage: tests/bench/real_tuning.py [--program build/hpotune] [--seeds 10]
       [--trials 50] [--only wine|higgs] [--data ../shared/data]
       [--set PATH=VALUE]...

The space is that of inputs/quickstart.xml.  For each seed there is a split,
which both search on.  Optuna asks for a point, a study of one enqueued trial
with the same seed trains it (a model follows from data, seed and parameters
alone), and its validation ROC AUC is told.  Prints both bests of each seed,
then their means with standard errors, and the mean of the paired differences
with its own.  --set changes our study only.
"""
import argparse
import pathlib
import subprocess
import tempfile

import h5py
import numpy as np
import optuna

STUDY = """<study name="{name}" seed="{seed}">
  {data}
  <model kind="gbt" objective="binary:logistic">
    <int   name="n_estimators"     low="50"   high="300"/>
    <int   name="max_depth"        low="3"    high="15"/>
    <float name="learning_rate"    low="0.01" high="0.3" log="yes"/>
    <float name="subsample"        low="0.5"  high="1.0"/>
    <float name="colsample_bytree" low="0.5"  high="1.0"/>
  </model>
  <objective metric="roc_auc" direction="maximize"/>
  {enqueue}<budget trials="{trials}"/>
  <output file="{out}" models="none"/>
</study>
"""
DATA = {
    "wine": """<data task="binary" label="11" positive="&gt;=7">
    <train href="{folder}/winequality-white.csv"/>
    <train href="{folder}/winequality-red.csv"/>
    <validation fraction="0.5" stratify="yes"/></data>""",
    "higgs": """<data task="binary" label="0">
    <train href="{folder}/higgs7k.train.tsv" header="no"/>
    <validation fraction="0.6" stratify="yes"/></data>"""}


class Trainer:
    """Runs studies of one data set and seed."""

    def __init__(self, program, name, folder, seed, scratch):
        self.program, self.name, self.seed = program, name, seed
        self.data = DATA[name].format(folder=folder)
        self.scratch = pathlib.Path(scratch)

    def run(self, trials, enqueue="", words=()):
        """The values of a study's complete trials."""
        study, out = self.scratch / "s.xml", self.scratch / "s.h5"
        study.write_text(STUDY.format(
            name=self.name, seed=self.seed, data=self.data, out=out,
            enqueue=enqueue, trials=trials))
        subprocess.run([self.program, "run", study, "--quiet", "--overwrite",
                        *words], check=True, stdout=subprocess.DEVNULL)
        with h5py.File(out, "r") as f:
            rows = f["trials"][:]
            names = h5py.check_enum_dtype(rows.dtype["state"])
            return rows["value"][rows["state"] == names["complete"]]

    def value_at(self, trial):
        """What Optuna is told."""
        point = {
            "n_estimators": trial.suggest_int("n_estimators", 50, 300),
            "max_depth": trial.suggest_int("max_depth", 3, 15),
            "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.3,
                                                 log=True),
            "subsample": trial.suggest_float("subsample", 0.5, 1),
            "colsample_bytree": trial.suggest_float("colsample_bytree", 0.5,
                                                    1)}
        sets = "".join(f'<set name="{k}" value="{v!r}"/>'
                       for k, v in point.items())
        return float(self.run(1, f"<enqueue>{sets}</enqueue>\n  ")[0])


def theirs(trainer, seed, trials):
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize",
                                sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(trainer.value_at, n_trials=trials)
    return study.best_value


def error(x):
    return np.std(x, ddof=1) / np.sqrt(len(x)) if len(x) > 1 else np.nan


def compare(given, name):
    words = [w for s in given.set for w in ("--set", s)]
    found = []
    print(f"{name}, {given.trials} trials\nseed  hpotune   optuna")
    for seed in range(given.seeds):
        with tempfile.TemporaryDirectory() as scratch:
            trainer = Trainer(given.program, name, given.data, seed, scratch)
            ours = trainer.run(given.trials, words=words).max()
            other = theirs(trainer, seed, given.trials)
        found.append((ours, other))
        print(f"{seed:4}  {ours:.6f}  {other:.6f}", flush=True)
    a, b = np.array(found).T
    print(f"mean  {a.mean():.6f}  {b.mean():.6f}\n"
          f"error {error(a):.6f}  {error(b):.6f}\n"
          f"difference {np.mean(a - b):+.6f}, standard error "
          f"{error(a - b):.6f}; hpotune is better on {np.sum(a > b)} of "
          f"{len(a)}", flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--program", default="build/hpotune")
    options.add_argument("--data", default="../shared/data")
    options.add_argument("--seeds", type=int, default=10)
    options.add_argument("--trials", type=int, default=50)
    options.add_argument("--only", choices=sorted(DATA))
    options.add_argument("--set", action="append", default=[])
    given = options.parse_args()
    given.program = pathlib.Path(given.program).resolve()
    given.data = pathlib.Path(given.data).resolve()
    for name in [given.only] if given.only else DATA:
        compare(given, name)


if __name__ == "__main__":
    main()
