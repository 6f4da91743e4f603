/* SPDX-License-Identifier: BSD-3-Clause */
/* libFuzzer's door to the target that HPO_FUZZ_TARGET names. */
#include <stdlib.h>
#include <string.h>

#include "fuzzing.h"

int LLVMFuzzerTestOneInput(const uint8_t *byte, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *byte, size_t n) {
  const char *name = getenv("HPO_FUZZ_TARGET");
  size_t count = 0;
  const fuzz_target *t = fuzz_targets(&count);

  for (size_t i = 0; i < count; i++)
    if (name && strcmp(t[i].name, name) == 0) {
      t[i].run(byte, n);
      return 0;
    }
  abort();
}
