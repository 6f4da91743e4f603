# SPDX-License-Identifier: BSD-3-Clause
"""Compares our samplers with Debian's Optuna on functions of known structure.

    sampler_quality.py BENCH_SAMPLER [--samplers tpe cmaes qmc nsga2 random gp]
        [--problems NAME ...] [--seeds 20] [--first-seed 0] [--shift 0]
        [--jobs N] [--set option=value ...] [--fresh]

BENCH_SAMPLER is the program built from bench_sampler.c; Optuna asks it for
the values, so both work on the same functions.  Prints a table in Markdown
for each sampler: for each function the median of the best value after 100 and
200 trials and the quartiles, ours and those of Optuna's same sampler (of tpe
both kinds; gp has no peer in that Optuna), and the two-sided p of Mann and
Whitney's test, with "-" before it where our median is the worse one.  The
line after each table counts how often we are better and worse.

--set gives options to ours (window=P: results come P trials late); --shift
puts the optima elsewhere, to choose settings on others than those that are
reported.  Optuna's runs are remembered in the folder for temporary files;
--fresh makes them again.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import tempfile
import warnings

import numpy as np
import optuna
from scipy.stats import mannwhitneyu

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.simplefilter("ignore")
TRIALS = 200
PROBLEMS = ["branin", "hartmann6", "rosenbrock5", "ackley10", "rastrigin5",
            "mixed", "conditional", "boosting", "sphere"]
SAMPLERS = {
    "tpe": {"tpe": lambda s: optuna.samplers.TPESampler(seed=s),
            "tpe, multivariate": lambda s: optuna.samplers.TPESampler(
                seed=s, multivariate=True, group=True)},
    "cmaes": {"cmaes": lambda s: optuna.samplers.CmaEsSampler(
        seed=s, warn_independent_sampling=False)},
    "qmc": {"qmc": lambda s: optuna.samplers.QMCSampler(
        seed=s, scramble=True, warn_independent_sampling=False)},
    "nsga2": {"nsga2": lambda s: optuna.samplers.NSGAIISampler(seed=s)},
    "random": {"random": lambda s: optuna.samplers.RandomSampler(seed=s)},
    "gp": {},
}


class Function:
    """A problem, served by bench_sampler."""

    def __init__(self, program, name, shift):
        self.process = subprocess.Popen(
            [program, "serve", name, f"shift={shift}"], text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.space = []
        while line := self.process.stdout.readline().split():
            self.space.append((line[0], float(line[1]), float(line[2]),
                               *map(int, line[3:])))

    def __call__(self, trial):
        x = []
        for i, (kind, low, high, log, n, parent, which) in enumerate(
                self.space):
            if parent >= 0 and x[parent] != which:
                x.append(float("nan"))
            elif kind == "choice":
                x.append(trial.suggest_categorical(f"x{i}", list(range(n))))
            elif kind == "int":
                x.append(trial.suggest_int(f"x{i}", int(low), int(high),
                                           log=bool(log)))
            else:
                x.append(trial.suggest_float(f"x{i}", low, high,
                                             log=bool(log)))
        print(*x, file=self.process.stdin)
        return float(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def optuna_history(seed, program, name, shift, sampler, kind, fresh):
    """Best values so far; remembered between calls."""
    file = (f"optuna-{optuna.__version__}-quality1-{name}-{shift}-"
            f"{kind.replace(', ', '-')}-{seed}.json")
    cache = pathlib.Path(tempfile.gettempdir()) / file
    if cache.exists() and not fresh:
        return json.loads(cache.read_text())
    function = Function(program, name, shift)
    study = optuna.create_study(sampler=SAMPLERS[sampler][kind](seed))
    study.optimize(function, n_trials=TRIALS)
    function.close()
    best = np.minimum.accumulate([t.value for t in study.trials]).tolist()
    part = cache.with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(best))
    part.rename(cache)
    return best


def our_history(seed, program, name, shift, sampler, options):
    out = subprocess.run(
        [program, name, sampler, str(seed), str(TRIALS), f"shift={shift}",
         *options], check=True, stdout=subprocess.PIPE)
    return [float(x) for x in out.stdout.split()]


def histories(pool, run, seeds, *args):
    jobs = [pool.submit(run, seed, *args) for seed in seeds]
    return np.array([j.result() for j in jobs])


def cells(h):
    return " | ".join(
        f"{middle:.4g} ({low:.4g} to {high:.4g})"
        for low, middle, high in (np.quantile(h[:, n - 1], [0.25, 0.5, 0.75])
                                  for n in (100, 200)))


def p_value(ours, theirs):
    """Below 0: ours is the worse one."""
    if np.array_equal(np.sort(ours), np.sort(theirs)):
        return 1.0
    p = mannwhitneyu(ours, theirs).pvalue
    return p if np.median(ours) <= np.median(theirs) else -p


def compare(pool, args, sampler):
    """One sampler's table and what it amounts to."""
    seeds = range(args.first_seed, args.first_seed + args.seeds)
    every = {k: [] for k in SAMPLERS[sampler]}
    print(f"\n| {sampler} | hpotune, 100 trials | 200 | Optuna "
          f"{optuna.__version__}, 100 | 200 | p |\n"
          "| --- | --- | --- | --- | --- | --- |", flush=True)
    for name in args.problems:
        ours = histories(pool, our_history, seeds, args.program, name,
                         args.shift, sampler, args.set)
        head = f"| {name} | {cells(ours)} |"
        for kind in SAMPLERS[sampler]:
            theirs = histories(pool, optuna_history, seeds, args.program,
                               name, args.shift, sampler, kind, args.fresh)
            tests = [p_value(ours[:, n - 1], theirs[:, n - 1])
                     for n in (100, 200)]
            every[kind] += tests
            print(head, cells(theirs), "|",
                  ", ".join(f"{p:.2g}" for p in tests), "|", flush=True)
            head = "| its other kind | | |"
        if not SAMPLERS[sampler]:
            print(head, "| | |", flush=True)
    for kind, p in every.items():
        p = np.array(p)
        print(f"\n{sampler} beside Optuna's {kind}, of {len(p)}: better "
              f"{sum((p > 0) & (p < 0.05))}, worse "
              f"{sum((p < 0) & (p > -0.05))} at p < 0.05; median better "
              f"{sum((p > 0) & (p < 1))}, worse {sum(p < 0)}.", flush=True)


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("program")
    p.add_argument("--samplers", nargs="+", default=list(SAMPLERS),
                   choices=SAMPLERS)
    p.add_argument("--problems", nargs="+", default=PROBLEMS,
                   choices=PROBLEMS)
    p.add_argument("--seeds", type=int, default=20)
    p.add_argument("--first-seed", type=int, default=0)
    p.add_argument("--shift", type=int, default=0)
    p.add_argument("--jobs", type=int, default=os.cpu_count())
    p.add_argument("--set", nargs="+", default=[])
    p.add_argument("--fresh", action="store_true")
    args = p.parse_args()
    with concurrent.futures.ProcessPoolExecutor(args.jobs) as pool:
        for sampler in args.samplers:
            compare(pool, args, sampler)


if __name__ == "__main__":
    main()
