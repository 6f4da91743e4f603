# SPDX-License-Identifier: BSD-3-Clause
"""Boosting rounds that halving and hyperband spend to be as good as training
every configuration to its end.

    asha_rounds.py --program ./hpotune [--seeds 10] [--first 0]
                   [--only wine|higgs] [--data ../../shared/data]
                   [--samplers tpe random] [--set PATH=VALUE]...

200 random configurations of gbt are trained whole, up to 300 rounds each with
early stopping.  Then a study with a pruner and its defaults runs until it has
a complete trial that is as good as the best of the 200: its ROC AUC is less
than a tenth of a standard error below it (Hanley and McNeil, Radiology 143,
1982; what another draw of validation rows changes is ten times that).  With
the sampler random it meets the same configurations in the same order, then
more; tpe is the default.  Shares of the rounds that the 200 took, with their
quartiles; inf: not reached in 1,000 trials.  Another seed is another split.
"""
import argparse
import math
import pathlib
import subprocess
import tempfile

import h5py
import numpy as np

STUDY = """<study name="rounds" seed="{seed}">
  {data}
  <model kind="gbt" objective="binary:logistic">
    <fixed name="n_estimators" value="300"/>
    <fixed name="early_stopping_rounds" value="50"/>
    <int name="max_depth" low="2" high="10"/>
    <float name="learning_rate" low="0.01" high="0.5" log="yes"/>
    <float name="subsample" low="0.4" high="1"/>
    <float name="colsample_bytree" low="0.3" high="1"/>
    <float name="min_child_weight" low="1" high="50" log="yes"/>
    <float name="reg_lambda" low="0.01" high="100" log="yes"/>
  </model>
  <objective metric="roc_auc"/>
  <sampler name="{sampler}"/>
  <pruner name="{pruner}"/>
  <budget trials="{trials}" {target}/>
  <output file="{out}" models="none"/>
</study>
"""
DATA = {  # the study's words; file, column and test of the positive rows; share
    "wine": ("""<data task="binary" label="11" positive="&gt;=7">
    <train href="{folder}/winequality-white.csv"/>
    <validation fraction="0.3" stratify="yes"/></data>""",
             "winequality-white.csv", ",", 11, 7, 0.3),
    "higgs": ("""<data task="binary" label="0">
    <train href="{folder}/higgs7k.train.tsv" header="no"/>
    <validation fraction="0.5" stratify="yes"/></data>""",
              "higgs7k.train.tsv", "\t", 0, 1, 0.5)}


def run(given, folder, words=(), **holes):
    """Rounds spent, the best value of a complete trial, trials, of a study."""
    out, study = folder / "s.h5", folder / "study.xml"
    study.write_text(STUDY.format(out=out, **holes))
    subprocess.run([given.program, "run", study, "--quiet", "--overwrite",
                    *words], check=True, stdout=subprocess.DEVNULL)
    with h5py.File(out, "r") as f:
        t = f["trials"][:]
        names = h5py.check_enum_dtype(t.dtype["state"])
        complete = t["value"][t["state"] == names["complete"]]
        return int(t["steps"].sum()), complete.max(), len(t)


def error(auc, positive, negative):
    """The standard error of an area under the curve."""
    one, two = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    return math.sqrt((auc * (1 - auc) + (positive - 1) * (one - auc**2)
                      + (negative - 1) * (two - auc**2))
                     / (positive * negative))


def compare(given, name):
    words, file, comma, column, least, share = DATA[name]
    label = np.loadtxt(given.data / file, delimiter=comma, usecols=column)
    positive = share * np.sum(label >= least)
    negative = share * len(label) - positive
    data = words.format(folder=given.data)
    found = {(s, p): [] for s in given.samplers
             for p in ("halving", "hyperband")}
    sets = [w for s in given.set for w in ("--set", s)]
    for seed in range(given.first, given.first + given.seeds):
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch)
            holes = {"seed": seed, "data": data}
            whole, best, _ = run(given, folder, sampler="random", trials=200,
                                 pruner="none", target="", **holes)
            target = best - 0.1 * error(best, positive, negative)
            print(f"{name}, seed {seed}: 200 whole trials, {whole} rounds, "
                  f"roc_auc {best:.5f}; target {target:.5f}")
            for sampler, pruner in found:
                spent, value, n = run(
                    given, folder, sets, sampler=sampler, pruner=pruner,
                    trials=1000, target=f'target="{target!r}"', **holes)
                percent = 100 * spent / whole if value >= target else math.inf
                found[sampler, pruner].append(percent)
                print(f"  {sampler} {pruner}: {n} trials, {spent} rounds "
                      f"({percent:.1f} %), roc_auc {value:.5f}", flush=True)
    for (sampler, pruner), s in found.items():
        low, middle, high = np.percentile(s, [25, 50, 75], method="nearest")
        print(f"{name}, {pruner}, sampler {sampler}: median {middle:.1f} % "
              f"({low:.1f} to {high:.1f}; {min(s):.1f} to {max(s):.1f} in "
              f"all) of {len(s)} seeds", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--program", default="./hpotune")
    p.add_argument("--data", default="../../shared/data")
    p.add_argument("--seeds", type=int, default=10)
    p.add_argument("--first", type=int, default=0)
    p.add_argument("--only", choices=sorted(DATA))
    p.add_argument("--samplers", nargs="+", default=["tpe", "random"])
    p.add_argument("--set", action="append", default=[])
    given = p.parse_args()
    given.program = pathlib.Path(given.program).resolve()
    given.data = pathlib.Path(given.data).resolve()
    for name in [given.only] if given.only else DATA:
        compare(given, name)


if __name__ == "__main__":
    main()
