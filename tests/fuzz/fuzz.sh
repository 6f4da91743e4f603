#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Coverage-guided fuzzing of the parsers with libFuzzer, ASan and UBSan:
#   sh tests/fuzz/fuzz.sh [SECONDS [TARGET...]]     600 seconds each
# The seeds are in tests/fuzz/TARGET; what is found goes to build-fuzz/.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-600}
[ $# = 0 ] || shift
mkdir -p build-fuzz
cd build-fuzz
flags="-O1 -g -fsanitize=address,undefined,fuzzer-no-link"
flags="$flags -fno-sanitize-recover=undefined"
[ -f Makefile ] || ../configure --quiet CC=clang CFLAGS="$flags"
make -s -j "$(getconf _NPROCESSORS_ONLN)" src/libhpo.a tests/libtest.a
libs=$(sed -n 's/^\(LIBS\|MPI_LIBS\|HDF5_LIBS\|XML_LIBS\|BLAS_LIBS\|ZLIB_LIBS\) = //p' Makefile | tr '\n' ' ')
clang -O1 -g -fsanitize=address,undefined,fuzzer -I../include -I../src \
  -I../tests -o fuzz ../tests/fuzz/libfuzzer.c tests/libtest.a src/libhpo.a \
  $libs -lcmocka
[ $# -gt 0 ] || set -- $(cd ../tests/fuzz && ls -d */ | tr -d /)
for target in "$@"; do
  mkdir -p "corpus-$target"
  echo "== $target, $seconds seconds"
  HPO_FUZZ_TARGET=$target ASAN_OPTIONS=detect_leaks=1 \
    LSAN_OPTIONS=suppressions=../tests/lsan.supp:print_suppressions=0 \
    ./fuzz -max_total_time="$seconds" -max_len=8192 -timeout=20 \
    -rss_limit_mb=4096 -print_final_stats=1 -artifact_prefix="$target-" \
    "corpus-$target" "../tests/fuzz/$target" 2>"$target.log" || {
    tail -40 "$target.log"
    exit 1
  }
  grep -E "stat::number_of_executed_units|cov:" "$target.log" | tail -2
done
