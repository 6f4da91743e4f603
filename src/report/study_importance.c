/* SPDX-License-Identifier: BSD-3-Clause */
/* A study's complete trials as points, and what mattered among them. */
#include "hpo/importance.h"
#include "hpo/mem.h"
#include "hpo/num.h"
#include "hpo/options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TRIALS = 2000, MOST_CATEGORIES = 64, FEWEST = 4 };

/* A parameter that counts, and how its values become unit coordinates. */
typedef struct axis {
  const hpo_field *field;
  double low, high; /* after the logarithm, with the half steps */
  bool log;
  size_t n_category;
} axis;

/* Setting space.I.NAME as a number. */
static double setting(const hpo_study_file *f, size_t i, const char *name) {
  char key[64], text[64];
  double x = NAN;

  snprintf(key, sizeof key, "space.%zu.%s", i, name);
  if (hpo_study_file_setting(f, key, text, sizeof text) &&
      !hpo_options_parse_float(text, &x))
    return NAN;
  return x;
}

/* Parameter i of the space; false: not for this analysis. */
static bool find_axis(const hpo_study_file *f, size_t i, const char *name,
                      axis *out) {
  char key[64], text[192];
  axis a = {0};

  snprintf(text, sizeof text, "params.%s", name);
  a.field = hpo_record_find(f->trials, text);
  if (!a.field)
    a.field = hpo_record_find(f->trials, name);
  if (!a.field)
    return false;
  snprintf(key, sizeof key, "space.%zu.kind", i);
  (void)hpo_study_file_setting(f, key, text, sizeof text);
  if (strcmp(text, "ordinal") == 0) { /* by the choices' ranks */
    a.low = -0.5;
    a.high = (double)a.field->n_choice - 0.5;
    *out = a;
    return a.field->n_choice > 1;
  }
  if (a.field->type == HPO_FIELD_ENUM) {
    a.n_category = a.field->n_choice;
    *out = a;
    return a.n_category > 1 && a.n_category <= MOST_CATEGORIES;
  }
  double half = strcmp(text, "int") == 0 ? 0.5 * setting(f, i, "step") : 0;
  snprintf(key, sizeof key, "space.%zu.log", i);
  (void)hpo_study_file_setting(f, key, text, sizeof text);
  a.log = strcmp(text, "yes") == 0;
  a.low = setting(f, i, "low") - half;
  a.high = setting(f, i, "high") + half;
  if (a.log) {
    a.low = hpo_num_log(a.low);
    a.high = hpo_num_log(a.high);
  }
  *out = a;
  return a.high > a.low;
}

static double unit(const axis *a, size_t row) {
  double x = hpo_field_number(a->field, row);

  if (a->n_category)
    return x < 0 ? NAN : x;
  if (a->field->type == HPO_FIELD_INT && x == (double)INT64_MIN)
    return NAN;
  x = ((a->log ? (x > 0 ? hpo_num_log(x) : NAN) : x) - a->low) /
      (a->high - a->low);
  return x < 0 || x > 1 ? NAN : x;
}

/* Whether every trial has it, and not all the same value. */
static bool counts(const axis *a, const size_t *row, size_t n) {
  bool varies = false;

  for (size_t i = 0; i < n; i++) {
    double x = unit(a, row[i]);
    if (isnan(x))
      return false;
    varies = varies || x != unit(a, row[0]);
  }
  return varies;
}

/* Complete trials with a value; of many an even share. */
static hpo_status choose(const hpo_study_file *f, size_t **out, size_t *n,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *value = hpo_record_find(f->trials, hpo_study_file_value(f));
  size_t *row = NULL, all = 0;
  char state[32];

  HPO_TRY(status, hpo_mem_new(f->n, sizeof *row, &row, err));
  for (size_t i = 0; i < f->n; i++) {
    hpo_study_file_state(f, i, state, sizeof state);
    if (strcmp(state, "complete") == 0 && isfinite(hpo_field_number(value, i)))
      row[all++] = i;
  }
  if (all < FEWEST)
    HPO_FAIL(status, err, HPO_EINVAL,
             "importance needs at least %d complete trials; %s has %zu",
             FEWEST, f->path, all);
  *n = all < MOST_TRIALS ? all : MOST_TRIALS;
  for (size_t i = 0; i < *n; i++)
    row[i] = row[i * all / *n];
  *out = row;
  row = NULL;
done:
  hpo_mem_free(row);
  return status;
}

static hpo_status find_axes(const hpo_study_file *f, const size_t *row,
                            size_t n, axis *a, size_t *d, size_t *left_out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  char key[64], name[160];

  *d = *left_out = 0;
  for (size_t i = 0;; i++) {
    snprintf(key, sizeof key, "space.%zu.name", i);
    if (!hpo_study_file_setting(f, key, name, sizeof name))
      break;
    if (find_axis(f, i, name, &a[*d]) && counts(&a[*d], row, n))
      (*d)++;
    else
      (*left_out)++;
  }
  if (*d == 0)
    HPO_FAIL(status, err, HPO_EINVAL,
             "%s: no parameter is in every complete trial and varies",
             f->path);
done:
  return status;
}

typedef struct ranked {
  double share;
  size_t axis;
} ranked;

static int most_first(const void *a, const void *b) {
  const ranked *u = a, *v = b;
  if (u->share != v->share)
    return u->share > v->share ? -1 : 1;
  return u->axis < v->axis ? -1 : u->axis > v->axis;
}

static hpo_status rank(const axis *a, const double *share, size_t d,
                       hpo_importance *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  ranked *order = NULL;

  HPO_TRY(status, hpo_mem_new(d, sizeof *order, &order, err));
  HPO_TRY(status, hpo_mem_new(d, sizeof *out->share, &out->share, err));
  for (size_t j = 0; j < d; j++)
    order[j] = (ranked){share[j], j};
  qsort(order, d, sizeof *order, most_first);
  for (size_t j = 0; j < d; j++) {
    out->share[j] = order[j].share;
    HPO_TRY(status,
            hpo_names_add(&out->name, a[order[j].axis].field->name, err));
  }
done:
  hpo_mem_free(order);
  return status;
}

hpo_status hpo_study_importance(const hpo_study_file *f, size_t objective,
                                hpo_importance_method method,
                                hpo_importance *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_study_objective *of = &f->objective[objective];
  const hpo_field *value = hpo_record_find(f->trials, of->column);
  hpo_importance found = {0};
  size_t *row = NULL, *n_category = NULL, d = 0;
  axis *a = NULL;
  double *x = NULL, *y = NULL, *share = NULL;

  HPO_TRY(status, choose(f, &row, &found.trials, err));
  size_t n = found.trials;
  HPO_TRY(status, hpo_mem_new(f->trials->n_field + 1, sizeof *a, &a, err));
  HPO_TRY(status, find_axes(f, row, n, a, &d, &found.left_out, err));
  HPO_TRY(status, hpo_mem_new(n * d, sizeof *x, &x, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *y, &y, err));
  HPO_TRY(status, hpo_mem_new(d, sizeof *share, &share, err));
  HPO_TRY(status, hpo_mem_new(d, sizeof *n_category, &n_category, err));
  for (size_t j = 0; j < d; j++) {
    n_category[j] = a[j].n_category;
    for (size_t i = 0; i < n; i++)
      x[i * d + j] = unit(&a[j], row[i]);
  }
  for (size_t i = 0; i < n; i++) {
    y[i] = hpo_field_number(value, row[i]);
    if (of->maximize)
      y[i] = -y[i];
  }
  hpo_points points = {
      .x = x, .n_category = n_category, .y = y, .n = n, .d = d};
  if (method == HPO_IMPORTANCE_FANOVA)
    HPO_TRY(status, hpo_importance_fanova(&points, 0, share, err));
  else
    HPO_TRY(status, hpo_importance_ped_anova(&points, share, err));
  HPO_TRY(status, rank(a, share, d, &found, err));
  *out = found;
  found = (hpo_importance){0};
done:
  hpo_importance_free(&found);
  hpo_mem_free(row);
  hpo_mem_free(n_category);
  hpo_mem_free(a);
  hpo_mem_free(x);
  hpo_mem_free(y);
  hpo_mem_free(share);
  return status;
}

void hpo_importance_free(hpo_importance *i) {
  hpo_names_free(&i->name);
  hpo_mem_free(i->share);
  *i = (hpo_importance){0};
}
