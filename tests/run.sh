#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Installs what the tests need, builds, and passes them all. The last line is
# "N passed, N failed". Options: -k PATTERN runs only matching tests.
#
# Parts: unit tests (cmocka, make check), checks against independent programs
# (pytest: XGBoost, scikit-learn, pandas, h5py), whole runs under mpirun, the
# same bits for other instruction sets, ASan+UBSan, valgrind, gcc and clang
# without warnings, make distcheck.
set -eu
cd "$(dirname "$0")/.."
. jobs/install.sh
install_packages libcmocka-dev python3 python3-h5py python3-numpy \
  python3-pandas python3-pytest python3-scipy python3-sklearn \
  python3-xgboost python3-optuna valgrind clang clang-format libxml2-utils \
  hdf5-tools procps zstd slurm-wlm slurm-wlm-basic-plugins munge
# Ubuntu has no chromium package: there the pages' tests say that they skip.
install_packages chromium fonts-dejavu-core ||
  echo "no chromium here: pages will not be drawn"
# A build made before cmocka was there does not know the tests.
grep -q "^HAVE_CMOCKA_TRUE = *$" build/Makefile 2>/dev/null ||
  rm -f build/Makefile
sh jobs/quickstart.sh --build
exec /usr/bin/python3 tests/run_all.py "$@"
