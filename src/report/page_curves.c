/* SPDX-License-Identifier: BSD-3-Clause */
/* Learning curves for the report page: the mean over folds, thinned. */
#include "hpo/layout.h"
#include "hpo/mem.h"
#include "report/json.h"
#include "report/page.h"

#include <stdio.h>
#include <string.h>

enum { MOST_CURVES = 150, MOST_POINTS = 40 };

/* A trial's objective after each step, the mean over its folds. */
typedef struct curve {
  double *value; /* [n] sum, then mean, by step - first */
  int *count;
  int64_t first;
  size_t n;
} curve;

static hpo_status fold_mean(const hpo_record *rows, int32_t metric, curve *out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *step = hpo_record_find(rows, "step");
  const hpo_field *which = hpo_record_find(rows, "metric");
  const hpo_field *value = hpo_record_find(rows, "value");
  int64_t low = INT64_MAX, high = INT64_MIN;

  for (size_t i = 0; i < step->n; i++) {
    int64_t s = hpo_field_int(step, i);
    low = s < low ? s : low;
    high = s > high ? s : high;
  }
  if (step->n == 0 || high - low > 10000000)
    return HPO_OK;
  out->first = low;
  out->n = (size_t)(high - low + 1);
  HPO_TRY(status, hpo_mem_new(out->n, sizeof *out->value, &out->value, err));
  HPO_TRY(status, hpo_mem_new(out->n, sizeof *out->count, &out->count, err));
  for (size_t i = 0; i < step->n; i++) {
    size_t at = (size_t)(hpo_field_int(step, i) - low);
    if (hpo_field_int(which, i) != metric)
      continue;
    out->value[at] += hpo_field_number(value, i);
    out->count[at]++;
  }
done:
  return status;
}

/* About MOST_POINTS of its points, the first and the last among them. */
static hpo_status add_points(const curve *c, hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t stride = (c->n + MOST_POINTS - 1) / MOST_POINTS;

  for (int pass = 0; pass < 2; pass++) {
    const char *sign = pass ? "],\"value\":[" : ",\"step\":[";
    for (size_t i = 0; i < c->n; i++) {
      if ((i % stride != 0 && i + 1 != c->n) || c->count[i] == 0)
        continue;
      HPO_TRY(status, hpo_buffer_format(out, err, "%s", sign));
      HPO_TRY(status, hpo_json_number(out,
                                      pass ? c->value[i] / c->count[i]
                                           : (double)(c->first + (int64_t)i),
                                      err));
      sign = ",";
    }
    if (*sign != ',' || sign[1])
      HPO_TRY(status, hpo_buffer_format(out, err, "%s", sign));
  }
  HPO_TRY(status, hpo_buffer_format(out, err, "]}"));
done:
  return status;
}

static hpo_status add_curve(const hpo_study_file *f, size_t i,
                            const char *objective, const char *sign,
                            hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *at = hpo_record_find(f->trials, "curve_offset");
  const hpo_field *length = hpo_record_find(f->trials, "curve_length");
  hpo_record *rows = NULL;
  curve c = {0};
  int32_t metric = 0;
  char text[64];

  HPO_TRY(status, hpo_store_read(f->store, HPO_TABLE_CURVES,
                                 (size_t)hpo_field_int(at, i),
                                 (size_t)hpo_field_int(length, i), NULL, 0,
                                 &rows, NULL, err));
  const hpo_field *which = hpo_record_find(rows, "metric");
  for (size_t k = 0; k < which->n_choice; k++)
    if (strcmp(which->choice[k], objective) == 0)
      metric = (int32_t)k;
  HPO_TRY(status, fold_mean(rows, metric, &c, err));
  snprintf(text, sizeof text, "%s{\"trial\":%zu,\"metric\":", sign, i);
  HPO_TRY(status, hpo_buffer_format(out, err, "%s", text));
  HPO_TRY(status, hpo_json_text(out, objective, err));
  HPO_TRY(status, add_points(&c, out, err));
done:
  hpo_mem_free(c.value);
  hpo_mem_free(c.count);
  hpo_record_destroy(rows);
  return status;
}

/* The best trial's curve, and an even share of the others. */
hpo_status hpo_page_curves(const hpo_study_file *f, const uint8_t *keep,
                           const char *objective, hpo_buffer *out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *length = hpo_record_find(f->trials, "curve_length");
  ptrdiff_t best = hpo_study_file_best(f);
  size_t with = 0, drawn = 0, seen = 0;
  const char *sign = "";

  for (size_t i = 0; i < f->n; i++) {
    bool has = f->good[i] && hpo_field_int(length, i) > 0;
    with += has;
    drawn += has && keep[i];
  }
  HPO_TRY(status, hpo_buffer_format(out, err, ",\n\"curves\":["));
  for (size_t i = 0; i < f->n; i++) {
    if (!keep[i] || !f->good[i] || hpo_field_int(length, i) < 1)
      continue;
    size_t k = seen++;
    bool wanted = drawn <= MOST_CURVES || (ptrdiff_t)i == best ||
                  k * MOST_CURVES / drawn != (k + 1) * MOST_CURVES / drawn;
    if (!wanted)
      continue;
    HPO_TRY(status, add_curve(f, i, objective, sign, out, err));
    sign = ",\n";
  }
  HPO_TRY(status,
          hpo_buffer_format(out, err, "],\n\"with_curves\":%zu", with));
done:
  return status;
}
