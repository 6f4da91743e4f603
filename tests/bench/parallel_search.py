#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What running trials at the same time costs the search, on a simulated clock.

usage: tests/bench/parallel_search.py BENCH_SAMPLER quality [SEEDS]
       tests/bench/parallel_search.py BENCH_SAMPLER idle

quality: the best value of 200 trials by 8 workers in order of arrival, and in
strict order with windows of 16 and 32, beside one worker; p of Mann and
Whitney's test that the parallel ones are worse.  idle: the share of the
workers' time that strict order leaves idle, by window, workers and spread.
"""
import itertools
import os
import statistics
import subprocess
import sys

from scipy.stats import mannwhitneyu

TRIALS = 200
PROBLEMS = ["hartmann6", "rosenbrock5", "rastrigin5", "boosting",
            "conditional", "failing"]
SAMPLERS = ["tpe", "gp", "cmaes", "nsga2", "qmc", "random"]
WAYS = {"1": ["workers=1"],
        "8, arrival": ["workers=8", "spread=0.5"],
        "8, window 16": ["workers=8", "spread=0.5", "window=16"],
        "8, window 32": ["workers=8", "spread=0.5", "window=32"]}


def run(bench, problem, sampler, seed, trials, words):
    """The best value, the makespan, the idle share, equal points at once."""
    done = subprocess.run([bench, problem, sampler, str(seed), str(trials),
                           *words], check=True, text=True, capture_output=True)
    best, makespan, idle, equal = map(float, done.stdout.split())
    return best, makespan, idle, int(equal)


def quality(bench, seeds):
    print("| sampler | problem | " + " | ".join(
        f"{w}" for w in WAYS) + " | p, arrival | p, 16 | p, 32 | equal |")
    print("|---|---|" + "---:|" * (len(WAYS) + 4))
    only = os.environ.get("ONLY", " ".join(SAMPLERS)).split()
    for sampler, problem in itertools.product(only, PROBLEMS):
        found, equal = {}, 0
        for way, words in WAYS.items():
            out = [run(bench, problem, sampler, seed, TRIALS, words)
                   for seed in range(seeds)]
            found[way] = [o[0] for o in out]
            equal += sum(o[3] for o in out)
        p = [mannwhitneyu(found[w], found["1"], alternative="greater").pvalue
             for w in list(WAYS)[1:]]
        print(f"| {sampler} | {problem} | " + " | ".join(
            f"{statistics.median(v):.4g}" for v in found.values())
            + " | " + " | ".join(map(rounded, p)) + f" | {equal} |",
            flush=True)


def rounded(p):
    return f"{p:.2f}" if p >= 0.005 else "< 0.005"


def idle(bench):
    windows = [8, 16, 32, 64]
    print("| workers | spread | arrival | "
          + " | ".join(f"window {w}" for w in windows) + " |")
    print("|---:|---:|" + "---:|" * (len(windows) + 1))
    for workers, spread in itertools.product((4, 8, 16, 32), (0.1, 0.5, 1, 2)):
        row = []
        for words in [[]] + [[f"window={w}"] for w in windows]:
            out = [run(bench, "hartmann6", "random", seed, 50 * workers,
                       [f"workers={workers}", f"spread={spread}", *words])
                   for seed in range(5)]
            row.append(f"{100 * statistics.mean(o[2] for o in out):.0f} %")
        print(f"| {workers} | {spread} | " + " | ".join(row) + " |",
              flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    if sys.argv[2] == "idle":
        idle(sys.argv[1])
    else:
        quality(sys.argv[1], int(sys.argv[3]) if len(sys.argv) > 3 else 20)
