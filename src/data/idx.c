/* SPDX-License-Identifier: BSD-3-Clause */
/* IDX files, as those of MNIST, plain or gzip: two zeros, the type, the
 * number of dimensions, each dimension in 32 bits, the numbers; all with the
 * most significant byte first (http://yann.lecun.com/exdb/mnist). */

#include "flat.h"

static hpo_status read_type(hpo_flat *s, unsigned code, hpo_error *err) {
  static const struct {
    unsigned code;
    char kind;
    size_t size;
  } known[] = {{0x08, 'u', 1}, {0x09, 'i', 1}, {0x0B, 'i', 2},
               {0x0C, 'i', 4}, {0x0D, 'f', 4}, {0x0E, 'f', 8}};
  hpo_status status = HPO_OK;

  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (known[i].code == code) {
      s->head = (hpo_npy_head){
          .kind = known[i].kind, .size = known[i].size, .is_big = true};
      return HPO_OK;
    }
  HPO_FAIL(status, err, HPO_EDATA,
           "%s: type 0x%02x; allowed: 0x08 (ubyte), 0x09 (byte), 0x0b "
           "(short), 0x0c (int), 0x0d (float), 0x0e (double)",
           s->path, code);
done:
  return status;
}

/* The first dimension counts rows, the others are one after another. */
static hpo_status read_dims(hpo_flat *s, unsigned n, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_npy_head *h = &s->head;

  HPO_TRY(status, hpo_flat_get(s, (size_t)4 * n, err));
  h->columns = 1;
  for (unsigned i = 0; i < n; i++) {
    const uint8_t *b = (const uint8_t *)s->body.byte + (size_t)4 * i;
    const size_t dim =
        (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];

    if (dim == 0)
      HPO_FAIL(status, err, HPO_EDATA,
               "%s: the array is empty: dimension %u is 0", s->path, i);
    if (i == 0)
      h->rows = dim;
    else if (h->columns > SIZE_MAX / 4 / 8 / h->rows / dim)
      HPO_FAIL(status, err, HPO_EDATA,
               "%s: the array is larger than any memory", s->path);
    else
      h->columns *= dim;
  }
done:
  return status;
}

static hpo_status read_head(hpo_flat *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  const uint8_t *b;
  unsigned n;

  HPO_TRY(status, hpo_flat_get(s, 4, err));
  b = (const uint8_t *)s->body.byte;
  if (b[0] != 0 || b[1] != 0)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: this is no IDX file: it begins with %02x %02x, not 00 00",
             s->path, b[0], b[1]);
  n = b[3];
  if (n == 0)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: the array has no dimensions; allowed: 1 to 255", s->path);
  HPO_TRY(status, read_type(s, b[2], err));
  HPO_TRY(status, read_dims(s, n, err));
done:
  return status;
}

static hpo_status idx_open(const char *path, const char *dataset,
                           hpo_digest *hash, hpo_array_facts *facts,
                           void **out, hpo_error *err) {
  (void)dataset;
  return hpo_flat_open(path, read_head, hash, facts, out, err);
}

const hpo_array_format hpo_array_idx = {
    .open = idx_open, .read = hpo_flat_read, .close = hpo_flat_close};
