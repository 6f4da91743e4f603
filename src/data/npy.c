/* SPDX-License-Identifier: BSD-3-Clause */
/* NumPy's .npy files, plain or gzip. */

#include <string.h>

#include "flat.h"
#include "hpo/mem.h"

enum { LONGEST_HEAD = 1 << 20 };

static hpo_status read_head(hpo_flat *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  const uint8_t *b;
  unsigned version;
  size_t n;

  HPO_TRY(status, hpo_flat_get(s, 8, err));
  b = (const uint8_t *)s->body.byte;
  if (memcmp(b, "\x93NUMPY", 6) != 0)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: this is no .npy file: its first bytes are others", s->path);
  version = b[6];
  if (version < 1 || version > 3)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: version %u of the format; allowed: 1, 2, 3", s->path,
             version);
  HPO_TRY(status, hpo_flat_get(s, version == 1 ? 2 : 4, err));
  b = (const uint8_t *)s->body.byte;
  n = b[0] | (size_t)b[1] << 8;
  if (version > 1)
    n |= (size_t)b[2] << 16 | (size_t)b[3] << 24;
  if (n > LONGEST_HEAD)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: a head of %zu bytes; allowed: up to %d", s->path, n,
             LONGEST_HEAD);
  HPO_TRY(status, hpo_flat_get(s, n, err));
  HPO_TRY(status, hpo_buffer_add(&s->body, "", 1, err));
  HPO_TRY(status, hpo_npy_head_parse(s->path, (const char *)s->body.byte,
                                     &s->head, err));
done:
  return status;
}

static hpo_status npy_open(const char *path, const char *dataset,
                           hpo_digest *hash, hpo_array_facts *facts,
                           void **out, hpo_error *err) {
  (void)dataset;
  return hpo_flat_open(path, read_head, hash, facts, out, err);
}

const hpo_array_format hpo_array_npy = {
    .open = npy_open, .read = hpo_flat_read, .close = hpo_flat_close};
