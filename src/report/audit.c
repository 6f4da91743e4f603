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
  hpo_buffer bytes;
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

static int64_t whole(const hpo_record *rows, const char *name, size_t i) {
  const hpo_field *f = hpo_record_find(rows, name);
  return f ? hpo_field_int(f, i) : -1;
}

static int64_t column(const audit *a, const char *name, size_t i) {
  return whole(a->f->trials, name, i);
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

/** Bytes that a row points at. */
typedef struct pointed {
  const char *table;
  int64_t room, at, n, crc; /* room: bytes of the table */
} pointed;

HPO_PRINTF(4, 5)
static hpo_status check_bytes(audit *a, const pointed *p, hpo_error *err,
                              const char *fmt, ...) {
  hpo_status status = HPO_OK;
  hpo_buffer *bytes = &a->bytes;
  char whose[400];
  va_list rest;

  va_start(rest, fmt);
  (void)vsnprintf(whose, sizeof whose, fmt, rest);
  va_end(rest);
  if (!is_inside(p->at, p->n, (size_t)p->room))
    return add_fault(a->to, err, "%s is cut off", whose);
  HPO_TRY(status,
          hpo_mem_grow(&bytes->byte, &bytes->capacity, (size_t)p->n, 1, err));
  if (hpo_store_read_bytes(a->f->store, p->table, (size_t)p->at, (size_t)p->n,
                           bytes->byte, err) != HPO_OK ||
      (int64_t)hpo_file_crc32(0, bytes->byte, (size_t)p->n) != p->crc)
    HPO_TRY(status,
            add_fault(a->to, err, "the bytes of %s do not have their checksum",
                      whose));
done:
  return status;
}

/** A model, of a trial or trained again, as a row tells of it. */
static pointed model_of(audit *a, const hpo_record *rows, size_t i) {
  const pointed p = {.table = HPO_TABLE_MODELS,
                     .room = (int64_t)a->to->room,
                     .at = whole(rows, "model_offset", i),
                     .n = whole(rows, "model_length", i),
                     .crc = whole(rows, "model_crc", i)};

  if (p.at >= 0 && p.n > 0) {
    a->to->models++;
    a->to->model_bytes += (uint64_t)p.n;
  }
  return p;
}

static hpo_status check_model(audit *a, size_t i, hpo_error *err) {
  const pointed p = model_of(a, a->f->trials, i);

  return p.at < 0 || p.n <= 0
             ? HPO_OK
             : check_bytes(a, &p, err, "trial %zu's model", i);
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

static hpo_status check_refits(audit *a, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *rows = NULL;
  uint8_t *good = NULL;
  size_t n = 0, room = 0;

  HPO_TRY(status, hpo_store_read(a->f->store, HPO_TABLE_REFITS, 0, SIZE_MAX,
                                 NULL, 0, &rows, &good, err));
  HPO_TRY(status, hpo_store_rows(a->f->store, HPO_TABLE_MODELS, &room, err));
  a->to->room = room; /* a running study may have added some */
  n = hpo_record_find(rows, "trial")->n;
  for (size_t i = 0; i < n; i++) {
    const pointed p = model_of(a, rows, i);
    if (good[i])
      HPO_TRY(status, check_bytes(a, &p, err,
                                  "trial %lld's model, trained again on %lld "
                                  "rows,",
                                  (long long)whole(rows, "trial", i),
                                  (long long)whole(rows, "rows", i)));
  }
done:
  hpo_record_destroy(rows);
  hpo_mem_free(good);
  return status;
}

static hpo_status check_artifacts(audit *a, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *rows = NULL;
  uint8_t *good = NULL;
  char name[257];
  size_t n = 0, room = 0;

  HPO_TRY(status, hpo_store_read(a->f->store, HPO_TABLE_ARTIFACTS, 0, SIZE_MAX,
                                 NULL, 0, &rows, &good, err));
  HPO_TRY(status,
          hpo_store_rows(a->f->store, HPO_TABLE_ARTIFACT_BYTES, &room, err));
  n = hpo_record_find(rows, "trial")->n;
  for (size_t i = 0; i < n; i++) {
    const pointed p = {.table = HPO_TABLE_ARTIFACT_BYTES,
                       .room = (int64_t)room,
                       .at = whole(rows, "offset", i),
                       .n = whole(rows, "length", i),
                       .crc = whole(rows, "content_crc", i)};
    hpo_field_text(hpo_record_find(rows, "name"), i, name, sizeof name);
    if (good[i])
      HPO_TRY(status, check_bytes(a, &p, err, "file %zu, %s,", i, name));
  }
done:
  hpo_record_destroy(rows);
  hpo_mem_free(good);
  return status;
}

/** Rows of a table against their own checksums; the last `spared` may be torn
 *  by a kill. */
static hpo_status check_rows(audit *a, const char *table, size_t spared,
                             hpo_error *err) {
  enum { BLOCK = 65536 };
  hpo_status status = HPO_OK;
  hpo_record *rows = NULL;
  uint8_t *good = NULL;
  size_t n = 0;

  HPO_TRY(status, hpo_store_rows(a->f->store, table, &n, err));
  for (size_t at = 0; at < n; at += BLOCK) {
    const size_t m = n - at < BLOCK ? n - at : BLOCK;
    HPO_TRY(status, hpo_store_read(a->f->store, table, at, m, NULL, 0, &rows,
                                   &good, err));
    for (size_t i = 0; i < m && at + i + spared < n; i++)
      if (!good[i])
        HPO_TRY(status,
                add_fault(a->to, err, "row %zu of %s is torn", at + i, table));
    hpo_record_destroy(rows);
    hpo_mem_free(good);
    rows = NULL;
    good = NULL;
  }
done:
  hpo_record_destroy(rows);
  hpo_mem_free(good);
  return status;
}

/** Tables beside /trials and what they point at; files of older versions may
 *  lack some. */
static hpo_status check_tables(audit *a, hpo_error *err) {
  static const char *const table[] = {
      HPO_TABLE_DECISIONS, HPO_TABLE_SESSIONS,  HPO_TABLE_PARETO,
      HPO_TABLE_WINNER,    HPO_TABLE_CONFUSION, HPO_TABLE_TEST_SCORES,
      HPO_TABLE_ROC,       HPO_TABLE_TAGS,      HPO_TABLE_NOTES,
      HPO_TABLE_REFITS,    HPO_TABLE_ARTIFACTS};
  hpo_status status = HPO_OK;

  for (size_t k = 0; k < sizeof table / sizeof *table; k++)
    if (hpo_store_has(a->f->store, table[k]))
      HPO_TRY(status,
              check_rows(a, table[k],
                         strcmp(table[k], HPO_TABLE_SESSIONS) == 0, err));
  if (hpo_store_has(a->f->store, HPO_TABLE_REFITS))
    HPO_TRY(status, check_refits(a, err));
  if (hpo_store_has(a->f->store, HPO_TABLE_ARTIFACTS))
    HPO_TRY(status, check_artifacts(a, err));
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
  HPO_TRY(status, check_tables(&a, err));
  HPO_TRY(status, check_facts(&a, err));
  *out = made;
  made = (hpo_audit){0};
done:
  hpo_record_destroy(a.curves);
  hpo_buffer_free(&a.bytes);
  hpo_audit_free(&made);
  return status;
}

void hpo_audit_free(hpo_audit *a) { hpo_names_free(&a->fault); }
