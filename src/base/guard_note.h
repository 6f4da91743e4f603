/* SPDX-License-Identifier: BSD-3-Clause */
/* What hpotune-guard tells about the end of its program. */
#ifndef BASE_GUARD_NOTE_H
#define BASE_GUARD_NOTE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct hpo_guard_note {
  uint32_t size;     /* of this struct: both programs are of one build */
  int32_t error;     /* errno of the start; 0: it ran */
  int32_t has_ended; /* always 1 where it ran */
  int32_t code;      /* exit code; -1: a signal ended it */
  int32_t signal;    /* that signal; 0: none */
  int32_t unused;
  double wall, cpu; /* seconds; cpu of all that it started */
  int64_t peak;     /* bytes: the largest process */
} hpo_guard_note;

#endif
