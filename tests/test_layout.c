/* SPDX-License-Identifier: BSD-3-Clause */
/* The layout of the study file: its tables, rows, facts and limits. */
#include "hpo/layout.h"

#include "hpo/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static hpo_plan *sample(uint64_t seed) {
  hpo_plan *p = NULL;
  assert_int_equal(hpo_plan_sample(seed, &p, NULL), HPO_OK);
  return p;
}

static const hpo_layout_table *find(const hpo_layout_table *t, size_t n,
                                    const char *path) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(t[i].path, path) == 0)
      return &t[i];
  fail_msg("no table %s", path);
  return NULL;
}

/** All tables of the format, each column with one item and a description;
 *  every table but byte runs, curves and log has a crc. */
static void test_tables(void **state) {
  static const char *const rows[] = {
      HPO_TABLE_TRIALS,   HPO_TABLE_CURVES,    HPO_TABLE_DECISIONS,
      HPO_TABLE_SESSIONS, HPO_TABLE_PARETO,    HPO_TABLE_TEST_SCORES,
      HPO_TABLE_LOG,      HPO_TABLE_TAGS,      HPO_TABLE_NOTES,
      HPO_TABLE_REFITS,   HPO_TABLE_ARTIFACTS, HPO_TABLE_CONFUSION,
      HPO_TABLE_ROC,      HPO_TABLE_WINNER};
  static const char *const bytes[] = {
      HPO_TABLE_MODELS, HPO_TABLE_DECISION_IMAGES, HPO_TABLE_SESSION_XML,
      HPO_TABLE_ARTIFACT_BYTES};
  hpo_plan *p = sample(1);
  hpo_layout_table *tables = NULL;
  size_t n = 0;

  (void)state;
  assert_int_equal(hpo_layout_tables(p, &tables, &n, NULL), HPO_OK);
  assert_int_equal(n, 18);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const hpo_layout_table *t = find(tables, n, rows[i]);
    assert_non_null(t->row);
    assert_true(t->chunk > 0 && t->description[0] != '\0');
    for (size_t k = 0; k < t->row->n_field; k++) {
      assert_int_equal(t->row->field[k].n, 1);
      assert_int_equal(t->row->field[k].n_shape, 1);
      assert_true(t->row->field[k].description[0] != '\0');
      assert_string_not_equal(t->row->field[k].name, "crc");
    }
  }
  for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++)
    assert_null(find(tables, n, bytes[i])->row);
  assert_true(find(tables, n, HPO_TABLE_TRIALS)->crc);
  assert_true(find(tables, n, HPO_TABLE_SESSIONS)->crc);
  assert_false(find(tables, n, HPO_TABLE_MODELS)->crc);
  hpo_layout_destroy(tables, n);
  hpo_plan_destroy(p);
}

/** What a builder makes has the very fields of the table's prototype. */
static void assert_fits(const hpo_plan *p, const char *path, hpo_record *row) {
  hpo_layout_table *tables = NULL;
  const hpo_record *want = NULL;
  size_t n = 0;

  assert_int_equal(hpo_layout_tables(p, &tables, &n, NULL), HPO_OK);
  want = find(tables, n, path)->row;
  assert_int_equal(row->n_field, want->n_field);
  for (size_t i = 0; i < row->n_field; i++) {
    assert_string_equal(row->field[i].name, want->field[i].name);
    assert_int_equal(row->field[i].type, want->field[i].type);
    assert_int_equal(row->field[i].width, want->field[i].width);
    assert_int_equal(row->field[i].n_choice, want->field[i].n_choice);
  }
  hpo_layout_destroy(tables, n);
  hpo_record_destroy(row);
}

static void test_rows(void **state) {
  hpo_plan *p = sample(2);
  hpo_trial *t = NULL;
  hpo_record *r = NULL;
  hpo_layout_session session = {.number = 3, .hosts = "a:2", .wall = 1.5};
  hpo_layout_decision decision = {.kind = HPO_DECISION_AGAIN, .job = 9};
  hpo_layout_test_score score = {.trial = 4, .metric = -1, .value = 0.5};
  hpo_layout_winner winner = {.trial = 4, .rule = 1, .method = 2};
  hpo_layout_log line = {.level = 1, .text = "a warning"};
  hpo_layout_note note = {.trial = 2, .text = "odd"};
  hpo_layout_artifact file = {.trial = 2, .name = "a", .length = 7};
  hpo_layout_tag tag = {.trial = -1, .name = "owner", .value = "lab-3"};
  char text[64];

  (void)state;
  assert_int_equal(hpo_trial_sample(2, p, 0, &t, NULL), HPO_OK);
  assert_int_equal(hpo_trial_record(t, p, &r, NULL), HPO_OK);
  assert_fits(p, HPO_TABLE_TRIALS, r);
  assert_int_equal(hpo_layout_session_row(&session, &r, NULL), HPO_OK);
  assert_string_equal(hpo_record_text(r, "hosts", text, 64), "a:2");
  assert_string_equal(hpo_record_text(r, "exit_reason", text, 64), "");
  assert_true(hpo_record_number(r, "wall") == 1.5);
  assert_fits(p, HPO_TABLE_SESSIONS, r);
  assert_int_equal(hpo_layout_decision_row(&decision, &r, NULL), HPO_OK);
  assert_string_equal(hpo_record_text(r, "kind", text, 64), "again");
  assert_int_equal(hpo_record_int(r, "job"), 9);
  assert_fits(p, HPO_TABLE_DECISIONS, r);
  assert_int_equal(hpo_layout_test_score_row(&score, p, &r, NULL), HPO_OK);
  assert_fits(p, HPO_TABLE_TEST_SCORES, r);
  assert_int_equal(hpo_layout_winner_row(&winner, &r, NULL), HPO_OK);
  assert_string_equal(hpo_record_text(r, "rule", text, 64), "one-se");
  assert_string_equal(hpo_record_text(r, "method", text, 64), "tt");
  assert_fits(p, HPO_TABLE_WINNER, r);
  assert_int_equal(hpo_layout_log_row(&line, &r, NULL), HPO_OK);
  assert_string_equal(hpo_record_text(r, "level", text, 64), "warn");
  assert_fits(p, HPO_TABLE_LOG, r);
  assert_int_equal(hpo_layout_tag_row(&tag, &r, NULL), HPO_OK);
  assert_string_equal(hpo_record_text(r, "value", text, 64), "lab-3");
  assert_fits(p, HPO_TABLE_TAGS, r);
  assert_int_equal(hpo_layout_note_row(&note, &r, NULL), HPO_OK);
  assert_fits(p, HPO_TABLE_NOTES, r);
  assert_int_equal(hpo_layout_artifact_row(&file, &r, NULL), HPO_OK);
  assert_int_equal(hpo_record_int(r, "length"), 7);
  assert_fits(p, HPO_TABLE_ARTIFACTS, r);
  hpo_trial_destroy(t);
  hpo_plan_destroy(p);
}

static void test_decision_names(void **state) {
  (void)state;
  assert_int_equal(hpo_layout_decision_kind("new"), HPO_DECISION_NEW);
  assert_int_equal(hpo_layout_decision_kind("retry"), HPO_DECISION_RETRY);
  assert_int_equal(hpo_layout_decision_kind("again"), HPO_DECISION_AGAIN);
  assert_int_equal(hpo_layout_decision_kind("promote"), HPO_DECISION_PROMOTE);
  assert_int_equal(hpo_layout_decision_kind("end"), HPO_DECISION_END);
  assert_int_equal(hpo_layout_decision_kind("ends"), -1);
}

static void test_curves(void **state) {
  hpo_plan *p = sample(3);
  hpo_trial *t = NULL, *u = NULL;
  hpo_record *r = NULL;
  hpo_error err = {0};

  (void)state;
  assert_int_equal(hpo_trial_sample(3, p, 12, &t, NULL), HPO_OK);
  for (int64_t k = 1; k <= 5; k++)
    assert_int_equal(hpo_trial_add_curve(
                         t, (hpo_curve_point){.step = k, .metric = 1}, NULL),
                     HPO_OK);
  assert_int_equal(hpo_layout_curve_rows(t, p, &r, NULL), HPO_OK);
  assert_int_equal(hpo_trial_create(0, 0, 0, &u, NULL), HPO_OK);
  u->number = 12;
  assert_int_equal(hpo_layout_curve_read(r, 0, t->n_curve, u, NULL), HPO_OK);
  assert_int_equal(u->n_curve, t->n_curve);
  assert_int_equal(u->curve[u->n_curve - 1].step, 5);
  assert_int_equal(u->curve[u->n_curve - 1].metric, 1);
  assert_int_equal(hpo_layout_curve_read(r, 1, t->n_curve, u, &err),
                   HPO_ESTUDY);
  u->number = 13; /* not its rows */
  assert_int_equal(hpo_layout_curve_read(r, 0, 1, u, &err), HPO_ESTUDY);
  hpo_record_destroy(r);
  hpo_trial_destroy(t);
  hpo_trial_destroy(u);
  hpo_plan_destroy(p);
}

static void test_facts(void **state) {
  hpo_plan *p = sample(4);
  hpo_record *r = NULL, *row = NULL;
  hpo_layout_table *tables = NULL;
  size_t n = 0;
  char text[64];

  (void)state;
  p->n_objective = 2;
  hpo_mem_free(p->objective[1].metric);
  assert_int_equal(hpo_mem_string("f1", &p->objective[1].metric, NULL), 0);
  p->objective[0].maximize = true;
  p->objective[1].maximize = false;
  assert_int_equal(
      hpo_layout_attributes(p, "u", "now", "0.1", "abc", &r, NULL), HPO_OK);
  assert_string_equal(hpo_record_text(r, "format", text, 64), "hpotune-study");
  assert_int_equal(hpo_record_int(r, "format_version"), 1);
  assert_string_equal(hpo_record_text(r, "directions", text, 64),
                      "maximize minimize");
  assert_string_equal(hpo_record_text(r, "identity", text, 64), "abc");
  hpo_record_destroy(r);
  assert_int_equal(hpo_layout_study(p, "<study/>", 8, &r, NULL), HPO_OK);
  assert_int_equal(hpo_record_find(r, "xml")->n, 8);
  assert_true(hpo_record_find(r, "resolved")->width > 100);
  hpo_record_destroy(r);
  assert_int_equal(hpo_layout_columns(p, &r, NULL), HPO_OK);
  assert_int_equal(hpo_layout_tables(p, &tables, &n, NULL), HPO_OK);
  row = tables[0].row;
  assert_int_equal(hpo_record_find(r, "name")->n, row->n_field);
  for (size_t i = 0; i < row->n_field; i++) {
    hpo_field_text(hpo_record_find(r, "inactive"), i, text, 64);
    assert_true((text[0] != '\0') ==
                (strncmp(row->field[i].name, "params.", 7) == 0));
  }
  hpo_layout_destroy(tables, n);
  hpo_record_destroy(r);
  hpo_plan_destroy(p);
}

/** A plan of n float parameters, or of one with n choices. */
static hpo_plan *large(size_t n_param, size_t n_choice) {
  hpo_plan *p = sample(1);
  char name[32];
  hpo_param q = {.name = name, .full_name = name, .high = 1, .parent = -1};
  char(*text)[40] = calloc(n_choice + 1, sizeof *text);
  char **choice = calloc(n_choice + 1, sizeof *choice);

  assert_non_null(text);
  assert_non_null(choice);
  hpo_space_free(&p->space);
  for (size_t i = 0; i < n_param; i++) {
    q.kind = HPO_PARAM_FLOAT;
    snprintf(name, sizeof name, "parameter_%05zu", i);
    assert_int_equal(hpo_space_add(&p->space, &q, NULL), HPO_OK);
  }
  for (size_t i = 0; i < n_choice; i++) {
    snprintf(text[i], sizeof text[i], "choice_number_%05u", (unsigned)i);
    choice[i] = text[i];
  }
  q.kind = HPO_PARAM_CATEGORICAL;
  q.choice = choice;
  q.n_choice = n_choice;
  snprintf(name, sizeof name, "choices");
  if (n_choice > 0)
    assert_int_equal(hpo_space_add(&p->space, &q, NULL), HPO_OK);
  free(choice);
  free(text);
  return p;
}

static void assert_check(size_t n_param, size_t n_choice, const char *says) {
  hpo_plan *p = large(n_param, n_choice);
  hpo_error err = {0};
  hpo_status status = hpo_layout_check(p, &err);

  assert_int_equal(status, says != NULL ? HPO_EINVAL : HPO_OK);
  if (says != NULL && strstr(err.text, says) == NULL)
    fail_msg("%s", err.text);
  hpo_plan_destroy(p);
}

/** Around the measured limits: 8-byte columns of 22 letters take 47 bytes
 *  each, choices of 19 letters 24. */
static void test_limits(void **state) {
  (void)state;
  assert_check(1000, 0, NULL);
  assert_check(1340, 0, NULL);
  assert_check(1400, 0, "about 1,300 columns");
  assert_check(1, 2600, NULL);
  assert_check(1, 2800, "has 2800 choices");
  assert_check(700, 1500, "columns");
}

static void test_names(void **state) {
  hpo_plan *p = large(3, 3);
  hpo_error err = {0};

  (void)state;
  assert_int_equal(hpo_layout_check(p, &err), HPO_OK);
  p->space.param[3].choice[1][0] = '\0';
  assert_int_equal(hpo_layout_check(p, &err), HPO_EINVAL);
  assert_non_null(strstr(err.text, "choice 1 of parameter choices is empty"));
  memcpy(p->space.param[3].choice[1], p->space.param[3].choice[2], 20);
  assert_int_equal(hpo_layout_check(p, &err), HPO_EINVAL);
  assert_non_null(strstr(err.text, "twice"));
  p->space.param[1].full_name[14] = '0';
  assert_int_equal(hpo_layout_check(p, &err), HPO_EINVAL);
  assert_non_null(strstr(err.text, "two parameters parameter_00000"));
  hpo_plan_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tables),         cmocka_unit_test(test_rows),
      cmocka_unit_test(test_decision_names), cmocka_unit_test(test_curves),
      cmocka_unit_test(test_facts),          cmocka_unit_test(test_limits),
      cmocka_unit_test(test_names)};

  return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
