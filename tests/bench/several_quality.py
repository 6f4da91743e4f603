# SPDX-License-Identifier: BSD-3-Clause
"""Compares our samplers with Debian's Optuna on several objectives.

    several_quality.py BENCH_SEVERAL [SEEDS] [SAMPLER] [option=value ...]

BENCH_SEVERAL is the program built from bench_several.c; SAMPLER is nsga2
(default) or tpe; options go to ours (window=P: results come P trials late),
but only=A,B names the problems and Optuna's kinds (Optuna's tpe takes hours).
For each problem: the median hypervolume of the feasible trials after 100 and
200 trials and the quartiles at the end, ours and those of Optuna's same
sampler, all computed by Optuna; the two-sided p of Mann and Whitney's test at
100 and 200, negative where we are behind.
"""
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import optuna
from optuna._hypervolume import WFG
from scipy.stats import mannwhitneyu

optuna.logging.set_verbosity(optuna.logging.ERROR)
TRIALS = 200


def unit(t, n):
    return np.array([t.suggest_float(f"x{i}", 0, 1) for i in range(n)])


def zdt(t):
    x = unit(t, 5)
    return x[0], 1 + 9 * float(np.sum(x[1:])) / 4


def zdt1(t):
    x, g = zdt(t)
    return x, g * (1 - math.sqrt(x / g))


def zdt2(t):
    x, g = zdt(t)
    return x, g * (1 - (x / g)**2)


def zdt3(t):
    x, g = zdt(t)
    return x, g * (1 - math.sqrt(x / g) - x / g * math.sin(10 * math.pi * x))


def dtlz2(t):
    x = unit(t, 6)
    r, a, b = 1 + float(np.sum((x[2:] - 0.5)**2)), *(x[:2] * math.pi / 2)
    return (r * math.cos(a) * math.cos(b), r * math.cos(a) * math.sin(b),
            r * math.sin(a))


def bnh(t):
    x, y = t.suggest_float("x0", 0, 5), t.suggest_float("x1", 0, 3)
    over = (max(0, (x - 5)**2 + y**2 - 25),
            max(0, 7.7 - (x - 8)**2 - (y + 3)**2))
    t.set_user_attr("over", over)
    return 4 * x * x + 4 * y * y, (x - 5)**2 + (y - 5)**2


def mixed2(t):
    x, y = t.suggest_float("x0", 0, 1), t.suggest_int("x1", 0, 20)
    z = int(t.suggest_categorical("x2", ["0", "1", "2"]))
    far, bend = (y - 4 - 6 * z) / 20, 0.25 * z
    return (x + 4 * far * far + 0.4 * bend,
            (1 - x)**2 + 4 * far * far + 0.5 * (0.5 - bend) * x)


PROBLEMS = {zdt1: (1.1, 6), zdt2: (1.1, 6), zdt3: (1.1, 6),
            dtlz2: (2, 2, 2), bnh: (140, 50), mixed2: (2, 2)}


def over(t):
    return t.user_attrs.get("over", (0,))


SAMPLERS = {
    "nsga2": {"nsga2": lambda s: optuna.samplers.NSGAIISampler(
        seed=s, constraints_func=over)},
    "tpe": {"one": lambda s: optuna.samplers.TPESampler(
                seed=s, constraints_func=over),
            "multi": lambda s: optuna.samplers.TPESampler(
                seed=s, multivariate=True, group=True,
                constraints_func=over)},
}


def volumes(losses, violations, reference):
    """After 100 and after 200 trials."""
    out = []
    for n in (100, TRIALS):
        y = losses[:n][violations[:n] <= 0]
        y = y[np.all(y < reference, axis=1)]
        out.append(WFG().compute(y, np.array(reference)) if len(y) else 0.0)
    return out


def optuna_volumes(function, reference, sampler):
    study = optuna.create_study(sampler=sampler,
                                directions=["minimize"] * len(reference))
    study.optimize(function, n_trials=TRIALS)
    return volumes(np.array([t.values for t in study.trials]),
                   np.array([sum(over(t)) for t in study.trials]), reference)


def our_volumes(program, name, reference, sampler, seed, options):
    out = subprocess.run([program, name, sampler, str(seed), str(TRIALS),
                          *options], check=True, stdout=subprocess.PIPE)
    rows = np.array([[float(x) for x in line.split()]
                     for line in out.stdout.splitlines()])
    return volumes(rows[:, :-1], rows[:, -1], reference)


def optuna_all(function, reference, sampler, seeds):
    """Optuna's, remembered between calls."""
    file = (f"optuna-{optuna.__version__}-{function.__name__}-{sampler}"
            f"-{'-'.join(SAMPLERS[sampler])}-{seeds}.json")
    cache = pathlib.Path(tempfile.gettempdir()) / file
    if not cache.exists():
        cache.write_text(json.dumps({
            kind: [optuna_volumes(function, reference, make(s))
                   for s in range(seeds)]
            for kind, make in SAMPLERS[sampler].items()}))
    return {k: np.array(v) for k, v in json.loads(cache.read_text()).items()}


def show(kind, v):
    low, high = np.quantile(v[:, 1], [0.25, 0.75])
    middle = np.median(v, axis=0)
    return (f"{kind} {middle[0]:.4f} {middle[1]:.4f} "
            f"({low:.4f} to {high:.4f})")


def sign_and_p(ours, theirs):
    p = mannwhitneyu(ours, theirs).pvalue
    return p if np.median(ours) >= np.median(theirs) else -p


def main():
    program, *rest = sys.argv[1:]
    seeds = int(rest[0]) if rest else 20
    sampler = rest[1] if len(rest) > 1 else "nsga2"
    options = [o for o in rest[2:] if not o.startswith("only=")]
    only = [w for o in rest[2:] if o not in options
            for w in o[5:].split(",")]
    if only:
        for names in (PROBLEMS, SAMPLERS[sampler]):
            for key in list(names):
                if getattr(key, "__name__", key) not in only:
                    del names[key]
    for function, reference in PROBLEMS.items():
        name = function.__name__
        ours = np.array([our_volumes(program, name, reference, sampler, s,
                                     options) for s in range(seeds)])
        print(f"{name:7s} {show('ours', ours)}", flush=True)
        for kind, v in optuna_all(function, reference, sampler,
                                  seeds).items():
            p = [sign_and_p(ours[:, k], v[:, k]) for k in (0, 1)]
            print(f"        {show(f'Optuna {kind}', v)}  "
                  f"p {p[0]:+.2g} {p[1]:+.2g}", flush=True)


if __name__ == "__main__":
    main()
