#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs every part of the test suite and counts: see tests/README.md.

usage: tests/run_all.py [-k PATTERN]   only the parts whose name matches
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORES = str(os.cpu_count() or 1)
ENV = dict(
    os.environ,
    OMPI_ALLOW_RUN_AS_ROOT="1",
    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
    OMPI_MCA_rmaps_base_oversubscribe="1",
    PRTE_MCA_rmaps_default_mapping_policy=":oversubscribe",
    OPENBLAS_NUM_THREADS="1",
    LC_ALL="C.UTF-8",
)


class Count:
    """What a part found."""

    def __init__(self, passed=0, failed=0, skipped=0, output=""):
        self.passed, self.failed, self.skipped = passed, failed, skipped
        self.output = output


def sh(command, cwd=ROOT, timeout=1500, **env):
    """Runs a shell command; returns (exit code, all it printed)."""
    try:
        done = subprocess.run(command, shell=True, cwd=cwd, text=True,
                              env={**ENV, **env}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, errors="replace",
                              stderr=subprocess.STDOUT, timeout=timeout)
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired as late:
        text = late.stdout or b""
        return 124, text.decode(errors="replace") + "\ntimed out\n"


def one(code, output):
    """A part that passes or fails as a whole."""
    return Count(code == 0, code != 0, 0, output)


def build(folder, options="", cflags="-O2 -g", targets="hpotune"):
    """Configures and builds in ROOT/folder; (exit code, output)."""
    path = ROOT / folder
    path.mkdir(exist_ok=True)
    code, text = 0, ""
    if not (path / "Makefile").exists():
        code, text = sh(f"../configure --quiet {options} CFLAGS='{cflags}'",
                        cwd=path)
    if code == 0:
        code, more = sh(f"make -s -j{CORES} {targets}", cwd=path)
        text += more
    return code, text


def cmocka_counts(folder, code, text):
    """Counts single tests in the logs that make check leaves."""
    passed = failed = skipped = 0
    for log in sorted((ROOT / folder / "tests").glob("*.log")):
        if log.name == "test-suite.log":
            continue
        lines = log.read_text(errors="replace")
        good = re.findall(r"\[  PASSED  \] (\d+) test", lines)
        bad = re.findall(r"\[  FAILED  \] (\d+) test", lines)
        passed += sum(map(int, good))
        failed += sum(map(int, bad))
        skipped += sum(map(int, re.findall(r"\[  SKIPPED \] (\d+) test",
                                           lines)))
        trs = log.with_suffix(".trs")
        ended = trs.exists() and ":test-result: PASS" in trs.read_text()
        if not good and not bad:  # a script, or one that died early
            passed += ended
            failed += not ended
        elif not ended and not bad:
            failed += 1
            text += f"\n{log.name} ended badly\n{lines[-2000:]}"
        if bad:
            text += f"\n{log.name}\n{lines[-3000:]}"
    if code != 0 and failed == 0:
        failed = 1
    return Count(passed, failed, skipped, text)


def unit():
    """cmocka unit tests and shell tests, by make check."""
    code, text = build("build", targets="all")
    if code == 0:
        code, text = sh(f"make -s -j{CORES} check", cwd=ROOT / "build")
    return cmocka_counts("build", code, text)


def pytest(words):
    """pytest's exit code and output."""
    return sh(f"{sys.executable} -m pytest -q --maxfail=50 "
              f"-p no:cacheprovider {words}",
              HPOTUNE_BUILD=str(ROOT / "build"))


def python():
    """Independent references and whole runs, by pytest, in two halves side by
    side: what mostly waits, for Slurm, kills and other programs, is one."""
    code, text = sh("make -s check TESTS=", cwd=ROOT / "build")
    if code != 0:
        return one(code, text)
    waiting = [f"tests/check_{n}.py" for n in (
        "slurm", "command", "faults", "lost", "teams", "watch")]
    halves = [" ".join(waiting),
              " ".join(["tests", *(f"--ignore={w}" for w in waiting)])]
    total = Count()
    with concurrent.futures.ThreadPoolExecutor() as both:
        for code, text in both.map(pytest, halves):
            found = {word: int(n) for n, word in
                     re.findall(r"(\d+) (passed|failed|skipped|error)", text)}
            failed = found.get("failed", 0) + found.get("error", 0)
            total.passed += found.get("passed", 0)
            total.failed += failed or int(code != 0)
            total.skipped += found.get("skipped", 0)
            total.output += text if code != 0 else ""
    return total


def layers():
    """No include climbs a floor."""
    return one(*sh("sh tests/layers.sh"))


def style():
    """clang-format leaves every file as it is."""
    return one(*sh("git ls-files '*.c' '*.h' | xargs clang-format --dry-run "
                   "-Werror"))


# Also the build for the plainest instruction set.
GCC = ("build-gcc", "--enable-werror --disable-clones CC=gcc", "-O2")


def gcc_warnings():
    """gcc, warnings are errors."""
    return one(*build(*GCC, "check TESTS="))


def clang_warnings():
    """clang, warnings are errors; it gives them without optimising."""
    return one(*build("build-clang", "--enable-werror CC=clang", "-O0",
                      "check TESTS="))


def sanitizers():
    """Unit tests under ASan and UBSan."""
    code, text = build("build-asan", "--enable-sanitize --disable-clones",
                       "-O1 -g", "all")
    if code == 0:
        code, text = sh(f"make -s -j{CORES} check",
                        cwd=ROOT / "build-asan",
                        HPOTUNE_SANITIZED="1",
                        ASAN_OPTIONS="detect_leaks=1:abort_on_error=0",
                        LSAN_OPTIONS="suppressions=" +
                        str(ROOT / "tests" / "lsan.supp"))
    return cmocka_counts("build-asan", code, text)


def valgrind():
    """Serial paths under valgrind: a study on one rank, start to end."""
    work = ROOT / "build" / "valgrind"
    sh(f"rm -rf {work}; mkdir -p {work}")
    return one(*sh(
        "valgrind -q --error-exitcode=9 --leak-check=full "
        "--errors-for-leak-kinds=definite "
        "../hpotune ../../inputs/diabetes.xml --trials 6 --output v.h5 && "
        "valgrind -q --error-exitcode=9 ../hpotune list v.h5 && "
        "valgrind -q --error-exitcode=9 ../hpotune status v.h5", cwd=work))


def instruction_sets():
    """The same digests from builds for x86-64, AVX2 and AVX-512."""
    if os.uname().machine != "x86_64":
        return Count(skipped=1)
    flags = pathlib.Path("/proc/cpuinfo").read_text()
    marches = ["x86-64"] + ["haswell"] * (" avx2" in flags) + \
        ["skylake-avx512"] * (" avx512bw" in flags)
    digests, text = {}, ""
    for march in ["default", *marches]:
        folder, code = f"build-{march}", 0
        if march == "default":
            folder = "build"
        elif march == "x86-64":
            folder = GCC[0]
            code, text = build(*GCC)
        else:
            code, text = build(folder, "--disable-clones",
                               f"-O2 -march={march}")
        if code == 0:
            code, text = sh(f"{sys.executable} tests/digest.py "
                            f"--program {folder}/hpotune --small")
        if code != 0:
            return Count(failed=1, output=f"{march}: {text}")
        digests[march] = text.strip().splitlines()[-1]
    same = len(set(digests.values())) == 1
    return Count(same * len(marches), 0 if same else 1, 3 - len(marches),
                 str(digests))


def distcheck():
    """make distcheck: the tarball builds, passes and installs by itself; the
    random cases were tried before."""
    return one(*sh(f"make -s -j{CORES} distcheck "
                   "DISTCHECK_CONFIGURE_FLAGS=CFLAGS=-O1", cwd=ROOT / "build",
                   HPO_TEST_MUTATIONS="5", HPO_TEST_KILLS="5"))


PARTS = [unit, python, layers, style, gcc_warnings, clang_warnings,
         sanitizers, valgrind, instruction_sets, distcheck]


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("-k", default="", help="pattern of parts' names")
    pattern = options.parse_args().k
    total = Count()
    for part in PARTS:
        if not re.search(pattern, part.__name__):
            continue
        began = time.monotonic()
        found = part()
        if not found.passed + found.failed + found.skipped:
            found.failed = 1
            found.output += "\nno test was run\n"
        if found.failed:
            print(found.output[-8000:])
        print(f"{part.__name__:18} {found.passed:5} passed, "
              f"{found.failed:3} failed, {found.skipped:3} skipped, "
              f"{time.monotonic() - began:6.1f} s", flush=True)
        total.passed += found.passed
        total.failed += found.failed
        total.skipped += found.skipped
    tail = f", {total.skipped} skipped" if total.skipped else ""
    print(f"{total.passed} passed, {total.failed} failed{tail}")
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
