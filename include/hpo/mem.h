/* SPDX-License-Identifier: BSD-3-Clause */
/** \file mem.h
 *  Arrays with overflow-checked sizes.  What these return is freed with
 *  hpo_mem_free (free() in disguise; NULL is a no-op).
 */
#ifndef HPO_MEM_H
#define HPO_MEM_H

#include "hpo/status.h"

/** New zeroed array of n items of size bytes (n = 0 gives a valid pointer).
 *  \return HPO_OK; HPO_EMEM with the size asked for in err */
HPO_MUST_USE hpo_status hpo_mem_new(size_t n, size_t size, void *out_array,
                                    hpo_error *err);

/** Same, aligned to 64 bytes (vector kernels), zeroed. */
HPO_MUST_USE hpo_status hpo_mem_new_aligned(size_t n, size_t size,
                                            void *out_array, hpo_error *err);

/** Gives what the heap holds without use back to the system: after a stage
 *  that took much more than the next will. */
void hpo_mem_trim(void);

/** Makes *array hold at least need items: capacity doubles, new items are
 *  zero.  *array and *capacity stay as they were on HPO_EMEM. */
HPO_MUST_USE hpo_status hpo_mem_grow(void *array, size_t *capacity,
                                     size_t need, size_t size, hpo_error *err);

/** A copy of n bytes / of a C string; *out is the caller's. */
HPO_MUST_USE hpo_status hpo_mem_copy(const void *from, size_t n, void *out,
                                     hpo_error *err);
HPO_MUST_USE hpo_status hpo_mem_string(const char *text, char **out,
                                       hpo_error *err);
/** printf into a new string. */
HPO_MUST_USE hpo_status hpo_mem_format(char **out, hpo_error *err,
                                       const char *fmt, ...) HPO_PRINTF(3, 4);

void hpo_mem_free(void *array);

/** Bytes that this process can come to at most: the machine's memory or the
 *  process's own limits (ulimit -v, -d), whichever is less; 0: unknown. */
uint64_t hpo_mem_most(void);

/** A growing byte buffer: `hpo_buffer b = {0}`, freed by hpo_buffer_free. */
typedef struct hpo_buffer {
  uint8_t *byte; /* [n] */
  size_t n, capacity;
} hpo_buffer;

HPO_MUST_USE hpo_status hpo_buffer_add(hpo_buffer *b, const void *from,
                                       size_t n, hpo_error *err);
HPO_MUST_USE hpo_status hpo_buffer_format(hpo_buffer *b, hpo_error *err,
                                          const char *fmt, ...)
    HPO_PRINTF(3, 4);
void hpo_buffer_free(hpo_buffer *b);

#endif
