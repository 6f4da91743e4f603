# SPDX-License-Identifier: BSD-3-Clause
"""Compares our samplers with Debian's Optuna on functions of known structure.

    sampler_quality.py BENCH_SAMPLER [SEEDS] [SAMPLER] [option=value ...]

BENCH_SAMPLER is the program built from bench_sampler.c; SAMPLER is tpe
(default), cmaes, qmc, random or gp, which has no peer in that Optuna; options
go to ours (window=P: results come P trials late).  For each function: the
median best value after 30, 100 and 200 trials and the quartiles at the end,
ours and those of Optuna's same sampler; the two-sided p of Mann and Whitney's
test at 100 and 200, negative where we are behind.
"""
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import optuna
from scipy.stats import mannwhitneyu

optuna.logging.set_verbosity(optuna.logging.ERROR)
TRIALS = 200


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


def cube(t, n, low, high, most=0):
    """A point, moved as bench_sampler.c does."""
    x = np.array([t.suggest_float(f"x{i}", low, high) for i in range(n)])
    u = np.arange(1, n + 1) * 0.61803398874989485
    sign = np.where(np.arange(n) % 2 == 0, -1, 1)
    return x + sign * most * (0.5 + 0.5 * (u - np.floor(u)))


def rosenbrock5(t):
    x = cube(t, 5, -5, 10)
    return float(np.sum(100 * (x[1:] - x[:-1]**2)**2 + (1 - x[:-1])**2))


def ackley10(t):
    x = cube(t, 10, -32.768, 32.768, 4)
    return float(20 + math.e - 20 * np.exp(-0.2 * np.sqrt(np.mean(x * x)))
                 - np.exp(np.mean(np.cos(2 * math.pi * x))))


def rastrigin5(t):
    x = cube(t, 5, -5.12, 5.12, 1)
    return float(np.sum(x * x + 10 - 10 * np.cos(2 * math.pi * x)))


PROBLEMS = {f.__name__: f
            for f in (branin, hartmann6, rosenbrock5, ackley10, rastrigin5,
                      boosting, mixed, sphere)}
SAMPLERS = {
    "tpe": {"one": lambda s: optuna.samplers.TPESampler(seed=s),
            "multi": lambda s: optuna.samplers.TPESampler(
                seed=s, multivariate=True, group=True)},
    "cmaes": {"plain": lambda s: optuna.samplers.CmaEsSampler(
        seed=s, warn_independent_sampling=False)},
    "qmc": {"sobol": lambda s: optuna.samplers.QMCSampler(
        seed=s, scramble=True, warn_independent_sampling=False)},
    "random": {"random": lambda s: optuna.samplers.RandomSampler(seed=s)},
    "gp": {},
}


def optuna_history(function, sampler):
    study = optuna.create_study(sampler=sampler)
    study.optimize(function, n_trials=TRIALS)
    return np.minimum.accumulate([t.value for t in study.trials])


def our_history(program, name, sampler, seed, options):
    out = subprocess.run([program, name, sampler, str(seed), str(TRIALS),
                          *options], check=True, stdout=subprocess.PIPE)
    return np.array([float(x) for x in out.stdout.split()])


def optuna_all(name, sampler, seeds):
    """Optuna's histories, remembered between calls."""
    file = f"optuna-{optuna.__version__}-{name}-{sampler}-{seeds}.json"
    cache = pathlib.Path(tempfile.gettempdir()) / file
    if not cache.exists():
        cache.write_text(json.dumps({
            kind: [list(optuna_history(PROBLEMS[name], make(s)))
                   for s in range(seeds)]
            for kind, make in SAMPLERS[sampler].items()}))
    return {k: np.array(v) for k, v in json.loads(cache.read_text()).items()}


def show(kind, h):
    at = " ".join(f"{np.median(h[:, n - 1]):9.4g}" for n in (30, 100, 200))
    low, high = np.quantile(h[:, -1], [0.25, 0.75])
    return f"{kind} {at} ({low:.4g} to {high:.4g})"


def sign_and_p(ours, theirs):
    p = mannwhitneyu(ours, theirs).pvalue
    return p if np.median(ours) <= np.median(theirs) else -p


def main():
    import warnings
    warnings.simplefilter("ignore")
    program = sys.argv[1]
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    options = sys.argv[3:]
    sampler = options.pop(0) if options and "=" not in options[0] else "tpe"
    for name in PROBLEMS:
        theirs = optuna_all(name, sampler, seeds)
        ours = np.array([our_history(program, name, sampler, s, options)
                         for s in range(seeds)])
        row = [show(k, h) for k, h in (("ours", ours), *theirs.items())]
        tests = [f"{sign_and_p(ours[:, n - 1], h[:, n - 1]):.3f}"
                 for h in theirs.values() for n in (100, 200)]
        print(f"{name:11s} " + " | ".join(row)
              + (" | p " + " ".join(tests) if tests else ""), flush=True)


if __name__ == "__main__":
    main()
