# SPDX-License-Identifier: BSD-3-Clause
"""Boosting rounds that halving and hyperband spend to be as good as training
every trial to its end.

    asha_rounds.py --program ./hpotune [--seeds 3] [--rows 2000]

Data: Friedman's function with noise (hpotune generate).  200 random
configurations of gbt with 300 rounds each are trained whole; then the same
sequence of configurations with a pruner, until a trial is complete with a
value as good as the best of the 200.  Shares of the 60,000 rounds.
"""
import argparse
import pathlib
import statistics
import subprocess
import tempfile

import h5py

STUDY = """<study name="rounds" seed="{seed}">
  <data task="regression" label="target"><train href="{data}"/>
    <validation fraction="0.3"/></data>
  <model kind="gbt" objective="reg:squarederror">
    <fixed name="n_estimators" value="300"/>
    <int name="max_depth" low="2" high="10"/>
    <float name="learning_rate" low="0.01" high="0.5" log="yes"/>
    <float name="subsample" low="0.4" high="1"/>
    <float name="colsample_bytree" low="0.3" high="1"/>
    <float name="min_child_weight" low="1" high="50" log="yes"/>
    <float name="reg_lambda" low="0.01" high="100" log="yes"/>
  </model>
  <objective metric="rmse"/>
  <sampler name="random"/>
  <pruner name="{pruner}" {options}/>
  <budget trials="{trials}" {target}/>
  <output file="{out}" models="none"/>
</study>
"""
PRUNERS = {"halving": 'min-resource="25" reduction-factor="3"',
           "hyperband": 'min-resource="10" reduction-factor="3"',
           "median": ""}


def run(program, folder, **words):
    """Rounds spent, the best value, trials, of a study."""
    out = folder / f"{words['pruner']}-{words['seed']}.h5"
    study = folder / "study.xml"
    study.write_text(STUDY.format(out=out, **words))
    subprocess.run([program, "run", study, "--quiet"], check=True,
                   stdout=subprocess.DEVNULL)
    with h5py.File(out, "r") as f:
        t = f["trials"][:]
        complete = h5py.check_enum_dtype(t.dtype["state"])["complete"]
        return (int(t["steps"].sum()),
                t["value"][t["state"] == complete].min(), len(t))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--program", default="./hpotune")
    p.add_argument("--seeds", type=int, default=3)
    p.add_argument("--rows", type=int, default=2000)
    a = p.parse_args()
    share = {k: [] for k in PRUNERS}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for seed in range(a.seeds):
            data = folder / f"{seed}.csv"
            subprocess.run([a.program, "generate", "friedman", "--rows",
                            str(a.rows), "--seed", str(seed), "-o", data],
                           check=True)
            whole, best, _ = run(a.program, folder, seed=seed, data=data,
                                 pruner="none", options="", trials=200,
                                 target="")
            print(f"seed {seed}: 200 whole trials, {whole} rounds, rmse "
                  f"{best:.6g}")
            for pruner, options in PRUNERS.items():
                spent, value, n = run(
                    a.program, folder, seed=seed, data=data, pruner=pruner,
                    options=options, trials=400, target=f'target="{best!r}"')
                share[pruner].append(spent / whole)
                print(f"  {pruner}: {n} trials, {spent} rounds "
                      f"({100 * spent / whole:.1f} %), rmse {value:.6g}",
                      flush=True)
    for pruner, s in share.items():
        print(f"{pruner}: median {100 * statistics.median(s):.1f} %")


if __name__ == "__main__":
    main()
