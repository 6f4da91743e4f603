/* SPDX-License-Identifier: BSD-3-Clause */
/* Random ugly records for round-trip tests. */
#include "hpo/record.h"

#include "hpo/mem.h"
#include "hpo/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const ugly[] = {"",
                                   "a",
                                   "params.x0",
                                   "with space",
                                   "Zürich",
                                   "quo\"te'",
                                   "日本",
                                   "1e-300",
                                   "<&>",
                                   "none",
                                   "semi;colon, comma"};
#define N_UGLY (sizeof ugly / sizeof *ugly)

static const char *ugly_text(hpo_rng *rng) {
  return ugly[hpo_rng_below(rng, N_UGLY)];
}

static double ugly_number(hpo_rng *rng) {
  static const double special[] = {0.0, -0.0, 1.0, 0x1p-1074, 1.7e308};

  switch (hpo_rng_below(rng, 4)) {
  case 0:
    return hpo_rng_below(rng, 2) ? (double)NAN : -(double)INFINITY;
  case 1:
    return special[hpo_rng_below(rng, 5)];
  default:
    return (hpo_rng_next(rng) - 0.5) * 1e6;
  }
}

static hpo_status add_enum(hpo_record *r, hpo_rng *rng, const char *name,
                           size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n_choice = 1 + hpo_rng_below(rng, N_UGLY - 1);
  int32_t *item = NULL;

  HPO_TRY(status, hpo_mem_new(n, sizeof *item, &item, err));
  for (size_t i = 0; i < n; i++)
    item[i] = (int32_t)hpo_rng_below(rng, n_choice + 1) - 1;
  HPO_TRY(status, hpo_record_add_enum(r, name, ugly + 1, n_choice, item, n,
                                      ugly_text(rng), err));
done:
  hpo_mem_free(item);
  return status;
}

static void fill_field(hpo_field *f, hpo_rng *rng) {
  for (size_t i = 0; i < f->n; i++) {
    if (f->type == HPO_FIELD_TEXT)
      hpo_field_set_text(f, i, ugly_text(rng));
    else if (f->type == HPO_FIELD_FLOAT || f->type == HPO_FIELD_F32)
      hpo_field_set_number(f, i,
                           f->type == HPO_FIELD_F32
                               ? fmin(ugly_number(rng), 1e30)
                               : ugly_number(rng));
    else if (f->type == HPO_FIELD_INT && hpo_rng_below(rng, 4) == 0)
      hpo_field_set_int(f, i, INT64_MIN);
    else
      hpo_field_set_int(f, i, (int64_t)hpo_rng_below(rng, 256));
  }
}

static hpo_status add_sample_field(hpo_record *r, hpo_rng *rng, size_t k,
                                   hpo_error *err) {
  static const hpo_field_type types[] = {
      HPO_FIELD_INT, HPO_FIELD_FLOAT, HPO_FIELD_F32, HPO_FIELD_I32,
      HPO_FIELD_U8,  HPO_FIELD_ENUM,  HPO_FIELD_TEXT};
  hpo_status status = HPO_OK;
  hpo_field_type type = types[hpo_rng_below(rng, 7)];
  size_t n = hpo_rng_below(rng, 3) == 0 ? hpo_rng_below(rng, 20) : 1;
  char name[64];

  snprintf(name, sizeof name, "%s#%zu", ugly_text(rng), k);
  if (type == HPO_FIELD_ENUM) {
    HPO_TRY(status, add_enum(r, rng, name, n, err));
  } else if (type != HPO_FIELD_TEXT && hpo_rng_below(rng, 4) == 0) {
    HPO_TRY(status, hpo_record_add_matrix(
                        r, name, type, NULL, n, hpo_rng_below(rng, 4),
                        ugly_text(rng), ugly_text(rng), err));
  } else {
    HPO_TRY(status,
            hpo_record_add(r, name, type, 1 + hpo_rng_below(rng, 20), NULL, n,
                           ugly_text(rng), ugly_text(rng), err));
  }
  if (type != HPO_FIELD_ENUM)
    fill_field(&r->field[r->n_field - 1], rng);
done:
  return status;
}

hpo_status hpo_record_sample(uint64_t seed, hpo_record **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_rng rng = hpo_rng_make(seed, HPO_RNG_TEST, 1, 0);
  hpo_record *r = NULL;
  size_t n = hpo_rng_below(&rng, 16);

  HPO_TRY(status, hpo_record_create(ugly_text(&rng), &r, err));
  for (size_t k = 0; k < n; k++)
    HPO_TRY(status, add_sample_field(r, &rng, k, err));
  *out = r;
  r = NULL;
done:
  hpo_record_destroy(r);
  return status;
}
