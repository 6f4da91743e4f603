/* SPDX-License-Identifier: BSD-3-Clause */
/* The parsers that meet bytes from outside. */
#include "fuzzing.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "hpo/dataset.h"
#include "hpo/mem.h"
#include "hpo/report.h"
#include "hpo/study.h"
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
  hpo_plan_destroy(plan);
  close(f.fd);
}

static void csv(const uint8_t *byte, size_t n) { table("csv", byte, n); }

static void npy(const uint8_t *byte, size_t n) { table("npy", byte, n); }

static void idx(const uint8_t *byte, size_t n) { table("idx", byte, n); }

/* Indices of 6 to 9 digits ask for much memory and show nothing new. */
static void libsvm(const uint8_t *byte, size_t n) {
  size_t digits = 0;

  for (size_t i = 0; i < n; i++) {
    if (byte[i] == ':' && digits >= 6 && digits <= 9)
      return;
    digits = byte[i] >= '0' && byte[i] <= '9' ? digits + 1 : 0;
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

static const fuzz_target targets[] = {{"study", study},   {"csv", csv},
                                      {"libsvm", libsvm}, {"npy", npy},
                                      {"idx", idx},       {"filter", filter}};

const fuzz_target *fuzz_targets(size_t *n) {
  *n = sizeof targets / sizeof *targets;
  return targets;
}
