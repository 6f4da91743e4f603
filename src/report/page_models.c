/* SPDX-License-Identifier: BSD-3-Clause */
/* The best stored models for the report page: the features that they use,
 * and what they say of the validation rows. */
#include "hpo/importance.h"
#include "hpo/layout.h"
#include "hpo/mem.h"
#include "report/json.h"
#include "report/page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_MODELS = 3, MOST_FEATURES = 25 };

/* --- rows of one model ----------------------------------------------------
 */

static hpo_status offset_at(const hpo_study_file *f, const char *table,
                            size_t i, int64_t *out, hpo_error *err) {
  static const char *const column[] = {"model_offset"};
  hpo_status status = HPO_OK;
  hpo_record *row = NULL;

  HPO_TRY(status,
          hpo_store_read(f->store, table, i, 1, column, 1, &row, NULL, err));
  *out = hpo_field_int(&row->field[0], 0);
done:
  hpo_record_destroy(row);
  return status;
}

/* First row whose model begins at `offset` or later: rows stand in the order
 * of the models. */
static hpo_status lower_bound(const hpo_study_file *f, const char *table,
                              size_t n, int64_t offset, size_t *out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t low = 0, high = n;

  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int64_t there = 0;
    HPO_TRY(status, offset_at(f, table, middle, &there, err));
    if (there < offset)
      low = middle + 1;
    else
      high = middle;
  }
  *out = low;
done:
  return status;
}

static hpo_status rows_of(const hpo_study_file *f, const char *table,
                          size_t trial, hpo_record **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  int64_t offset =
      hpo_field_int(hpo_record_find(f->trials, "model_offset"), trial);
  size_t n = 0, from = 0, to = 0;

  HPO_TRY(status, hpo_store_rows(f->store, table, &n, err));
  HPO_TRY(status, lower_bound(f, table, n, offset, &from, err));
  HPO_TRY(status, lower_bound(f, table, n, offset + 1, &to, err));
  HPO_TRY(status, hpo_store_read(f->store, table, from, to - from, NULL, 0,
                                 out, NULL, err));
done:
  return status;
}

/* --- its parts ------------------------------------------------------------
 */

/* ,"name":[ items of a field ] */
static hpo_status add_numbers(hpo_buffer *out, const char *name,
                              const hpo_record *rows, const char *column,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *f = hpo_record_find(rows, column);

  HPO_TRY(status, hpo_buffer_format(out, err, ",\"%s\":[", name));
  for (size_t i = 0; f && i < f->n; i++) {
    HPO_TRY(status, hpo_buffer_add(out, ",", i > 0, err));
    HPO_TRY(status, hpo_json_number(out, hpo_field_number(f, i), err));
  }
  HPO_TRY(status, hpo_buffer_add(out, "]", 1, err));
done:
  return status;
}

static hpo_status add_tally(const hpo_study_file *f, size_t trial,
                            hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *cells = NULL, *points = NULL;

  if (!hpo_store_has(f->store, HPO_TABLE_CONFUSION) ||
      !hpo_store_has(f->store, HPO_TABLE_ROC))
    return HPO_OK;
  HPO_TRY(status, rows_of(f, HPO_TABLE_CONFUSION, trial, &cells, err));
  HPO_TRY(status, add_numbers(out, "truth", cells, "truth", err));
  HPO_TRY(status, add_numbers(out, "predicted", cells, "predicted", err));
  HPO_TRY(status, add_numbers(out, "weight", cells, "weight", err));
  HPO_TRY(status, rows_of(f, HPO_TABLE_ROC, trial, &points, err));
  HPO_TRY(status, add_numbers(out, "positive", points, "positive", err));
  HPO_TRY(status, add_numbers(out, "threshold", points, "threshold", err));
  HPO_TRY(status, add_numbers(out, "hits", points, "true_positives", err));
  HPO_TRY(status, add_numbers(out, "alarms", points, "false_positives", err));
done:
  hpo_record_destroy(cells);
  hpo_record_destroy(points);
  return status;
}

/* Left out where the model doesn't say. */
static hpo_status add_features(const hpo_study_file *f, size_t trial,
                               hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_features h = {.n_kind = 0};
  hpo_error none = {0};

  if (hpo_study_features(f, trial, &h, &none) != HPO_OK)
    return HPO_OK;
  HPO_TRY(status, hpo_buffer_format(out, err, ",\"used\":%zu,\"features\":[",
                                    h.name.n));
  for (size_t i = 0; i < h.name.n && i < MOST_FEATURES; i++) {
    HPO_TRY(status, hpo_buffer_format(out, err, "%s[", i ? "," : ""));
    HPO_TRY(status, hpo_json_text(out, h.name.item[i], err));
    for (size_t k = 0; k < h.n_kind; k++) {
      HPO_TRY(status, hpo_buffer_add(out, ",", 1, err));
      HPO_TRY(status, hpo_json_number(out, h.score[i * h.n_kind + k], err));
    }
    HPO_TRY(status, hpo_buffer_add(out, "]", 1, err));
  }
  HPO_TRY(status, hpo_buffer_format(out, err, "],\"kinds\":["));
  for (size_t k = 0; k < h.n_kind; k++)
    HPO_TRY(status,
            hpo_buffer_format(out, err, "%s\"%s\"", k ? "," : "", h.kind[k]));
  HPO_TRY(status, hpo_buffer_add(out, "]", 1, err));
done:
  hpo_features_free(&h);
  return status;
}

/* --- which ----------------------------------------------------------------
 */

/* The best complete trials that have a model, the best first. */
static size_t best_with_model(const hpo_study_file *f, size_t *out) {
  hpo_outcome top[MOST_MODELS], o;
  size_t n = 0;

  for (size_t i = 0; i < f->n; i++) {
    if (!hpo_study_file_outcome(f, i, &o) || !hpo_study_file_has_model(f, i))
      continue;
    size_t k = n;
    for (; k > 0 && hpo_study_file_beats(&o, &top[k - 1]); k--)
      if (k < MOST_MODELS) {
        top[k] = top[k - 1];
        out[k] = out[k - 1];
      }
    if (k == MOST_MODELS)
      continue;
    top[k] = o;
    out[k] = i;
    n += n < MOST_MODELS;
  }
  return n;
}

static hpo_status add_classes(const hpo_study_file *f, hpo_buffer *out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *data = NULL;
  hpo_error none = {0};
  const hpo_field *names = NULL;

  if (hpo_store_read_facts(f->store, HPO_FACTS_DATA, &data, &none) == HPO_OK)
    names = hpo_record_find(data, "classes");
  HPO_TRY(status, hpo_buffer_format(out, err, ",\n\"classes\":["));
  for (size_t i = 0; names && i < names->n && i < HPO_TALLY_MOST_CLASSES;
       i++) {
    char text[256];
    hpo_field_text(names, i, text, sizeof text);
    HPO_TRY(status, hpo_buffer_add(out, ",", i > 0, err));
    HPO_TRY(status, hpo_json_text(out, text, err));
  }
  HPO_TRY(status, hpo_buffer_add(out, "]", 1, err));
done:
  hpo_record_destroy(data);
  return status;
}

hpo_status hpo_page_models(const hpo_study_file *f, hpo_buffer *out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t trial[MOST_MODELS] = {0}, n = best_with_model(f, trial);

  HPO_TRY(status, add_classes(f, out, err));
  HPO_TRY(status, hpo_buffer_format(out, err, ",\n\"models\":["));
  for (size_t k = 0; k < n; k++) {
    HPO_TRY(status, hpo_buffer_format(out, err, "%s{\"trial\":%zu",
                                      k ? ",\n" : "", trial[k]));
    HPO_TRY(status, add_tally(f, trial[k], out, err));
    HPO_TRY(status, add_features(f, trial[k], out, err));
    HPO_TRY(status, hpo_buffer_add(out, "}", 1, err));
  }
  HPO_TRY(status, hpo_buffer_add(out, "]", 1, err));
done:
  return status;
}
