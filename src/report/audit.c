/* SPDX-License-Identifier: BSD-3-Clause */
/* A study file looked through: what it holds and what is damaged. */
#include "hpo/audit.h"

#include "hpo/file.h"
#include "hpo/layout.h"
#include "hpo/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/** Work in hand. */
typedef struct audit {
  const hpo_study_file *f;
  hpo_record *curves; /* column trial alone */
  const hpo_field *curve_trial;
  hpo_audit *to;
  hpo_buffer model;
} audit;

HPO_PRINTF(3, 4)
static hpo_status add_fault(hpo_audit *a, hpo_error *err, const char *fmt,
                            ...) {
  char text[512];
  va_list rest;

  if (a->n_fault++ >= HPO_AUDIT_TOLD)
    return HPO_OK;
  va_start(rest, fmt);
  (void)vsnprintf(text, sizeof text, fmt, rest);
  va_end(rest);
  return hpo_names_add(&a->fault, text, err);
}

static int64_t column(const audit *a, const char *name, size_t i) {
  const hpo_field *f = hpo_record_find(a->f->trials, name);
  return f ? hpo_field_int(f, i) : -1;
}

/** That rows at .. at+n-1 of a table are there. */
static bool is_inside(int64_t at, int64_t n, size_t rows) {
  return at >= 0 && n >= 0 && (uint64_t)at <= rows &&
         (uint64_t)n <= rows - (uint64_t)at;
}

static hpo_status check_curve(audit *a, size_t i, hpo_error *err) {
  int64_t at = column(a, "curve_offset", i), n = column(a, "curve_length", i);
  bool good = true;

  if (n <= 0)
    return HPO_OK;
  if (!is_inside(at, n, a->to->curve_rows))
    return add_fault(a->to, err, "the curve of trial %zu is cut off", i);
  for (int64_t k = at; k < at + n && a->curve_trial; k++)
    good = good && hpo_field_int(a->curve_trial, (size_t)k) == (int64_t)i;
  return good ? HPO_OK
              : add_fault(a->to, err,
                          "the curve of trial %zu holds another trial's "
                          "points",
                          i);
}

static hpo_status check_model(audit *a, size_t i, hpo_error *err) {
  hpo_status status = HPO_OK;
  int64_t at = column(a, "model_offset", i), n = column(a, "model_length", i);

  if (at < 0 || n <= 0)
    goto done;
  a->to->models++;
  a->to->model_bytes += (uint64_t)n;
  if (!is_inside(at, n, (size_t)a->to->room)) {
    HPO_TRY(status,
            add_fault(a->to, err, "the model of trial %zu is cut off", i));
    goto done;
  }
  HPO_TRY(status,
          hpo_mem_grow(&a->model.byte, &a->model.capacity, (size_t)n, 1, err));
  if (hpo_store_read_bytes(a->f->store, HPO_TABLE_MODELS, (size_t)at,
                           (size_t)n, a->model.byte, err) != HPO_OK ||
      (int64_t)hpo_file_crc32(0, a->model.byte, (size_t)n) !=
          column(a, "model_crc", i))
    HPO_TRY(status, add_fault(a->to, err,
                              "the bytes of trial %zu's model do not have "
                              "their checksum",
                              i));
done:
  return status;
}

static hpo_status check_trials(audit *a, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t i = 0; i < a->f->n; i++) {
    if (!a->f->good[i]) {
      a->to->torn++;
      continue;
    }
    if (column(a, "number", i) != (int64_t)i)
      HPO_TRY(status, add_fault(a->to, err,
                                "row %zu of %s says it is trial "
                                "%lld",
                                i, HPO_TABLE_TRIALS,
                                (long long)column(a, "number", i)));
    HPO_TRY(status, check_curve(a, i, err));
    HPO_TRY(status, check_model(a, i, err));
  }
done:
  return status;
}

/** What was written once has checksums of its own, which reading checks; what
 *  /study holds was read when the file was opened. */
static hpo_status check_facts(audit *a, hpo_error *err) {
  static const char *const path[] = {HPO_FACTS_COLUMNS, HPO_FACTS_DATA};
  hpo_status status = HPO_OK;
  char has_data[8];

  (void)hpo_study_file_setting(a->f, "has_data", has_data, sizeof has_data);
  for (size_t k = 0; k < (strcmp(has_data, "yes") == 0 ? 2U : 1U); k++) {
    hpo_record *record = NULL;
    hpo_error why = {0};
    status = hpo_store_read_facts(a->f->store, path[k], &record, &why);
    hpo_record_destroy(record);
    if (status != HPO_OK)
      HPO_TRY(status, add_fault(a->to, err, "%s", why.text));
  }
done:
  return status;
}

hpo_status hpo_audit_make(const hpo_study_file *f, hpo_audit *out,
                          hpo_error *err) {
  static const char *const trial[] = {"trial"};
  hpo_status status = HPO_OK;
  hpo_audit made = {0};
  audit a = {.f = f, .to = &made};
  size_t room = 0;

  HPO_TRY(status, hpo_store_read(f->store, HPO_TABLE_CURVES, 0, SIZE_MAX,
                                 trial, 1, &a.curves, NULL, err));
  a.curve_trial = hpo_record_find(a.curves, "trial");
  made.curve_rows = a.curve_trial ? a.curve_trial->n : 0;
  HPO_TRY(status, hpo_store_rows(f->store, HPO_TABLE_MODELS, &room, err));
  made.room = room;
  HPO_TRY(status, check_trials(&a, err));
  HPO_TRY(status, check_facts(&a, err));
  *out = made;
  made = (hpo_audit){0};
done:
  hpo_record_destroy(a.curves);
  hpo_buffer_free(&a.model);
  hpo_audit_free(&made);
  return status;
}

void hpo_audit_free(hpo_audit *a) { hpo_names_free(&a->fault); }
