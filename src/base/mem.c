/* SPDX-License-Identifier: BSD-3-Clause */
/* Arrays with overflow-checked sizes.
 *
 * Addresses of callers' pointers come as void * and are read and written
 * with memcpy, since an object of type T * may not be accessed as void *. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "hpo/mem.h"

#define ALIGNMENT ((size_t)64)
/* Arrays of two huge pages and more ask for such: rows that are read in no
   order cost a walk of the page table each otherwise. */
#define HUGE_PAGE ((size_t)2 << 20)

/* Bytes of n items; HPO_EMEM where the product, rounded up, is too big. */
static hpo_status bytes_of(size_t n, size_t size, size_t *out,
                           hpo_error *err) {
  if (size != 0 && n > (SIZE_MAX / 2 - HUGE_PAGE) / size)
    return hpo_error_set(err, HPO_EMEM,
                         "no memory for an array of %zu items of %zu bytes", n,
                         size);
  *out = n * size;
  return HPO_OK;
}

static hpo_status no_memory(size_t bytes, hpo_error *err) {
  return hpo_error_set(err, HPO_EMEM, "no memory for %zu bytes", bytes);
}

static void give(void *out_array, void *made) {
  memcpy(out_array, &made, sizeof made);
}

hpo_status hpo_mem_new(size_t n, size_t size, void *out_array,
                       hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t bytes = 0;
  HPO_TRY(status, bytes_of(n, size, &bytes, err));
  void *made = calloc(bytes > 0 ? bytes : 1, 1);
  if (made == NULL)
    return no_memory(bytes, err);
  give(out_array, made);
done:
  return status;
}

hpo_status hpo_mem_new_aligned(size_t n, size_t size, void *out_array,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t bytes = 0;
  HPO_TRY(status, bytes_of(n, size, &bytes, err));
  size_t unit = bytes >= 2 * HUGE_PAGE ? HUGE_PAGE : ALIGNMENT;
  size_t whole = (bytes / unit + 1) * unit;
  void *made = aligned_alloc(unit, whole);
  if (made == NULL)
    return no_memory(bytes, err);
#ifdef MADV_HUGEPAGE
  if (unit == HUGE_PAGE) /* advice: it may be refused */
    (void)madvise(made, whole, MADV_HUGEPAGE);
#endif
  memset(made, 0, whole);
  give(out_array, made);
done:
  return status;
}

hpo_status hpo_mem_grow(void *array, size_t *capacity, size_t need,
                        size_t size, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t bytes = 0, next = *capacity < 8 ? 8 : *capacity;
  void *old = NULL, *made = NULL;
  memcpy(&old, array, sizeof old);
  if (need <= *capacity && old != NULL)
    return HPO_OK;
  while (next < need)
    next = next > SIZE_MAX / 2 ? need : 2 * next;
  HPO_TRY(status, bytes_of(next, size, &bytes, err));
  made = realloc(old, bytes > 0 ? bytes : 1);
  if (made == NULL)
    return no_memory(bytes, err);
  size_t had = old == NULL ? 0 : *capacity * size;
  memset((char *)made + had, 0, bytes - had);
  give(array, made);
  *capacity = next;
done:
  return status;
}

hpo_status hpo_mem_copy(const void *from, size_t n, void *out,
                        hpo_error *err) {
  hpo_status status = HPO_OK;
  char *made = NULL;
  HPO_TRY(status, hpo_mem_new(n, 1, &made, err));
  if (n > 0)
    memcpy(made, from, n);
  give(out, made);
done:
  return status;
}

hpo_status hpo_mem_string(const char *text, char **out, hpo_error *err) {
  return hpo_mem_copy(text, strlen(text) + 1, out, err);
}

hpo_status hpo_mem_format(char **out, hpo_error *err, const char *fmt, ...) {
  hpo_status status = HPO_OK;
  char *made = NULL;
  va_list args, again;
  va_start(args, fmt);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, fmt, args);
  if (n < 0)
    HPO_FAIL(status, err, HPO_EBUG, "the format \"%s\" does not print", fmt);
  HPO_TRY(status, hpo_mem_new((size_t)n + 1, 1, &made, err));
  vsnprintf(made, (size_t)n + 1, fmt, again);
  *out = made;
done:
  va_end(again);
  va_end(args);
  return status;
}

void hpo_mem_free(void *array) { free(array); }

void hpo_mem_trim(void) {
#ifdef __GLIBC__
  (void)malloc_trim(0);
#endif
}

uint64_t hpo_mem_most(void) {
  const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
  uint64_t most = 0;
  struct rlimit r;

  if (pages > 0 && size > 0)
    most = (uint64_t)pages * (uint64_t)size;
  if (getrlimit(RLIMIT_AS, &r) == 0 && r.rlim_cur != RLIM_INFINITY)
    most = most == 0 || r.rlim_cur < most ? r.rlim_cur : most;
  if (getrlimit(RLIMIT_DATA, &r) == 0 && r.rlim_cur != RLIM_INFINITY)
    most = most == 0 || r.rlim_cur < most ? r.rlim_cur : most;
  return most;
}

hpo_status hpo_buffer_add(hpo_buffer *b, const void *from, size_t n,
                          hpo_error *err) {
  if (n > SIZE_MAX - b->n)
    return no_memory(n, err);
  hpo_status status = hpo_mem_grow(&b->byte, &b->capacity, b->n + n, 1, err);
  if (status == HPO_OK && n > 0) {
    memcpy(b->byte + b->n, from, n);
    b->n += n;
  }
  return status;
}

hpo_status hpo_buffer_format(hpo_buffer *b, hpo_error *err, const char *fmt,
                             ...) {
  hpo_status status = HPO_OK;
  va_list args, again;
  va_start(args, fmt);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, fmt, args);
  if (n < 0)
    HPO_FAIL(status, err, HPO_EBUG, "the format \"%s\" does not print", fmt);
  size_t room = (size_t)n + 1; /* vsnprintf wants to write the NUL too */
  HPO_TRY(status, hpo_mem_grow(&b->byte, &b->capacity, b->n + room, 1, err));
  vsnprintf((char *)b->byte + b->n, room, fmt, again);
  b->n += (size_t)n;
done:
  va_end(again);
  va_end(args);
  return status;
}

void hpo_buffer_free(hpo_buffer *b) {
  free(b->byte);
  *b = (hpo_buffer){0};
}
