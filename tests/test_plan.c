/* SPDX-License-Identifier: BSD-3-Clause */
/* The plan: record and back, text, identity, metrics. */
#include "hpo/plan.h"

#include "hpo/mem.h"
#include "hpo/wire.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t first_seed(void) {
  const char *given = getenv("HPO_TEST_SEED");
  uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : 1;
  print_message("seed %llu\n", (unsigned long long)seed);
  return seed;
}

static hpo_plan *sample(uint64_t seed) {
  hpo_plan *p = NULL;
  assert_int_equal(hpo_plan_sample(seed, &p, NULL), HPO_OK);
  return p;
}

static hpo_record *record_of(const hpo_plan *p) {
  hpo_record *r = NULL;
  assert_int_equal(hpo_plan_record(p, &r, NULL), HPO_OK);
  return r;
}

/** plan -> record -> bytes -> record -> plan -> record: nothing is lost, and
 *  the plan says the same in text. */
static void test_round_trip(void **state) {
  uint64_t first = first_seed();

  (void)state;
  for (uint64_t seed = first; seed < first + 200; seed++) {
    hpo_plan *a = sample(seed), *b = NULL;
    hpo_record *r = record_of(a), *s = NULL, *t = NULL;
    hpo_buffer bytes = {0};
    hpo_error err = {0};
    char *text = NULL, *again = NULL, x[65], y[65];
    assert_int_equal(hpo_wire_encode(r, &bytes, NULL), HPO_OK);
    assert_int_equal(hpo_wire_decode(bytes.byte, bytes.n, &s, NULL), HPO_OK);
    if (hpo_plan_from_record(s, &b, &err) != HPO_OK)
      fail_msg("%s", err.text);
    t = record_of(b);
    assert_true(hpo_record_equal(r, t));
    assert_int_equal(hpo_plan_text(a, &text, NULL), HPO_OK);
    assert_int_equal(hpo_plan_text(b, &again, NULL), HPO_OK);
    assert_string_equal(text, again);
    assert_int_equal(hpo_plan_identity(a, "", x, NULL), HPO_OK);
    assert_int_equal(hpo_plan_identity(b, "", y, NULL), HPO_OK);
    assert_string_equal(x, y);
    hpo_plan_destroy(a);
    hpo_plan_destroy(b);
    hpo_record_destroy(r);
    hpo_record_destroy(s);
    hpo_record_destroy(t);
    hpo_buffer_free(&bytes);
    hpo_mem_free(text);
    hpo_mem_free(again);
  }
}

static void test_extremes(void **state) {
  hpo_plan *a = sample(3), *b = NULL;
  hpo_record *r = NULL;

  (void)state;
  a->seed = UINT64_MAX;
  a->target = (double)NAN;
  a->output[0] = '\0';
  r = record_of(a);
  assert_int_equal(hpo_plan_from_record(r, &b, NULL), HPO_OK);
  assert_true(b->seed == UINT64_MAX && isnan(b->target));
  assert_string_equal(b->output, "");
  hpo_plan_destroy(a);
  hpo_plan_destroy(b);
  hpo_record_destroy(r);
}

static void set_int(hpo_record *r, const char *name, int64_t x) {
  hpo_field *f = hpo_record_find(r, name);
  assert_non_null(f);
  hpo_field_set_int(f, f->n - 1, x);
}

/** Every field of a sound record, made wrong in turn: refused in a sentence
 *  or read, never a crash. */
static void test_damaged(void **state) {
  static const struct {
    const char *name;
    int64_t value;
  } wrong[] = {{"model.count", 1000000},
               {"model.count", -1},
               {"model.count", 0},
               {"objective.count", 0},
               {"space.parent", 9999},
               {"space.kind", 3},
               {"space.n_choice", -1},
               {"space.n_choice", 1 << 30},
               {"space.parent_choice", -1},
               {"space.model", 7},
               {"data.task", 4},
               {"has_data", 2},
               {"batch", (int64_t)1 << 40},
               {"reuse", 2},
               {"retries", (int64_t)1 << 40}};
  hpo_plan *a = sample(5);

  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    hpo_plan *b = NULL;
    hpo_record *r = record_of(a);
    hpo_error err = {0};
    set_int(r, wrong[i].name, wrong[i].value);
    assert_int_equal(hpo_plan_from_record(r, &b, &err), HPO_ESTUDY);
    assert_null(b);
    assert_true(err.text[0] != '\0');
    hpo_record_destroy(r);
  }
  hpo_plan_destroy(a);
}

/* What plans were stored without before. */
static const char *const later[] = {"batch",           "reuse",
                                    "terminator.name", "terminator.line",
                                    "space.forbidden", "warm_start.count"};

static bool may_lack(const char *name) {
  for (size_t i = 0; i < sizeof later / sizeof *later; i++)
    if (strcmp(name, later[i]) == 0)
      return true;
  return false;
}

static void test_missing_fields(void **state) {
  hpo_plan *a = sample(6);
  hpo_record *r = record_of(a);

  (void)state;
  for (size_t i = 0; i < r->n_field; i++) {
    hpo_plan *b = NULL;
    char first = r->field[i].name[0];
    bool lacks = may_lack(r->field[i].name);
    r->field[i].name[0] = '?';
    assert_int_equal(hpo_plan_from_record(r, &b, NULL),
                     lacks ? HPO_OK : HPO_ESTUDY);
    hpo_plan_destroy(b);
    r->field[i].name[0] = first;
  }
  hpo_record_destroy(r);
  hpo_plan_destroy(a);
}

static void hide(hpo_record *r, const char *name) {
  hpo_field *f = hpo_record_find(r, name);
  assert_non_null(f);
  f->name[0] = '?';
}

/** A study stored before there was any of it has what was so then. */
static void test_earlier_versions(void **state) {
  static const char *const options[] = {"terminator.options.name",
                                        "terminator.options.value",
                                        "terminator.options.line", "known"};
  hpo_plan *a = sample(6), *b = NULL;
  hpo_record *r = NULL;
  hpo_error err = {0};

  (void)state;
  a->batch = 7;
  a->reuse = true;
  a->terminator.line = 9;
  r = record_of(a);
  for (size_t i = 0; i < sizeof later / sizeof *later; i++)
    hide(r, later[i]);
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    hide(r, options[i]);
  if (hpo_plan_from_record(r, &b, &err) != HPO_OK)
    fail_msg("%s", err.text);
  assert_int_equal(b->batch, 1);
  assert_false(b->reuse);
  assert_string_equal(b->terminator.name, "none");
  assert_int_equal(b->terminator.options.n, 0);
  assert_int_equal(b->terminator.line, 0);
  assert_int_equal(b->space.n_forbidden, 0);
  assert_int_equal(b->n_warm, 0);
  assert_string_equal(b->name, a->name);
  hpo_plan_destroy(a);
  hpo_plan_destroy(b);
  hpo_record_destroy(r);
}

static void put(char **at, const char *text) {
  hpo_mem_free(*at);
  *at = NULL;
  assert_int_equal(hpo_mem_string(text, at, NULL), HPO_OK);
}

static void identity(const hpo_plan *p, char hex[65]) {
  assert_int_equal(hpo_plan_identity(p, "d", hex, NULL), HPO_OK);
}

#define SAME(change)                                                          \
  do {                                                                        \
    change;                                                                   \
    identity(p, now);                                                         \
    assert_string_equal(now, was);                                            \
  } while (0)
#define OTHER(change)                                                         \
  do {                                                                        \
    change;                                                                   \
    identity(p, now);                                                         \
    assert_string_not_equal(now, was);                                        \
    memcpy(was, now, sizeof was);                                             \
  } while (0)

static void test_identity(void **state) {
  hpo_plan *p = sample(11);
  char was[65], now[65];

  (void)state;
  p->has_data = true;
  put(&p->data_mode, "shared");
  identity(p, was);
  assert_int_equal(strlen(was), 64);
  SAME(put(&p->description, "another"));
  SAME(assert_int_equal(hpo_settings_add(&p->tags, "a", "b", 1, NULL), 0));
  SAME(p->trials += 5);
  SAME(p->timeout = 7);
  SAME(p->target = 0.5);
  SAME(p->patience += 1);
  SAME(put(&p->terminator.name, "another"));
  SAME(assert_int_equal(
      hpo_settings_add(&p->terminator.options, "k", "3", 1, NULL), 0));
  SAME(p->limit_time = 9);
  SAME(p->limit_memory = 9);
  SAME(p->retries = 77);
  SAME(put(&p->output, "elsewhere.h5"));
  SAME(p->keep_models = 99);
  SAME(p->ranks_per_trial = 42);
  SAME(p->batch = 42);
  SAME(put(&p->data_mode, "sharded"));
  SAME(put(&p->data.test, "t.csv"));
  SAME(p->model[0].line += 1);
  SAME(assert_int_equal(hpo_names_add(&p->data.train, "t.csv", NULL), 0));
  SAME(p->shards = 3);
  OTHER(put(&p->data_mode, "local"));
  OTHER(p->shards = 4);
  OTHER(put(&p->name, "another"));
  OTHER(p->seed += 1);
  OTHER(p->strict = !p->strict);
  OTHER(p->window += 1);
  OTHER(put(&p->data.label, "elsewhere"));
  OTHER(put(&p->model[0].kind, "elsewhere"));
  OTHER(p->objective[0].maximize = !p->objective[0].maximize);
  OTHER(put(&p->sampler.name, "elsewhere"));
  OTHER(assert_int_equal(
      hpo_settings_add(&p->pruner.options, "k", "3", 1, NULL), 0));
  OTHER(assert_int_equal(
      hpo_settings_add(&p->model[0].fixed, "max_bin", "64", 1, NULL), 0));
  OTHER(assert_int_equal(hpo_names_add(&p->report, "f1", NULL), 0));
  OTHER(put(&p->space.param[0].full_name, "elsewhere"));
  assert_int_equal(hpo_plan_identity(p, "e", now, NULL), HPO_OK);
  assert_string_not_equal(now, was); /* the data */
  hpo_plan_destroy(p);
}

static void test_enqueue_counts(void **state) {
  hpo_plan *p = sample(1);
  char was[65], now[65];
  uint64_t seed = 1;

  (void)state;
  while (p->n_enqueue == 0) {
    hpo_plan_destroy(p);
    p = sample(++seed);
  }
  identity(p, was);
  OTHER(p->n_enqueue -= 1);
  hpo_plan_destroy(p);
}

static void test_metrics(void **state) {
  hpo_plan *p = sample(2);
  hpo_names n = {0};

  (void)state;
  hpo_names_free(&p->report);
  p->n_objective = 1;
  while (p->n_constraint > 0)
    hpo_mem_free(p->constraint[--p->n_constraint].metric);
  put(&p->objective[0].metric, "logloss");
  assert_int_equal(hpo_names_add(&p->report, "f1", NULL), HPO_OK);
  assert_int_equal(hpo_names_add(&p->report, "logloss", NULL), HPO_OK);
  assert_int_equal(hpo_names_add(&p->report, "model_bytes", NULL), HPO_OK);
  assert_int_equal(hpo_plan_metrics(p, &n, NULL), HPO_OK);
  assert_int_equal(n.n, 4);
  assert_string_equal(n.item[0], "logloss");
  assert_string_equal(n.item[1], "f1");
  assert_string_equal(n.item[2], "model_bytes");
  assert_string_equal(n.item[3], "train_seconds");
  hpo_names_free(&n);
  p->n_objective = 2; /* the sample has room for both */
  hpo_plan_destroy(p);
}

static void test_text(void **state) {
  hpo_plan *p = sample(4);
  char *text = NULL;

  (void)state;
  p->has_data = true;
  p->seed = UINT64_MAX;
  put(&p->name, "two\nlines");
  hpo_settings_free(&p->model[0].fixed);
  assert_int_equal(
      hpo_settings_add(&p->model[0].fixed, "max_bin", "64", 1, NULL), 0);
  assert_int_equal(hpo_plan_text(p, &text, NULL), HPO_OK);
  assert_non_null(strstr(text, "name = two\\nlines\n"));
  assert_non_null(strstr(text, "seed = 18446744073709551615\n"));
  assert_non_null(strstr(text, "model.0.fixed.max_bin = 64\n"));
  assert_non_null(strstr(text, "\ndata.task = "));
  hpo_mem_free(text);
  hpo_plan_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip),
                                     cmocka_unit_test(test_extremes),
                                     cmocka_unit_test(test_damaged),
                                     cmocka_unit_test(test_missing_fields),
                                     cmocka_unit_test(test_earlier_versions),
                                     cmocka_unit_test(test_identity),
                                     cmocka_unit_test(test_enqueue_counts),
                                     cmocka_unit_test(test_metrics),
                                     cmocka_unit_test(test_text)};

  return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
