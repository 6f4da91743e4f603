# SPDX-License-Identifier: BSD-3-Clause
"""Compares our tpe with Debian's Optuna on functions of known structure.

    sampler_quality.py BENCH_SAMPLER [SEEDS] [option=value ...]

BENCH_SAMPLER is the program built from bench_sampler.c; options go to our
tpe.  For each function: the mean best value after 30, 60 and 100 trials, and
how often we are better than Optuna's multivariate sampler at the end.
"""
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
TRIALS = 100


def branin(t):
    x, y = t.suggest_float("x0", -5, 10), t.suggest_float("x1", 0, 15)
    z = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return z * z + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def hartmann6(t):
    x = np.array([t.suggest_float(f"x{i}", 0, 1) for i in range(6)])
    c = np.array([1, 1.2, 3, 3.2])
    a = np.array([[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14],
                  [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]])
    p = np.array([[0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
                  [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
                  [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
                  [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381]])
    return -float(c @ np.exp(-(a * (x - p) ** 2).sum(1)))


def boosting(t):
    n = t.suggest_int("x0", 50, 300)
    depth = t.suggest_int("x1", 3, 15) - 7
    rate = t.suggest_float("x2", 0.01, 0.3, log=True)
    rows = t.suggest_float("x3", 0.5, 1) - 0.8
    columns = t.suggest_float("x4", 0.5, 1) - 0.65
    budget = math.log(n * rate) - math.log(15)
    return (0.3 + 0.02 * budget**2 + 0.0015 * depth**2
            + 0.006 * depth * budget / 4 + 0.08 * rows**2
            + 0.05 * columns**2 + 0.01 * math.log(rate / 0.01) / 3.4)


def mixed(t):
    model = t.suggest_categorical("x0", ["a", "b", "c"])
    if model == "a":
        a = math.log10(t.suggest_float("x1", 1e-4, 1, log=True)) + 2
        b = t.suggest_int("x2", 3, 15) - 7
        return 0.1 + a * a * 0.2 + b * b * 0.01
    if model == "b":
        c = math.log10(t.suggest_float("x3", 1e-4, 1e4, log=True)) - 1
        penalty = t.suggest_categorical("x4", ["a", "b", "c"])
        r = t.suggest_float("x5", 0, 1) - 0.3 if penalty == "c" else 0.5
        return 0.08 + c * c * 0.05 + r * r + (0.3 if penalty == "a" else 0)
    d = t.suggest_float("x6", 0, 1) - 0.5
    return 0.3 + d * d + (t.suggest_int("x7", 1, 100, log=True) - 3) ** 2 / 100


def sphere(t):
    return float(sum((t.suggest_int(f"x{i}", -3, 6) - i) ** 2
                     for i in range(4)))


PROBLEMS = {f.__name__: f
            for f in (branin, hartmann6, boosting, mixed, sphere)}


def optuna_history(function, seed, **options):
    sampler = optuna.samplers.TPESampler(seed=seed, **options)
    study = optuna.create_study(sampler=sampler)
    study.optimize(function, n_trials=TRIALS)
    return np.minimum.accumulate([t.value for t in study.trials])


def our_history(program, name, seed, options):
    out = subprocess.run([program, name, "tpe", str(seed), str(TRIALS),
                          *options], check=True, stdout=subprocess.PIPE)
    return np.array([float(x) for x in out.stdout.split()])


def optuna_all(name, seeds):
    """Optuna's histories, remembered between calls."""
    cache = (pathlib.Path(tempfile.gettempdir())
             / f"optuna-{optuna.__version__}-{name}-{seeds}.json")
    if not cache.exists():
        cache.write_text(json.dumps({
            kind: [list(optuna_history(PROBLEMS[name], s, **o))
                   for s in range(seeds)]
            for kind, o in (("one", {}), ("multi", {"multivariate": True,
                                                    "group": True}))}))
    return {k: np.array(v) for k, v in json.loads(cache.read_text()).items()}


def main():
    import warnings
    warnings.simplefilter("ignore")
    program = sys.argv[1]
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    for name in PROBLEMS:
        theirs = optuna_all(name, seeds)
        ours = np.array([our_history(program, name, s, sys.argv[3:])
                         for s in range(seeds)])
        row = [f"{k} " + " ".join(f"{h[:, n - 1].mean():9.5f}"
                                  for n in (30, 60, 100))
               for k, h in (("ours", ours), *theirs.items())]
        wins = (ours[:, -1] < theirs["multi"][:, -1]).mean()
        print(f"{name:10s} " + " | ".join(row) + f" | wins {wins:.2f}",
              flush=True)


if __name__ == "__main__":
    main()
