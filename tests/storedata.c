/* SPDX-License-Identifier: BSD-3-Clause */
/* A small study file whose trials are functions of their number. */
#include "storedata.h"

#include "hpo/file.h"
#include "hpo/mem.h"

#include <stdio.h>
#include <string.h>

static const char *const states[] = {"waiting", "running", "complete"};
static const char *const metrics[] = {"logloss", "none", "f1"};
static const char xml[] = "<study name=\"zürich\"/>\n";

size_t storedata_model_bytes(int64_t number) {
  return 100 + (size_t)(37 * number % 1000);
}

void storedata_model(int64_t number, uint8_t *to) {
  for (size_t i = 0; i < storedata_model_bytes(number); i++)
    to[i] = (uint8_t)(31 * (size_t)number + 7 * i);
}

static int64_t curve_points(int64_t number) { return 1 + number % 20; }

hpo_status storedata_row(int64_t number, bool complete, int64_t curve_offset,
                         int64_t model_offset, hpo_record **out,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  int32_t state = complete ? 2 : 1;
  char text[32];
  hpo_record *r = NULL;

  HPO_TRY(status, hpo_record_create("/trials", &r, err));
  HPO_TRY(status, hpo_record_add_int(r, "number", number, "", "trial", err));
  HPO_TRY(status, hpo_record_add_enum(r, "state", states, 3, &state, 1,
                                      "where it stands", err));
  HPO_TRY(status, hpo_record_add_float(r, "value", (double)number / 7, "",
                                       "the objective", err));
  for (size_t k = 0; k < STOREDATA_PARAMS; k++) {
    snprintf(text, sizeof text, "params.x%zu", k);
    HPO_TRY(status, hpo_record_add_float(r, text, (double)k / 3, "m",
                                         "a parameter", err));
  }
  snprintf(text, sizeof text, "nöde%lld", (long long)number);
  HPO_TRY(status, hpo_record_add_text(r, "host", text, 16, "host", err));
  HPO_TRY(status, hpo_record_add_int(r, "curve_offset", curve_offset, "rows",
                                     "first row in /curves", err));
  HPO_TRY(status, hpo_record_add_int(r, "model_offset", model_offset, "bytes",
                                     "first byte in /models", err));
  *out = r;
  r = NULL;
done:
  hpo_record_destroy(r);
  return status;
}

hpo_status storedata_curve(int64_t number, hpo_record **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = (size_t)curve_points(number);
  hpo_record *r = NULL;

  HPO_TRY(status, hpo_record_create("/curves", &r, err));
  HPO_TRY(status, hpo_record_add(r, "trial", HPO_FIELD_INT, 0, NULL, n, "",
                                 "trial", err));
  HPO_TRY(status, hpo_record_add(r, "step", HPO_FIELD_I32, 0, NULL, n, "",
                                 "step", err));
  HPO_TRY(status, hpo_record_add_enum(r, "metric", metrics, 3, NULL, n,
                                      "metric", err));
  HPO_TRY(status, hpo_record_add(r, "value", HPO_FIELD_FLOAT, 0, NULL, n, "",
                                 "value", err));
  for (size_t i = 0; i < n; i++) {
    hpo_field_set_int(&r->field[0], i, number);
    hpo_field_set_int(&r->field[1], i, (int64_t)i + 1);
    hpo_field_set_int(&r->field[2], i, (int64_t)(i % 4) - 1);
    hpo_field_set_number(&r->field[3], i,
                         (double)number + (double)(i + 1) / 64);
  }
  *out = r;
  r = NULL;
done:
  hpo_record_destroy(r);
  return status;
}

static hpo_status facts(hpo_record **root, hpo_record **study,
                        hpo_record **data, hpo_error *err) {
  static const float cuts[] = {0.5f, 1.5f, 2.5f, -1.0f, 0.0f, 1e30f};
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_record_create("/", root, err));
  HPO_TRY(status,
          hpo_record_add_text(*root, "format", HPO_STORE_FORMAT, 0, "", err));
  HPO_TRY(status, hpo_record_add_int(*root, "format_version",
                                     HPO_STORE_VERSION, "", "", err));
  HPO_TRY(status, hpo_record_add_text(*root, "name", "zürich", 0, "", err));
  HPO_TRY(status, hpo_record_create("/study", study, err));
  HPO_TRY(status,
          hpo_record_add(*study, "xml", HPO_FIELD_U8, 0, xml, sizeof xml - 1,
                         "bytes", "the study file, verbatim", err));
  HPO_TRY(status, hpo_record_create("/data", data, err));
  HPO_TRY(status, hpo_record_add_matrix(*data, "cuts", HPO_FIELD_F32, cuts, 2,
                                        3, "", "cut points by feature", err));
  HPO_TRY(status, hpo_record_add_int(*data, "rows", 4898, "rows", "", err));
  HPO_TRY(status, hpo_record_add(*data, "nothing", HPO_FIELD_INT, 0, NULL, 0,
                                 "", "an empty array", err));
done:
  return status;
}

hpo_status storedata_create(const char *path, bool overwrite, size_t chunk,
                            hpo_store **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *root = NULL;
  hpo_record *study = NULL;
  hpo_record *data = NULL;
  hpo_record *row = NULL;
  hpo_record *curve = NULL;

  HPO_TRY(status, facts(&root, &study, &data, err));
  HPO_TRY(status, storedata_row(0, false, 0, 0, &row, err));
  HPO_TRY(status, storedata_curve(0, &curve, err));
  const hpo_store_table table[] = {
      {"/trials", row, chunk, true, "one row per trial"},
      {"/curves", curve, 4 * chunk, true, "one row per point"},
      {"/models", NULL, 1024 * chunk, false, "models, one after the other"}};
  const hpo_store_facts fact[] = {{"/study", study}, {"/data", data}};
  HPO_TRY(status, hpo_store_create(path, overwrite, table, 3, fact, 2, root,
                                   out, err));
done:
  hpo_record_destroy(root);
  hpo_record_destroy(study);
  hpo_record_destroy(data);
  hpo_record_destroy(row);
  hpo_record_destroy(curve);
  return status;
}

static hpo_status put_row(hpo_store *s, int64_t number, bool complete,
                          size_t curve, size_t model, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *row = NULL;
  size_t rows = 0;

  HPO_TRY(status, hpo_store_rows(s, "/trials", &rows, err));
  HPO_TRY(status, storedata_row(number, complete, (int64_t)curve,
                                (int64_t)model, &row, err));
  if (rows > (size_t)number)
    HPO_TRY(status, hpo_store_put(s, "/trials", (size_t)number, row, err));
  else
    HPO_TRY(status, hpo_store_append(s, "/trials", row, NULL, err));
done:
  hpo_record_destroy(row);
  return status;
}

hpo_status storedata_add(hpo_store *s, int64_t number, hpo_error *err) {
  static const char *const before[] = {"/curves", "/models"};
  static const char *const after[] = {"/trials"};
  hpo_status status = HPO_OK;
  hpo_record *curve = NULL;
  uint8_t model[1200];
  size_t at_curve = 0;
  size_t at_model = 0;

  HPO_TRY(status, put_row(s, number, false, 0, 0, err));
  HPO_TRY(status, storedata_curve(number, &curve, err));
  HPO_TRY(status, hpo_store_append(s, "/curves", curve, &at_curve, err));
  storedata_model(number, model);
  HPO_TRY(status, hpo_store_append_bytes(s, "/models", model,
                                         storedata_model_bytes(number),
                                         &at_model, err));
  HPO_TRY(status, hpo_store_flush(s, before, 2, err));
  HPO_TRY(status, put_row(s, number, true, at_curve, at_model, err));
  HPO_TRY(status, hpo_store_flush(s, after, 1, err));
done:
  hpo_record_destroy(curve);
  return status;
}

static hpo_status check_curve(hpo_store *s, int64_t number, size_t at,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *have = NULL;
  hpo_record *want = NULL;
  uint8_t *good = NULL;

  HPO_TRY(status, storedata_curve(number, &want, err));
  HPO_TRY(status, hpo_store_read(s, "/curves", at, want->field[0].n, NULL, 0,
                                 &have, &good, err));
  for (size_t i = 0; i < want->field[0].n; i++)
    if (!good[i])
      HPO_FAIL(status, err, HPO_EDATA, "trial %d: curve crc", (int)number);
  if (!hpo_record_equal(have, want))
    HPO_FAIL(status, err, HPO_EDATA, "trial %d: curve", (int)number);
done:
  hpo_mem_free(good);
  hpo_record_destroy(have);
  hpo_record_destroy(want);
  return status;
}

static hpo_status check_model(hpo_store *s, int64_t number, size_t at,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = storedata_model_bytes(number);
  uint8_t have[1200];
  uint8_t want[1200];

  HPO_TRY(status, hpo_store_read_bytes(s, "/models", at, n, have, err));
  storedata_model(number, want);
  if (memcmp(have, want, n) != 0)
    HPO_FAIL(status, err, HPO_EDATA, "trial %d: model", (int)number);
done:
  return status;
}

hpo_status storedata_check(hpo_store *s, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *r = NULL;
  uint8_t *good = NULL;
  char host[32], want[32];

  HPO_TRY(status,
          hpo_store_read(s, "/trials", 0, SIZE_MAX, NULL, 0, &r, &good, err));
  if (r->field[0].n < n)
    HPO_FAIL(status, err, HPO_EDATA, "%zu rows, %zu wanted", r->field[0].n, n);
  for (size_t i = 0; i < n; i++) {
    int64_t at = hpo_field_int(hpo_record_find(r, "curve_offset"), i);
    int64_t model = hpo_field_int(hpo_record_find(r, "model_offset"), i);
    snprintf(want, sizeof want, "nöde%zu", i);
    hpo_field_text(hpo_record_find(r, "host"), i, host, sizeof host);
    if (!good[i] || hpo_field_int(&r->field[0], i) != (int64_t)i ||
        hpo_field_int(&r->field[1], i) != 2 || strcmp(host, want) != 0 ||
        hpo_field_number(&r->field[2], i) != (double)i / 7)
      HPO_FAIL(status, err, HPO_EDATA, "trial %zu: row (crc %d)", i, good[i]);
    HPO_TRY(status, check_curve(s, (int64_t)i, (size_t)at, err));
    HPO_TRY(status, check_model(s, (int64_t)i, (size_t)model, err));
  }
done:
  hpo_mem_free(good);
  hpo_record_destroy(r);
  return status;
}
