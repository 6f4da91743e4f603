/* SPDX-License-Identifier: BSD-3-Clause */
/* The parsers that meet bytes from outside. */
#include "fuzzing.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "hpo/dataset.h"
#include "hpo/doc.h"
#include "hpo/mem.h"
#include "hpo/predictor.h"
#include "hpo/report.h"
#include "hpo/study.h"
#include "testload.h"
#include "testplan.h"

/* Bytes as a file that is nowhere: /proc/self/fd/N. */
typedef struct fake_file {
  int fd;
  char path[64];
} fake_file;

static fake_file file_of(const uint8_t *byte, size_t n) {
  fake_file f = {.fd = memfd_create("fuzz", MFD_CLOEXEC)};

  if (f.fd < 0 || write(f.fd, byte, n) != (ssize_t)n)
    abort();
  snprintf(f.path, sizeof f.path, "/proc/self/fd/%d", f.fd);
  return f;
}

/* An error has a sentence; success has none. */
static void check(hpo_status status, const hpo_error *err) {
  if (status == HPO_EBUG || (status != HPO_OK && err->text[0] == '\0'))
    abort();
}

static void study(const uint8_t *byte, size_t n) {
  fake_file f = file_of(byte, n);
  hpo_error err = {0};
  hpo_catalog names = {0};
  hpo_plan *plan = NULL;
  hpo_buffer xml = {0};
  hpo_status status;

  if (hpo_cmd_catalog(&names, &err) != HPO_OK)
    abort();
  status = hpo_study_read(f.path, &names, NULL, 0, &plan, &xml, &err);
  check(status, &err);
  hpo_plan_destroy(plan);
  hpo_buffer_free(&xml);
  hpo_mem_free(names.entry);
  close(f.fd);
}

/* Several ranks read what one reads, and refuse what it refuses. */
static void split(const hpo_plan *plan, int piece) {
  hpo_buffer alone = {0}, together = {0};

  testload_run(plan, 1, piece, true, &alone);
  testload_run(plan, 3, piece, true, &together);
  HPO_ASSERT(alone.n == together.n);
  HPO_ASSERT(memcmp(alone.byte, together.byte, alone.n) == 0);
  hpo_buffer_free(&alone);
  hpo_buffer_free(&together);
}

/* The first byte chooses how the rest is read. */
static void table(const char *format, const uint8_t *byte, size_t n) {
  static const char *const task[] = {"binary", "multiclass", "regression"};
  static const char *const header[] = {"auto", "yes", "no"};
  hpo_error err = {0};
  hpo_plan *plan = testplan_make();
  hpo_shared node = hpo_shared_serial();
  hpo_dataset *data = NULL;
  unsigned how = n > 0 ? byte[0] : 0;
  fake_file f = file_of(byte + (n > 0), n - (n > 0));

  testplan_set(plan, "task", task[how % 3]);
  testplan_set(plan, "header", header[how / 3 % 3]);
  testplan_set(plan, "label", how & 16 ? "0" : "y");
  if (strcmp(format, "csv") != 0)
    testplan_set(plan, how & 8 ? "label_file" : "label",
                 how & 8 ? f.path : "0");
  testplan_set(plan, "format", format);
  testplan_set(plan, "train", f.path);
  testplan_set(plan, "fraction", "0.25");
  if (how & 32)
    testplan_set(plan, "missing", "-9");
  if (how & 64)
    testplan_set(plan, "weight", "w");
  if (how & 128)
    testplan_set(plan, "categorical", "a");
  check(hpo_dataset_load(plan, &node, &data, &err), &err);
  hpo_dataset_destroy(data);
  if (strcmp(format, "csv") == 0)
    split(plan, 1 + (int)(n % 50));
  hpo_plan_destroy(plan);
  close(f.fd);
}

static void csv(const uint8_t *byte, size_t n) { table("csv", byte, n); }

static void npy(const uint8_t *byte, size_t n) { table("npy", byte, n); }

static void idx(const uint8_t *byte, size_t n) { table("idx", byte, n); }

/* Indices from 1,000 to the largest ask for time and memory and show nothing
 * new. */
static void libsvm(const uint8_t *byte, size_t n) {
  uint64_t index = 0;

  for (size_t i = 0; i < n; i++) {
    if (byte[i] == ':' && index >= 1000 && index <= INT32_MAX)
      return;
    index = byte[i] < '0' || byte[i] > '9' ? 0
            : index > INT32_MAX            ? index
                                : 10 * index + (uint64_t)(byte[i] - '0');
  }
  table("libsvm", byte, n);
}

static void filter(const uint8_t *byte, size_t n) {
  static const char *const states[] = {"complete", "pruned"};
  const int32_t state[] = {0, 1, -1};
  const double value[] = {0.5, -1e300, 0.0 / 1.0};
  hpo_error err = {0};
  hpo_record *r = NULL;
  hpo_filter *f = NULL;
  char *text = malloc(n + 1);

  if (!text || hpo_record_create("t", &r, &err) != HPO_OK ||
      hpo_record_add(r, "params.x y", HPO_FIELD_FLOAT, 0, value, 3, "", "",
                     &err) != HPO_OK ||
      hpo_record_add(r, "value", HPO_FIELD_FLOAT, 0, value, 3, "", "", &err) !=
          HPO_OK ||
      hpo_record_add_enum(r, "state", states, 2, state, 3, "", &err) != HPO_OK)
    abort();
  memcpy(text, byte, n);
  text[n] = '\0';
  hpo_status status = hpo_filter_create(text, r, &f, &err);
  check(status, &err);
  for (size_t i = 0; status == HPO_OK && i < 3; i++)
    (void)hpo_filter_match(f, r, i);
  hpo_filter_destroy(f);
  hpo_record_destroy(r);
  free(text);
}

/* What was read is written as JSON that reads again. */
static void document(hpo_status (*parse)(const void *, size_t, hpo_doc *,
                                         hpo_error *),
                     const uint8_t *byte, size_t n) {
  hpo_error err = {0};
  hpo_doc d = {.kind = HPO_DOC_NULL}, again = {.kind = HPO_DOC_NULL};
  hpo_buffer text = {0};
  hpo_status status = parse(byte, n, &d, &err);

  check(status, &err);
  if (status == HPO_OK) {
    if (hpo_doc_write_json(&d, &text, &err) != HPO_OK ||
        hpo_doc_read_json(text.byte, text.n, &again, &err) != HPO_OK ||
        again.kind == HPO_DOC_NUMBERS)
      abort();
    (void)hpo_doc_number(hpo_doc_at(&d, "learner/learner_model_param/x"));
  }
  hpo_doc_free(&again);
  hpo_doc_free(&d);
  hpo_buffer_free(&text);
}

static void ubjson(const uint8_t *byte, size_t n) {
  document(hpo_doc_read_ubjson, byte, n);
}

static void json(const uint8_t *byte, size_t n) {
  document(hpo_doc_read_json, byte, n);
}

/* A stored model of a data set with columns f0 f1 f2 and f3 (a, b, c).  The
 * first byte says the classes, UBJSON: '1' none, '2', '3'; JSON: 'q' 'r' 's'.
 */
static void model(const uint8_t *byte, size_t n) {
  static char *const class_name[] = {"x", "y", "z"};
  static char *const category[] = {"a", "b", "c"};
  hpo_column column[] = {{.name = "f0"},
                         {.name = "f1"},
                         {.name = "f2"},
                         {.name = "f3", .categorical = true, .n_category = 3}};
  static const float x[] = {0, 1, 2, 0, -1, 0.5F, NAN, 2, NAN, NAN, 3, NAN};
  unsigned how = n > 0 ? byte[0] : 0;
  hpo_dataset facts = {.columns = 4, .column = column};
  hpo_predictor *p = NULL;
  hpo_buffer c = {0};
  hpo_error err = {0};
  double out[9];

  column[3].category = (char **)category;
  facts.n_class = (how & 3) == 1 ? 0 : how & 3;
  facts.task = facts.n_class == 0   ? HPO_TASK_REGRESSION
               : facts.n_class == 2 ? HPO_TASK_BINARY
                                    : HPO_TASK_MULTICLASS;
  facts.class_name = (char **)class_name;
  hpo_status status =
      hpo_predictor_create(how & 64 ? "json" : "xgboost-ubj", byte + (n > 0),
                           n - (n > 0), &facts, &p, &err);
  check(status, &err);
  if (status == HPO_OK) {
    check(hpo_predictor_rows(p, x, 3, false, out, &err), &err);
    check(hpo_predictor_rows(p, x, 3, true, out, &err), &err);
    check(hpo_predictor_write_c(p, &c, &err), &err);
  }
  hpo_predictor_destroy(p);
  hpo_buffer_free(&c);
}

static const fuzz_target targets[] = {
    {"study", study}, {"csv", csv},       {"libsvm", libsvm},
    {"npy", npy},     {"idx", idx},       {"filter", filter},
    {"json", json},   {"ubjson", ubjson}, {"model", model}};

const fuzz_target *fuzz_targets(size_t *n) {
  *n = sizeof targets / sizeof *targets;
  return targets;
}
