/* SPDX-License-Identifier: BSD-3-Clause */
/* Data sets of HDF5 files as arrays.
 *
 * The hash is of the values, not of the file's bytes: how the data set is
 * chunked and packed does not count, and what else the file holds. */

#include <stdio.h>
#include <string.h>

#include "hpo/h5.h"
#include "hpo/h5_data.h"
#include "hpo/mem.h"
#include "intern.h"
#include "source.h"

typedef struct hdf5 {
  hpo_h5_data *data;
  hpo_h5_data_facts facts;
  hpo_digest *hash; /* borrowed */
  hpo_intern names; /* texts so far */
  double *to;       /* where the next text's number goes */
} hdf5;

static void hdf5_close(void *state) {
  hdf5 *s = state;

  if (s == NULL)
    return;
  hpo_h5_data_close(s->data);
  hpo_intern_free(&s->names);
  hpo_mem_free(s);
}

static hpo_status hdf5_open(const char *path, const char *dataset,
                            hpo_digest *hash, hpo_array_facts *facts,
                            void **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hdf5 *s = NULL;
  char shape[64];

  HPO_TRY(status, hpo_mem_new(1, sizeof *s, &s, err));
  s->hash = hash;
  HPO_TRY(status, hpo_h5_data_open(path, dataset, &s->facts, &s->data, err));
  (void)snprintf(shape, sizeof shape, "%zu %zu\n", s->facts.rows,
                 s->facts.columns);
  hpo_digest_add(hash, shape, strlen(shape));
  facts->rows = (hpo_row)s->facts.rows;
  facts->columns = s->facts.columns;
  facts->is_text = s->facts.is_text;
  *out = s;
  s = NULL;
done:
  hdf5_close(s);
  return status;
}

static hpo_status take_text(void *context, const char *text, size_t n,
                            hpo_error *err) {
  hdf5 *s = context;
  uint32_t number = 0;
  hpo_status status = HPO_OK;

  hpo_digest_add(s->hash, text, n);
  hpo_digest_add(s->hash, "", 1);
  HPO_TRY(status, hpo_intern_add(&s->names, text, n, &number, err));
  *s->to++ = number;
done:
  return status;
}

static hpo_status hdf5_read(void *state, hpo_row first, hpo_row n, double *to,
                            hpo_error *err) {
  static const hpo_h5_column about = {.kind = HPO_H5_F64};
  hpo_status status = HPO_OK;
  hdf5 *s = state;
  const size_t from = (size_t)first, count = (size_t)n;
  const size_t values = count * s->facts.columns;

  if (s->facts.is_text) {
    s->to = to;
    HPO_TRY(status,
            hpo_h5_data_texts(s->data, from, count, take_text, s, err));
    goto done;
  }
  HPO_TRY(status, hpo_h5_data_read(s->data, from, count, to, err));
  hpo_h5_swap(&about, 1, to, values);
  hpo_digest_add(s->hash, to, values * sizeof *to);
  hpo_h5_swap(&about, 1, to, values);
done:
  return status;
}

static const char *hdf5_text(void *state, double x) {
  const hdf5 *s = state;

  return s->facts.is_text ? hpo_intern_get(&s->names, (size_t)x) : NULL;
}

const hpo_array_format hpo_array_hdf5 = {.open = hdf5_open,
                                         .read = hdf5_read,
                                         .text = hdf5_text,
                                         .close = hdf5_close};
