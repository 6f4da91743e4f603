/* SPDX-License-Identifier: BSD-3-Clause */
/** \file fuzzing.h
 *  The parsers that meet bytes from outside, one function each: any bytes
 *  must end in a result or in an error with a sentence, never in a crash.
 *  test_fuzz.c runs them on the seeds in tests/fuzz and on mutations of
 *  them; tests/fuzz/fuzz.sh with libFuzzer.
 */
#ifndef HPO_FUZZING_H
#define HPO_FUZZING_H

#include <stddef.h>
#include <stdint.h>

typedef struct fuzz_target {
  const char *name; /* the seeds lie in tests/fuzz/NAME */
  /** Aborts where a promise is broken. */
  void (*run)(const uint8_t *byte, size_t n);
} fuzz_target;

/** [*n] of them. */
const fuzz_target *fuzz_targets(size_t *n);

#endif
