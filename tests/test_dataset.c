/* SPDX-License-Identifier: BSD-3-Clause */
/* dataset: what is loaded, how it describes itself, and that every rank of a
 * node gets the same, shared or copied, or the same error. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "hpo/bins.h"
#include "hpo/file.h"
#include "hpo/mem.h"
#include "testnode.h"
#include "testplan.h"

static char folder[] = "/tmp/hpotune-test-XXXXXX";

static char *write_file(const char *name, const char *text) {
  char *path = NULL;

  assert_int_equal(hpo_mem_format(&path, NULL, "%s/%s", folder, name), HPO_OK);
  assert_int_equal(hpo_file_write_all(path, text, strlen(text), NULL), HPO_OK);
  return path;
}

static hpo_plan *plan_of(const char *task, const char *name,
                         const char *text) {
  hpo_plan *p = testplan_make();
  char *path = write_file(name, text);

  assert_true(testplan_set(p, "train", path));
  assert_true(testplan_set(p, "task", task));
  hpo_mem_free(path);
  return p;
}

static const char small[] = "a,colour,w,y\n"
                            "1.5,red,1,no\n"
                            "-0,blue,2,yes\n"
                            "NA,,0,no\n"
                            "7,red,1,yes\n";

static hpo_plan *small_plan(void) {
  hpo_plan *p = plan_of("binary", "small.csv", small);
  char *path = write_file("valid.csv", "a,colour,w,y\n3,green,1,no\n");

  assert_true(testplan_set(p, "weight", "w"));
  assert_true(testplan_set(p, "validation", path));
  hpo_mem_free(path);
  return p;
}

static void check_small(const hpo_dataset *d) {
  static const double y[] = {0, 1, 0, 1, 0}, weight[] = {1, 2, 0, 1, 1};
  static const uint8_t role[] = {0, 0, 0, 0, 1};
  static const char *const category[] = {"blue", "green", "red"};

  assert_int_equal(d->task, HPO_TASK_BINARY);
  assert_int_equal(d->rows, 5);
  assert_int_equal(d->columns, 2);
  assert_int_equal(d->n_class, 2);
  assert_string_equal(d->label_name, "y");
  assert_string_equal(d->class_name[0], "no");
  assert_string_equal(d->class_name[1], "yes");
  assert_memory_equal(d->y, y, sizeof y);
  assert_memory_equal(d->weight, weight, sizeof weight);
  assert_memory_equal(d->role, role, sizeof role);
  assert_int_equal(d->n_train, 4);
  assert_int_equal(d->n_valid, 1);
  assert_int_equal(d->train[3], 3);
  assert_int_equal(d->valid[0], 4);
  assert_string_equal(d->column[0].name, "a");
  assert_false(d->column[0].categorical);
  assert_int_equal(d->column[0].missing, 1);
  assert_true(d->x[0] == 1.5f && d->x[1] == 0 && !signbit(d->x[1]) &&
              isnan(d->x[2]) && d->x[4] == 3);
  assert_true(d->column[1].categorical);
  assert_int_equal(d->column[1].n_category, 3);
  for (size_t k = 0; k < 3; k++)
    assert_string_equal(d->column[1].category[k], category[k]);
  assert_true(d->x[5] == 2 && d->x[6] == 0 && isnan(d->x[7]) && d->x[8] == 2 &&
              d->x[9] == 1);
  assert_int_equal(strlen(d->hash), 64);
}

/* Each rank's own work in a node of threads. */
static void load_small(hpo_shared *node, void *argument) {
  hpo_dataset *d = NULL;
  hpo_bins *b = NULL;
  hpo_error e = {0};
  static const uint8_t code[] = {1, 2, 0, 0, 3, 3, 2, 2, 1, 1};

  assert_int_equal(hpo_dataset_load(argument, node, &d, &e), HPO_OK);
  check_small(d);
  assert_int_equal(hpo_bins_create(d, 256, &b, &e), HPO_OK);
  assert_int_equal(b->n_bin[0], 3);
  assert_true(b->cut[0][0] == 1.5f && b->cut[0][1] == 7);
  assert_memory_equal(b->code, code, sizeof code);
  hpo_dataset_drop_x(d);
  assert_null(d->x);
  assert_memory_equal(b->code, code, sizeof code);
  hpo_bins_destroy(b);
  hpo_dataset_destroy(d);
}

static void test_every_rank(void **state) {
  hpo_plan *p = small_plan();
  (void)state;

  for (int size = 1; size <= 5; size++)
    for (int is_shared = 0; is_shared < 2; is_shared++)
      testnode_run(size, is_shared == 1, load_small, p);
  hpo_plan_destroy(p);
}

/* All ranks must come back, with the leader's sentence. */
static void load_bad(hpo_shared *node, void *argument) {
  hpo_dataset *d = NULL;
  hpo_error e = {0};

  assert_int_equal(hpo_dataset_load(argument, node, &d, &e), HPO_EDATA);
  assert_null(d);
  assert_non_null(strstr(e.text, "bad.csv:3: found 1 fields, expected 2"));
}

static void test_leader_fails(void **state) {
  hpo_plan *p = plan_of("regression", "bad.csv", "a,y\n1,2\n1\n");
  (void)state;

  testnode_run(3, true, load_bad, p);
  testnode_run(3, false, load_bad, p);
  hpo_plan_destroy(p);
}

static void test_record(void **state) {
  hpo_plan *p = small_plan();
  hpo_shared node = hpo_shared_serial();
  hpo_dataset *d = NULL;
  hpo_record *r = NULL;
  char text[80];
  (void)state;

  assert_int_equal(hpo_dataset_load(p, &node, &d, NULL), HPO_OK);
  assert_int_equal(hpo_dataset_record(d, &r, NULL), HPO_OK);
  assert_int_equal(hpo_record_int(r, "rows"), 5);
  assert_int_equal(hpo_record_int(r, "columns"), 2);
  assert_string_equal(hpo_record_text(r, "task", text, sizeof text), "binary");
  assert_string_equal(hpo_record_text(r, "sha256", text, sizeof text),
                      d->hash);
  assert_string_equal(
      hpo_field_text(hpo_record_find(r, "names"), 1, text, sizeof text),
      "colour");
  assert_string_equal(
      hpo_field_text(hpo_record_find(r, "types"), 1, text, sizeof text),
      "categorical");
  assert_int_equal(hpo_field_int(hpo_record_find(r, "n_missing"), 1), 1);
  assert_string_equal(
      hpo_field_text(hpo_record_find(r, "categories"), 2, text, sizeof text),
      "red");
  assert_int_equal(hpo_field_int(hpo_record_find(r, "category_offsets"), 2),
                   3);
  assert_string_equal(
      hpo_field_text(hpo_record_find(r, "classes"), 1, text, sizeof text),
      "yes");
  assert_int_equal(hpo_record_find(r, "role")->n, 5);
  assert_int_equal(hpo_field_int(hpo_record_find(r, "role"), 4), 1);
  hpo_record_destroy(r);
  hpo_dataset_destroy(d);
  hpo_plan_destroy(p);
}

/* A regression has neither classes nor, here, categories or weights. */
static void test_bare(void **state) {
  hpo_plan *p = plan_of("regression", "bare.tsv", "a\ty\n1\t2.5\n2\t-0\n");
  hpo_shared node = hpo_shared_serial();
  hpo_dataset *d = NULL;
  hpo_record *r = NULL;
  (void)state;

  assert_int_equal(hpo_dataset_load(p, &node, &d, NULL), HPO_OK);
  assert_null(d->weight);
  assert_int_equal(d->n_class, 0);
  assert_true(d->y[0] == 2.5 && d->y[1] == 0 && !signbit(d->y[1]));
  assert_int_equal(d->n_valid, 0);
  assert_int_equal(hpo_dataset_record(d, &r, NULL), HPO_OK);
  assert_non_null(hpo_record_find(r, "classes"));
  hpo_record_destroy(r);
  hpo_dataset_destroy(d);
  hpo_plan_destroy(p);
}

/* Other data, other hash; the same data packed, the same hash. */
static void test_hash(void **state) {
  static const char *const text[] = {"a,y\n1,2\n", "a,y\n1,3\n"};
  hpo_shared node = hpo_shared_serial();
  char hash[2][65];
  (void)state;

  for (size_t i = 0; i < 2; i++) {
    hpo_plan *p = plan_of("regression", "hash.csv", text[i]);
    hpo_dataset *d = NULL;

    assert_int_equal(hpo_dataset_load(p, &node, &d, NULL), HPO_OK);
    memcpy(hash[i], d->hash, 65);
    hpo_dataset_destroy(d);
    hpo_plan_destroy(p);
  }
  assert_string_not_equal(hash[0], hash[1]);
  /* printf 'train %s\n' $(printf 'a,y\n1,2\n' | sha256sum | head -c64)
     | sha256sum */
  assert_string_equal(hash[0], "77ed25f7e13c403fc38455b4c016e1be"
                               "f337b7ed1efb3d95b52b718cdd98be00");
}

static int make_folder(void **state) {
  (void)state;
  return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state) {
  static const char *const name[] = {"small.csv", "valid.csv", "bad.csv",
                                     "bare.tsv", "hash.csv"};
  char path[128];
  (void)state;

  for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
    (void)snprintf(path, sizeof path, "%s/%s", folder, name[i]);
    (void)unlink(path);
  }
  return rmdir(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_rank), cmocka_unit_test(test_leader_fails),
      cmocka_unit_test(test_record),     cmocka_unit_test(test_bare),
      cmocka_unit_test(test_hash),
  };

  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
