/* SPDX-License-Identifier: BSD-3-Clause */
/* The registry of model kinds, and the baseline. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/model.h"
#include "testdata.h"
#include "trainer.h"

static const char *const no_words[] = {NULL};

static void test_registry(void **state) {
  const char *const built[] = {"gbt",    "baseline", "function", "logistic",
                               "linear", "mlp",      "plugin"};
  size_t n = 0;

  (void)state;
  (void)hpo_model_kinds(&n);
  assert_int_equal(n, 8);
  for (size_t i = 0; i < sizeof built / sizeof *built; i++) {
    const hpo_model_kind *k = hpo_model_find(built[i]);
    assert_true(k != NULL && k->is_built && k->create && k->destroy &&
                k->step && k->steps && k->save && k->check && k->format);
    assert_true((k->predict_valid != NULL) != (k->value != NULL) ||
                k->has_library);
  }
  assert_null(hpo_model_find("forest"));
}

/* Every table makes options, and every default is in its own range. */
static void test_tables(void **state) {
  size_t n = 0;
  const hpo_model_kind *const *kind = hpo_model_kinds(&n);

  (void)state;
  for (size_t i = 0; i < n; i++) {
    hpo_options *o = NULL;
    hpo_error err = {0};
    assert_int_equal(
        hpo_options_create(kind[i]->option, kind[i]->n_option, &o, &err), 0);
    for (size_t j = 0; j < kind[i]->n_option; j++) {
      const hpo_option *t = &kind[i]->option[j];
      assert_true(t->name != NULL && t->help != NULL);
      if (t->value != NULL)
        assert_int_equal(hpo_options_set(o, t->name, t->value, &err), HPO_OK);
      if (t->not_built != NULL && strcmp(t->not_built, "*") == 0)
        assert_int_equal(hpo_options_set(o, t->name, "1", &err), HPO_EINVAL);
    }
    hpo_options_destroy(o);
  }
}

/* Training rows: y = 0 1 1 2 with weights 1 2 3 4; one validation row. */
static hpo_dataset *five_make(size_t n_class) {
  const float x[5] = {0, 1, 2, 3, 4};
  const double y[5] = {0, 1, 1, 2, 0}, w[5] = {1, 2, 3, 4, 100};
  const double b[5] = {0, 1, 1, 0, 0};
  const uint8_t role[5] = {0, 0, 0, 0, 1};

  return testdata_make_full(5, 1, x, n_class == 2 ? b : y, n_class, role, w,
                            NULL);
}

static void check_baseline(size_t n_class, int ranks, const double *p,
                           size_t k, const char *saved) {
  hpo_dataset *d = five_make(n_class);
  trainer_result r =
      trainer_run("baseline", d, no_words, 0, ranks, DEAL_TURNS);

  assert_int_equal(r.n, k);
  for (size_t i = 0; i < k; i++)
    assert_true(fabs(r.p[i] - p[i]) < 1e-15);
  assert_int_equal(r.model.n, strlen(saved));
  assert_memory_equal(r.model.byte, saved, r.model.n);
  trainer_free(&r);
  hpo_dataset_destroy(d);
}

static void test_baseline(void **state) {
  const double binary[] = {0.5}, many[] = {0.1, 0.5, 0.4}, mean[] = {1.3};

  (void)state;
  for (int ranks = 1; ranks <= 3; ranks++) {
    check_baseline(2, ranks, binary, 1,
                   "{\"format\": \"hpotune-baseline\", \"task\": \"binary\", "
                   "\"prediction\": [0.5]}\n");
    check_baseline(
        3, ranks, many, 3,
        "{\"format\": \"hpotune-baseline\", \"task\": \"multiclass\", "
        "\"prediction\": [0.1, 0.5, 0.4]}\n");
    check_baseline(
        0, ranks, mean, 1,
        "{\"format\": \"hpotune-baseline\", \"task\": \"regression\", "
        "\"prediction\": [1.3]}\n");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_registry),
                                     cmocka_unit_test(test_tables),
                                     cmocka_unit_test(test_baseline)};

  return cmocka_run_group_tests(tests, NULL, NULL);
}
