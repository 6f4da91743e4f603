/* SPDX-License-Identifier: BSD-3-Clause */
/* h5: arrays, attributes and tables in and out, and files that are none. */
#include "hpo/h5.h"

#include "hpo/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];

static int start(void **state) {
  (void)state;
  snprintf(path, sizeof path, "test_h5-%d.h5", (int)getpid());
  remove(path);
  return 0;
}

static int end(void **state) {
  (void)state;
  remove(path);
  return 0;
}

static void demand(hpo_status status, const hpo_error *err) {
  if (status != HPO_OK)
    fail_msg("%d: %s", (int)status, err->text);
}

/** Arrays seen by a visit, as text. */
static hpo_status note(void *context, hpo_h5_array *a, hpo_error *err) {
  char *to = context;
  size_t n = strlen(to);

  (void)err;
  snprintf(to + n, 512 - n, "%s:%d:%zu:%zu:%s;", a->about.name,
           (int)a->about.kind, a->n_shape, hpo_h5_items(a),
           a->about.unit != NULL ? a->about.unit : "-");
  return HPO_OK;
}

static void test_arrays(void **state) {
  char cuts[] = "/data/more/cuts", flags[] = "/data/flags", root[] = "name";
  char unit[] = "s", words[] = "what it is", none[] = "none";
  char yes[] = "yes", no[] = "no";
  char *choice[] = {yes, no};
  double x[6] = {1, 2, 3, 4, 5, 6};
  int32_t f[3] = {1, -1, 0};
  char text[] = "zürich";
  hpo_h5_array a = {.about = {.name = cuts,
                              .unit = unit,
                              .description = words,
                              .kind = HPO_H5_F64},
                    .n_shape = 2,
                    .shape = {2, 3},
                    .data = x};
  hpo_h5_array b = {.about = {.name = flags,
                              .unit = unit,
                              .description = words,
                              .kind = HPO_H5_ENUM,
                              .none = none,
                              .choice = choice,
                              .n_choice = 2},
                    .n_shape = 1,
                    .shape = {3, 1},
                    .data = f};
  hpo_h5_array c = {
      .about = {.name = root, .kind = HPO_H5_TEXT, .width = strlen(text)},
      .data = text};
  char seen[512] = "";
  char *read = NULL;
  hpo_error err = {0};
  hpo_h5 *h = NULL;

  (void)state;
  demand(hpo_h5_create(path, &h, &err), &err);
  demand(hpo_h5_add_attribute(h, &c, &err), &err);
  demand(hpo_h5_add_array(h, &b, &err), &err);
  demand(hpo_h5_add_array(h, &a, &err), &err);
  assert_int_equal(hpo_h5_add_array(h, &a, &err), HPO_EIO); /* twice */
  demand(hpo_h5_close(h, &err), &err);

  demand(hpo_h5_open(path, false, &h, &err), &err);
  assert_false(hpo_h5_is_swmr(h));
  demand(hpo_h5_visit_arrays(h, "/data/more", note, seen, &err), &err);
  demand(hpo_h5_visit_arrays(h, "/data", note, seen, &err), &err);
  demand(hpo_h5_visit_attributes(h, note, seen, &err), &err);
  assert_string_equal(seen, "cuts:1:2:6:s;flags:6:1:3:s;name:7:0:1:-;");
  demand(hpo_h5_read_text(h, "name", &read, &err), &err);
  assert_string_equal(read, "zürich");
  hpo_mem_free(read);
  demand(hpo_h5_read_text(h, "other", &read, &err), &err);
  assert_string_equal(read, "");
  hpo_mem_free(read);
  assert_int_equal(hpo_h5_visit_arrays(h, "/nowhere", note, seen, &err),
                   HPO_ESTUDY);
  demand(hpo_h5_close(h, &err), &err);
}

static void test_table(void **state) {
  char id[] = "id", host[] = "host", none[] = "", words[] = "w";
  const hpo_h5_column column[] = {
      {.name = id, .unit = none, .description = words, .kind = HPO_H5_I32},
      {.name = host,
       .unit = none,
       .description = words,
       .kind = HPO_H5_TEXT,
       .width = 3}};
  const uint8_t rows[] = {1, 0, 0, 0, 'a', 'b', 'c', 2, 0, 0, 0, 'd', 0, 0};
  uint8_t back[14] = {0};
  hpo_error err = {0};
  hpo_h5 *h = NULL;
  hpo_h5_table *t = NULL;
  size_t n = 0;

  (void)state;
  demand(hpo_h5_create(path, &h, &err), &err);
  demand(hpo_h5_add_table(h, "/t", column, 2, 16, "a table", &err), &err);
  demand(hpo_h5_add_table(h, "/b", NULL, 0, 16, "bytes", &err), &err);
  demand(hpo_h5_close(h, &err), &err);

  demand(hpo_h5_open(path, true, &h, &err), &err);
  assert_true(hpo_h5_is_swmr(h));
  demand(hpo_h5_find_table(h, "/t", &t, &err), &err);
  demand(hpo_h5_table_append(t, rows, 2, &n, &err), &err);
  assert_int_equal(n, 0);
  demand(hpo_h5_table_append(t, rows, 1, &n, &err), &err);
  assert_int_equal(n, 2);
  demand(hpo_h5_table_append(t, rows, 0, &n, &err), &err);
  assert_int_equal(n, 3);
  demand(hpo_h5_table_put(t, 0, rows + 7, &err), &err);
  demand(hpo_h5_table_flush(t, &err), &err);
  demand(hpo_h5_sync(h, &err), &err);
  demand(hpo_h5_close(h, &err), &err);

  demand(hpo_h5_open(path, false, &h, &err), &err);
  assert_int_equal(hpo_h5_find_table(h, "/u", &t, &err), HPO_ESTUDY);
  demand(hpo_h5_find_table(h, "/t", &t, &err), &err);
  demand(hpo_h5_table_rows(t, &n, &err), &err);
  assert_int_equal(n, 3);
  demand(hpo_h5_table_read(t, 0, 2, back, &err), &err);
  assert_memory_equal(back, rows + 7, 7);
  assert_memory_equal(back + 7, rows + 7, 7);
  assert_int_equal(hpo_h5_table_read(t, 2, 2, back, &err), HPO_ESTUDY);
  assert_string_equal(hpo_h5_table_columns(t, &n)[1].name, "host");
  assert_int_equal(n, 2);
  assert_int_equal(hpo_h5_table_width(t), 7);
  demand(hpo_h5_find_table(h, "/b", &t, &err), &err);
  assert_null(hpo_h5_table_columns(t, &n));
  assert_int_equal(n, 0);
  demand(hpo_h5_close(h, &err), &err);
}

/** A row of n columns c0.. of a kind. */
static hpo_h5_column *many(size_t n, hpo_h5_kind kind, char (*name)[24]) {
  static char none[] = "";
  hpo_h5_column *c = calloc(n, sizeof *c);

  for (size_t k = 0; k < n; k++) {
    snprintf(name[k], sizeof name[k], "a-column-%zu", k);
    c[k] = (hpo_h5_column){
        .name = name[k], .unit = none, .description = none, .kind = kind};
  }
  return c;
}

static void test_too_many(void **state) {
  char(*name)[24] = calloc(6000, sizeof *name);
  char **choice = calloc(6000, sizeof *choice);
  hpo_h5_column *c = many(6000, HPO_H5_F64, name);
  char none[] = "none";
  hpo_error err = {0};
  hpo_h5 *h = NULL;

  (void)state;
  for (size_t i = 0; i < 6000; i++)
    choice[i] = name[i];
  demand(hpo_h5_create(path, &h, &err), &err);
  demand(hpo_h5_add_table(h, "/fits", c, 1000, 16, "", &err), &err);
  assert_int_equal(hpo_h5_add_table(h, "/t", c, 6000, 16, "", &err),
                   HPO_EINVAL);
  assert_non_null(strstr(err.text, "6000 columns"));
  c[0].kind = HPO_H5_ENUM;
  c[0].none = none;
  c[0].choice = choice;
  c[0].n_choice = 6000;
  assert_int_equal(hpo_h5_add_table(h, "/t", c, 1, 16, "", &err), HPO_EINVAL);
  c[0].n_choice = 2;
  choice[1] = choice[0];
  assert_int_equal(hpo_h5_add_table(h, "/t", c, 1, 16, "", &err), HPO_EINVAL);
  demand(hpo_h5_close(h, &err), &err);
  free(name);
  free(choice);
  free(c);
}

/** Opens what is no study file for reading and writing. */
static void refused(const char *words) {
  for (int write = 0; write < 2; write++) {
    hpo_error err = {0};
    hpo_h5 *h = NULL;
    assert_int_equal(hpo_h5_open(path, write, &h, &err), HPO_ESTUDY);
    assert_null(h);
    if (strstr(err.text, words) == NULL)
      fail_msg("'%s' lacks '%s'", err.text, words);
  }
}

static void write_file(const char *text, size_t n) {
  FILE *f = fopen(path, "wb");

  assert_non_null(f);
  assert_int_equal(fwrite(text, 1, n, f), n);
  fclose(f);
}

static void test_no_file(void **state) {
  char version[32];
  hpo_error err = {0};
  hpo_h5 *h = NULL;

  (void)state;
  refused("there is no such file");
  assert_int_equal(mkdir(path, 0777), 0);
  refused("a directory");
  assert_int_equal(hpo_h5_create(path, &h, &err), HPO_EIO);
  rmdir(path);
  assert_int_equal(mkfifo(path, 0666), 0);
  refused("no ordinary file");
  remove(path);
  write_file("", 0);
  refused("is empty");
  write_file("trial,value\n", 12);
  refused("no HDF5 file");
  write_file("\x89HDF\r\n\x1a\n\x03\x08\x08\x00garbage garbage garbage", 35);
  refused("damaged");
  assert_true(strncmp(hpo_h5_version(version), "1.", 2) == 0);
  demand(hpo_h5_close(NULL, &err), &err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_arrays, start, end),
      cmocka_unit_test_setup_teardown(test_table, start, end),
      cmocka_unit_test_setup_teardown(test_too_many, start, end),
      cmocka_unit_test_setup_teardown(test_no_file, start, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
