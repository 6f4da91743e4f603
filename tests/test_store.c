/* SPDX-License-Identifier: BSD-3-Clause */
/* The study file: records in and out, who may open it and when, and what is
 * said of damaged files. Kills stand in test_store_kill.c. */
#include "storedata.h"

#include "hpo/file.h"
#include "hpo/layout.h"
#include "hpo/mem.h"
#include "hpo/rng.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/** HDF5 loses a few objects when it finds a block damaged; LeakSanitizer
 *  asks here for what to pass over. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libhdf5"; }

static char path[64];

static void clean(void) {
  char other[80];

  remove(path);
  snprintf(other, sizeof other, "%s.lock", path);
  remove(other);
}

static int start(void **state) {
  (void)state;
  snprintf(path, sizeof path, "test_store-%d.h5", (int)getpid());
  clean();
  return 0;
}

static int end(void **state) {
  (void)state;
  clean();
  return 0;
}

static uint64_t seed(void) {
  const char *text = getenv("HPO_TEST_SEED");
  uint64_t s = text != NULL ? strtoull(text, NULL, 10) : (uint64_t)time(NULL);

  printf("HPO_TEST_SEED=%llu\n", (unsigned long long)s);
  return s;
}

static void demand(hpo_status status, const hpo_error *err) {
  if (status != HPO_OK)
    fail_msg("%d: %s", (int)status, err->text);
}

static void refuse(hpo_status status, hpo_status want, const hpo_error *err,
                   const char *words) {
  if (status != want || strstr(err->text, words) == NULL)
    fail_msg("%d for %d: '%s' lacks '%s'", (int)status, (int)want, err->text,
             words);
}

/** A closed file of n trials. */
static void make(size_t n) {
  hpo_error err = {0};
  hpo_store *s = NULL;

  demand(storedata_create(path, true, 16, &s, &err), &err);
  for (size_t i = 0; i < n; i++)
    demand(storedata_add(s, (int64_t)i, &err), &err);
  demand(hpo_store_close(s, &err), &err);
}

/* ----------------------------------------------------------- round trips */

static hpo_record *root_record(int64_t version) {
  hpo_error err = {0};
  hpo_record *r = NULL;

  demand(hpo_record_create("/", &r, &err), &err);
  demand(hpo_record_add_text(r, "format", HPO_STORE_FORMAT, 0, "", &err),
         &err);
  demand(hpo_record_add_int(r, "format_version", version, "", "", &err), &err);
  return r;
}

static void test_facts(void **state) {
  uint64_t first = seed();
  hpo_error err = {0};

  (void)state;
  for (uint64_t k = 0; k < 60; k++) {
    hpo_record *root = root_record(1);
    hpo_record *want = NULL;
    hpo_record *have = NULL;
    hpo_store *s = NULL;
    demand(hpo_record_sample(first + k, &want, &err), &err);
    hpo_mem_free(want->name);
    demand(hpo_mem_string("/a/b c", &want->name, &err), &err);
    const hpo_store_facts facts = {"/a/b c", want};
    demand(hpo_store_create(path, true, NULL, 0, &facts, 1, root, &s, &err),
           &err);
    if (want->n_field > 0) {
      demand(hpo_store_read_facts(s, "/a/b c", &have, &err), &err);
      if (!hpo_record_equal(have, want))
        fail_msg("sample %llu", (unsigned long long)(first + k));
    }
    hpo_record_destroy(have);
    have = NULL;
    demand(hpo_store_read_facts(s, "/", &have, &err), &err);
    assert_int_equal(hpo_record_int(have, "format_version"), 1);
    demand(hpo_store_close(s, &err), &err);
    hpo_record_destroy(have);
    hpo_record_destroy(want);
    hpo_record_destroy(root);
  }
}

/** A table of every type, n rows. */
static hpo_record *all_types(size_t n, hpo_rng *rng) {
  static const char *const choice[] = {"none", "(none)", "日本"};
  static const hpo_field_type type[] = {HPO_FIELD_INT, HPO_FIELD_FLOAT,
                                        HPO_FIELD_F32, HPO_FIELD_I32,
                                        HPO_FIELD_U8,  HPO_FIELD_TEXT};
  hpo_error err = {0};
  hpo_record *r = NULL;
  char name[16];

  demand(hpo_record_create("/t", &r, &err), &err);
  for (size_t k = 0; k < 6; k++) {
    snprintf(name, sizeof name, "col %zu é", k);
    demand(hpo_record_add(r, name, type[k], 5, NULL, n, "s", "words", &err),
           &err);
    for (size_t i = 0; i < n; i++)
      if (type[k] == HPO_FIELD_TEXT)
        hpo_field_set_text(&r->field[k], i, i % 2 ? "héé" : "");
      else
        hpo_field_set_int(&r->field[k], i, (int64_t)hpo_rng_below(rng, 200));
  }
  demand(hpo_record_add_enum(r, "enum", choice, 3, NULL, n, "which", &err),
         &err);
  for (size_t i = 0; i < n; i++)
    hpo_field_set_int(&r->field[6], i, (int64_t)hpo_rng_below(rng, 4) - 1);
  return r;
}

static void test_table(void **state) {
  static const char *const two[] = {"enum", "col 1 é"};
  static const char *const wrong[] = {"colour"};
  hpo_rng rng = hpo_rng_make(seed(), HPO_RNG_TEST, 3, 0);
  hpo_record *root = root_record(1);
  hpo_record *want = all_types(777, &rng);
  hpo_record *one = all_types(1, &rng);
  hpo_record *have = NULL;
  hpo_error err = {0};
  hpo_store *s = NULL;
  uint8_t *good = NULL;
  size_t first = 1;

  (void)state;
  const hpo_store_table table[] = {{"/t", want, 64, true, "rows"},
                                   {"/g/plain", one, 64, false, "no crc"},
                                   {"/b", NULL, 64, false, "bytes"}};
  demand(hpo_store_create(path, false, table, 3, NULL, 0, root, &s, &err),
         &err);
  demand(hpo_store_append(s, "/t", want, &first, &err), &err);
  assert_int_equal(first, 0);
  demand(hpo_store_append(s, "/g/plain", want, NULL, &err), &err);
  demand(hpo_store_read(s, "/t", 0, SIZE_MAX, NULL, 0, &have, &good, &err),
         &err);
  assert_true(hpo_record_equal(have, want));
  for (size_t i = 0; i < 777; i++)
    assert_int_equal(good[i], 1);
  hpo_mem_free(good);
  hpo_record_destroy(have);

  demand(hpo_store_put(s, "/t", 500, one, &err), &err);
  demand(hpo_store_read(s, "/t", 499, 3, two, 2, &have, NULL, &err), &err);
  assert_int_equal(have->n_field, 2);
  assert_int_equal(have->field[0].n, 3);
  assert_int_equal(hpo_field_int(&have->field[0], 1),
                   hpo_record_int(one, "enum"));
  assert_int_equal(hpo_field_int(&have->field[0], 2),
                   hpo_field_int(hpo_record_find(want, "enum"), 501));
  hpo_record_destroy(have);

  refuse(hpo_store_read(s, "/t", 770, 8, NULL, 0, &have, NULL, &err),
         HPO_ESTUDY, &err, "777 rows");
  refuse(hpo_store_read(s, "/t", 0, 1, wrong, 1, &have, NULL, &err),
         HPO_ESTUDY, &err, "no column colour");
  refuse(hpo_store_read(s, "/u", 0, 1, NULL, 0, &have, NULL, &err), HPO_ESTUDY,
         &err, "/u");
  refuse(hpo_store_put(s, "/t", 777, one, &err), HPO_EBUG, &err, "row 777");
  refuse(hpo_store_append(s, "/t", root, NULL, &err), HPO_EBUG, &err, "lacks");
  refuse(hpo_store_append(s, "/b", one, NULL, &err), HPO_EBUG, &err, "bytes");
  demand(hpo_store_close(s, &err), &err);
  hpo_record_destroy(root);
  hpo_record_destroy(want);
  hpo_record_destroy(one);
}

/** Text longer than its column is cut between characters; a wrong crc is
 *  told. */
static void test_text_and_crc(void **state) {
  static const char *const host[] = {"host"};
  hpo_error err = {0};
  hpo_store *s = NULL;
  hpo_record *row = NULL;
  hpo_record *have = NULL;
  hpo_record *copy = NULL;
  uint8_t *good = NULL;
  char text[64];

  (void)state;
  demand(storedata_create(path, false, 16, &s, &err), &err);
  demand(storedata_row(0, true, 0, 0, &row, &err), &err);
  demand(hpo_record_create("/trials", &copy, &err), &err);
  for (size_t k = 0; k < row->n_field; k++) {
    const hpo_field *f = &row->field[k];
    if (f->type == HPO_FIELD_TEXT)
      demand(
          hpo_record_add_text(copy, f->name, "012345678901234é", 0, "", &err),
          &err);
    else if (f->type == HPO_FIELD_ENUM)
      demand(hpo_record_add_enum(copy, f->name, (const char *const *)f->choice,
                                 f->n_choice, f->data, 1, "", &err),
             &err);
    else
      demand(
          hpo_record_add(copy, f->name, f->type, 0, f->data, 1, "", "", &err),
          &err);
  }
  demand(hpo_store_append(s, "/trials", copy, NULL, &err), &err);
  demand(hpo_store_read(s, "/trials", 0, 1, host, 1, &have, &good, &err),
         &err);
  assert_string_equal(hpo_record_text(have, "host", text, sizeof text),
                      "012345678901234");
  assert_int_equal(good[0], 1);
  demand(hpo_store_close(s, &err), &err);
  hpo_mem_free(good);
  hpo_record_destroy(have);
  hpo_record_destroy(row);
  hpo_record_destroy(copy);
}

/* -------------------------------------------------------------- who, when */

/** Runs a function in a child; its result. */
static int in_child(int (*what)(int), int with) {
  int ended = 0;

  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0)
    _exit(what(with));
  assert_int_equal(waitpid(pid, &ended, 0), pid);
  return WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
}

/** Writes 400 trials, then waits for a byte to close. */
static int writer(int go) {
  const struct timespec wait = {0, 200000};
  hpo_error err = {0};
  hpo_store *s = NULL;
  char byte = 0;

  if (storedata_create(path, false, 16, &s, &err) != HPO_OK ||
      !hpo_store_is_live(s))
    return 1;
  for (int64_t i = 0; i < 400; i++) {
    if (storedata_add(s, i, &err) != HPO_OK)
      return 2;
    nanosleep(&wait, NULL);
  }
  if (read(go, &byte, 1) != 1 || hpo_store_sync(s, &err) != HPO_OK)
    return 3;
  return hpo_store_close(s, &err) == HPO_OK ? 0 : 4;
}

/** Follows the writer with one open file; returns how often it looked. */
static size_t follow(hpo_store *s, size_t n) {
  const struct timespec wait = {0, 1000000};
  hpo_error err = {0};
  size_t rows = 0;
  size_t looks = 0;

  while (rows < n) {
    demand(hpo_store_rows(s, "/trials", &rows, &err), &err);
    if (rows > 1)
      demand(storedata_check(s, rows - 1, &err), &err);
    looks++;
    nanosleep(&wait, NULL);
  }
  return looks;
}

/** Readers beside a writer, who may not be joined by another one.  The
 *  writer is a child, forked while no HDF5 file is open here. */
static void test_beside(void **state) {
  const struct timespec wait = {0, 1000000};
  hpo_error err = {0};
  hpo_store *s = NULL;
  hpo_store *t = NULL;
  int pipes[2];
  int ended = 0;

  (void)state;
  assert_int_equal(pipe(pipes), 0);
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0)
    _exit(writer(pipes[0]));
  alarm(60);
  while (!hpo_file_exists(path))
    nanosleep(&wait, NULL);
  demand(hpo_store_open_read(path, &s, &err), &err);
  assert_true(follow(s, 400) > 3);
  assert_true(hpo_store_is_live(s));
  demand(hpo_store_close(s, &err), &err);
  refuse(hpo_store_open_write(path, &t, &err), HPO_ESTUDY, &err, "pid");
  refuse(storedata_create(path, true, 16, &t, &err), HPO_ESTUDY, &err, "pid");
  assert_int_equal(write(pipes[1], "x", 1), 1);
  assert_int_equal(waitpid(pid, &ended, 0), pid);
  assert_int_equal(ended, 0);
  alarm(0);
  close(pipes[0]);
  close(pipes[1]);
  demand(hpo_store_open_read(path, &s, &err), &err);
  assert_false(hpo_store_is_live(s));
  demand(storedata_check(s, 400, &err), &err);
  demand(hpo_store_close(s, &err), &err);
}

static void test_again(void **state) {
  hpo_error err = {0};
  hpo_store *s = NULL;

  (void)state;
  make(3);
  refuse(storedata_create(path, false, 16, &s, &err), HPO_ESTUDY, &err,
         "exists already");
  demand(hpo_store_open_write(path, &s, &err), &err);
  demand(storedata_add(s, 3, &err), &err);
  demand(hpo_store_close(s, &err), &err);
  demand(hpo_store_open_read(path, &s, &err), &err);
  demand(storedata_check(s, 4, &err), &err);
  demand(hpo_store_close(s, &err), &err);
  make(0); /* overwrites */
  demand(hpo_store_open_read(path, &s, &err), &err);
  assert_int_equal(storedata_check(s, 1, &err), HPO_EDATA);
  demand(hpo_store_close(s, &err), &err);
}

/** Writes until the file may not grow; then as after a kill. */
static int too_large(int with) {
  struct rlimit limit = {1 << 20, 1 << 20};
  hpo_error err = {0};
  hpo_store *s = NULL;
  hpo_status status = HPO_OK;
  int64_t n = 0;

  (void)with;
  signal(SIGXFSZ, SIG_IGN);
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0 ||
      storedata_create(path, false, 16, &s, &err) != HPO_OK)
    return 201;
  while (n < 200 * 100 && (status = storedata_add(s, n, &err)) == HPO_OK)
    n++;
  if (status != HPO_EIO || strstr(err.text, "file too large") == NULL)
    return 202;
  if (storedata_add(s, n, &err) != HPO_EIO ||
      strstr(err.text, "since a write failed") == NULL)
    return 203;
  if (hpo_store_close(s, &err) != HPO_EIO)
    return 204;
  return (int)(n / 100);
}

static void test_file_too_large(void **state) {
  hpo_error err = {0};
  hpo_store *s = NULL;

  (void)state;
  int hundreds = in_child(too_large, 0);
  assert_in_range(hundreds, 1, 199);
  demand(hpo_store_open_read(path, &s, &err), &err);
  demand(storedata_check(s, (size_t)hundreds * 100, &err), &err);
  demand(hpo_store_close(s, &err), &err);
}

/* ----------------------------------------------------------------- damage */

_Static_assert(HPO_STORE_VERSION == HPO_LAYOUT_VERSION,
               "store and layout agree on the version");

static void test_other_files(void **state) {
  hpo_record *root = root_record(HPO_STORE_VERSION + 1);
  hpo_error err = {0};
  hpo_store *s = NULL;

  (void)state;
  assert_string_equal(HPO_STORE_FORMAT, HPO_LAYOUT_FORMAT);
  refuse(hpo_store_open_read(path, &s, &err), HPO_ESTUDY, &err, "no such");
  refuse(hpo_store_open_write(path, &s, &err), HPO_ESTUDY, &err, "no such");
  refuse(hpo_store_create(path, true, NULL, 0, NULL, 0, root, &s, &err),
         HPO_ESTUDY, &err, "newer");
  refuse(hpo_store_open_write(path, &s, &err), HPO_ESTUDY, &err, "version 2");
  hpo_field_set_text(&root->field[0], 0, "hpotune-dish");
  refuse(hpo_store_create(path, true, NULL, 0, NULL, 0, root, &s, &err),
         HPO_ESTUDY, &err, "not a study");
  refuse(hpo_store_open_read(path, &s, &err), HPO_ESTUDY, &err, "not a study");
  assert_null(s);
  hpo_record_destroy(root);
}

/** All that a damaged file gives is right, or an error says what is not. */
static bool examine(bool write, const hpo_record *study,
                    const hpo_record *data) {
  hpo_error err = {0};
  hpo_store *s = NULL;
  hpo_record *have = NULL;
  hpo_status status = write ? hpo_store_open_write(path, &s, &err)
                            : hpo_store_open_read(path, &s, &err);

  if (status == HPO_OK)
    status = storedata_check(s, 30, &err);
  if (status == HPO_OK)
    status = hpo_store_read_facts(s, "/study", &have, &err);
  if (status == HPO_OK)
    assert_true(hpo_record_equal(have, study));
  hpo_record_destroy(have);
  have = NULL;
  if (status == HPO_OK)
    status = hpo_store_read_facts(s, "/data", &have, &err);
  if (status == HPO_OK)
    assert_true(hpo_record_equal(have, data));
  hpo_record_destroy(have);
  hpo_store_destroy(s);
  if (status == HPO_OK)
    return true;
  if ((status != HPO_ESTUDY && status != HPO_EDATA) || err.text[0] == '\0')
    fail_msg("%d: '%s'", (int)status, err.text);
  return false;
}

static void read_all(hpo_buffer *to, hpo_record **study, hpo_record **data) {
  hpo_error err = {0};
  hpo_store *s = NULL;

  demand(hpo_file_read_all(path, 0, to, &err), &err);
  demand(hpo_store_open_read(path, &s, &err), &err);
  demand(hpo_store_read_facts(s, "/study", study, &err), &err);
  demand(hpo_store_read_facts(s, "/data", data, &err), &err);
  demand(hpo_store_close(s, &err), &err);
}

static void test_damage(void **state) {
  hpo_rng rng = hpo_rng_make(seed(), HPO_RNG_TEST, 5, 0);
  hpo_buffer whole = {0};
  hpo_record *study = NULL;
  hpo_record *data = NULL;
  hpo_error err = {0};
  size_t right = 0;

  (void)state;
  make(30);
  read_all(&whole, &study, &data);
  alarm(60); /* a hang is a failure too */
  for (int k = 0; k < 260; k++) {
    size_t n = whole.n;
    size_t at = hpo_rng_below(&rng, k % 4 ? n : 4096);
    uint8_t bit = (uint8_t)(1u << hpo_rng_below(&rng, 8));
    if (k >= 200) /* cut short; the others have one bit turned */
      n = at;
    else
      whole.byte[at] ^= bit;
    demand(hpo_file_write_all(path, whole.byte, n, &err), &err);
    if (k < 200)
      whole.byte[at] ^= bit;
    right += examine(false, study, data);
    examine(true, study, data);
  }
  alarm(0);
  assert_in_range(right, 1, 200); /* unused bytes do not count */
  hpo_buffer_free(&whole);
  hpo_record_destroy(study);
  hpo_record_destroy(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_facts, start, end),
      cmocka_unit_test_setup_teardown(test_table, start, end),
      cmocka_unit_test_setup_teardown(test_text_and_crc, start, end),
      cmocka_unit_test_setup_teardown(test_beside, start, end),
      cmocka_unit_test_setup_teardown(test_again, start, end),
      cmocka_unit_test_setup_teardown(test_file_too_large, start, end),
      cmocka_unit_test_setup_teardown(test_other_files, start, end),
      cmocka_unit_test_setup_teardown(test_damage, start, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
