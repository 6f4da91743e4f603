/* SPDX-License-Identifier: BSD-3-Clause */
/* Terminators: none, and regret-bound (regret.h), which ends a study when the
 * best trial's regret is sure to be less than the error with which its value
 * is known.
 *
 * Error by folds: the deviation of the mean over k folds of the best trial,
 * whose variance is (1 / k + 1 / (k - 1)) times that of the folds' values (C.
 * Nadeau, Y. Bengio, Inference for the generalization error, Machine Learning
 * 52 (2003), section 3; the folds share their training rows).
 *
 * A space with an end of points ends the study too once each was tried.
 *
 * Contents: options; making; what trials tell; what is left to try; when to
 * end. */
#include "hpo/terminator.h"

#include "hpo/mem.h"
#include "sampler/chosen.h"
#include "sampler/points.h"
#include "sampler/regret.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Points that are passed for one trial, at most. */
#define LOOKS 4096

/* --- Options ---------------------------------------------------------- */

static const hpo_option option[] = {
    {.name = "error",
     .kind = HPO_OPTION_TEXT,
     .help = "A regret that does not matter, in units of the objective: a "
             "number above 0; or folds: what the spread of the best trial's "
             "folds says of its mean. Without folds a number is needed; with "
             "folds they are the default."},
    {.name = "min-trials",
     .kind = HPO_OPTION_INT,
     .value = "20",
     .low = 2,
     .high = 1e9,
     .help = "Complete trials before the first end, unless every point of the "
             "space was tried."},
    {.name = "top-trials-ratio",
     .kind = HPO_OPTION_FLOAT,
     .value = "0.5",
     .low = 0,
     .high = 1,
     .low_open = true,
     .help = "Share of the complete trials, the best ones, that the bound "
             "comes from; at least min-trials."},
    {.name = "max-points",
     .kind = HPO_OPTION_INT,
     .value = "128",
     .low = 2,
     .high = 4096,
     .help = "Of these at most so many, the best; time grows with the third "
             "power of it."},
};

static const hpo_terminator_kind all[] = {
    {.name = "none", .help = "The budget alone ends the study."},
    {.name = "regret-bound",
     .help =
         "Ends the study when no point is likely to be better than the "
         "best by more than the error with which its value is known "
         "(Makarova and others 2022; Optuna's Terminator).\nOne objective, "
         "complete trials alone; with folds the error is theirs. "
         "Also once every point of a space of integers, steps and choices "
         "was tried.",
     .option = option,
     .n_option = sizeof option / sizeof *option}};
enum { N_KIND = sizeof all / sizeof *all };

const hpo_terminator_kind *hpo_terminator_kinds(size_t *n) {
  *n = N_KIND;
  return all;
}

/* --- Making ----------------------------------------------------------- */

struct hpo_terminator {
  const hpo_plan *plan; /* borrowed */
  hpo_regret regret;
  int64_t least, most; /* options */
  double ratio, error; /* error NaN: of the folds */
  double **x;          /* [n] points of complete trials */
  double *y;           /* [n] their values, less is better */
  size_t n, x_room, y_room;
  size_t next;            /* trials at which the bound is found next */
  double best;            /* NaN: none */
  double best_error;      /* of the best trial, by its folds */
  bool is_countable;      /* the space has an end of points */
  hpo_points tried;       /* where it is: of all final trials */
  double *first, *next_x; /* [n_param] of the space's points in their order:
                             the first, and one that all before were tried */
  char reason[64];
};

static bool is_of_folds(const char *error) {
  return error == NULL || strcmp(error, "folds") == 0;
}

static hpo_status read_error(const hpo_plan *plan, const char *text,
                             double *out, hpo_error *err) {
  *out = (double)NAN;
  if (is_of_folds(text))
    return plan->data.has_folds
               ? HPO_OK
               : hpo_error_set(err, HPO_EINVAL,
                               "%s; give error= a regret that does not "
                               "matter, such as error=\"0.001\"",
                               text == NULL
                                   ? "error= is needed without <folds>"
                                   : "the study has no <folds>");
  if (!hpo_options_parse_float(text, out) || !(*out > 0) || isinf(*out))
    return hpo_error_set(err, HPO_EINVAL,
                         "error can't be \"%.40s\"; allowed: folds, or a "
                         "number above 0",
                         text);
  return HPO_OK;
}

static hpo_status find_kind(const char *name, const hpo_terminator_kind **out,
                            hpo_error *err) {
  const char *names[N_KIND];

  *out = NULL;
  for (size_t i = 0; i < N_KIND; i++) {
    names[i] = all[i].name;
    if (name == NULL || *name == '\0' || strcmp(name, names[i]) == 0) {
      *out = &all[i];
      return HPO_OK;
    }
  }
  return hpo_chosen_unknown("terminator", name, names, N_KIND, err);
}

/* The text of error=; NULL: not given. */
static const char *error_text(const hpo_plan *plan) {
  return hpo_settings_get(&plan->terminator.options, "error");
}

hpo_status hpo_terminator_check(const hpo_plan *plan, const char **faulty,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_terminator_kind *kind = NULL;
  double error;

  HPO_TRY(status, find_kind(plan->terminator.name, &kind, err));
  *faulty = "error";
  if (kind->n_option > 0)
    HPO_TRY(status, read_error(plan, error_text(plan), &error, err));
done:
  return status;
}

bool hpo_terminator_needs_curves(const hpo_plan *plan) {
  const hpo_terminator_kind *kind = NULL;

  return find_kind(plan->terminator.name, &kind, NULL) == HPO_OK &&
         kind->n_option > 0 && is_of_folds(error_text(plan));
}

/* In a space with an end of points they are gone through in their order. */
static hpo_status begin_points(hpo_terminator *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_space *space = &t->plan->space;
  size_t n = space->n_param;

  t->tried.space = space;
  t->is_countable = hpo_space_is_countable(space);
  if (!t->is_countable)
    goto done;
  HPO_TRY(status, hpo_mem_new(n, sizeof *t->first, &t->first, err));
  for (size_t i = 0; i < n; i++)
    t->first[i] = (double)NAN;
  hpo_points_next(space, NULL, t->first);
  HPO_TRY(status,
          hpo_mem_copy(t->first, n * sizeof *t->first, &t->next_x, err));
done:
  return status;
}

hpo_status hpo_terminator_create(const hpo_plan *plan, hpo_terminator **out,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_terminator *t = NULL;
  hpo_options *o = NULL;
  const hpo_terminator_kind *kind = NULL;

  HPO_TRY(status, find_kind(plan->terminator.name, &kind, err));
  if (kind->n_option > 0) {
    HPO_TRY(status, hpo_chosen_options("terminator", &plan->terminator,
                                       kind->option, kind->n_option, &o, err));
    HPO_TRY(status, hpo_mem_new(1, sizeof *t, &t, err));
    HPO_TRY(status, read_error(plan, error_text(plan), &t->error, err));
    t->plan = plan;
    HPO_TRY(status, begin_points(t, err));
    t->least = hpo_options_get_int(o, "min-trials");
    t->most = hpo_options_get_int(o, "max-points");
    t->ratio = hpo_options_get_float(o, "top-trials-ratio");
    t->next = (size_t)t->least;
    t->best = t->best_error = (double)NAN;
    HPO_TRY(status,
            hpo_regret_init(&t->regret, &plan->space, plan->seed, err));
  }
  *out = t;
  t = NULL; /* now the caller's */
done:
  hpo_options_destroy(o);
  hpo_terminator_destroy(t);
  return status;
}

void hpo_terminator_destroy(hpo_terminator *t) {
  if (t == NULL)
    return;
  for (size_t i = 0; i < t->n; i++)
    hpo_mem_free(t->x[i]);
  hpo_mem_free(t->x);
  hpo_mem_free(t->y);
  hpo_regret_free(&t->regret);
  hpo_points_free(&t->tried);
  hpo_mem_free(t->first);
  hpo_mem_free(t->next_x);
  hpo_mem_free(t);
}

int64_t hpo_terminator_least(const hpo_terminator *t) { return t->least; }

/* --- What trials tell ------------------------------------------------- */

/* The deviation of the mean over the folds at the step that the trial's value
 * is of; NaN where its curve has no two folds there. */
static double error_of(const hpo_trial *t) {
  int64_t step = -1;
  double n = 0, sum = 0, square = 0, mean;

  for (size_t i = 0; i < t->n_curve; i++) {
    const hpo_curve_point *c = &t->curve[i];
    if (c->metric == 0 && c->fold == 0 && c->value == t->value[0])
      step = c->step;
  }
  for (int pass = 0; pass < 2; pass++) {
    mean = n > 0 ? sum / n : 0;
    for (size_t i = 0; i < t->n_curve; i++) {
      const hpo_curve_point *c = &t->curve[i];
      if (c->metric != 0 || c->fold == 0 || c->step != step)
        continue;
      n += pass == 0;
      sum += pass == 0 ? c->value : 0;
      square += pass == 0 ? 0 : (c->value - mean) * (c->value - mean);
    }
  }
  return n < 2 ? (double)NAN : sqrt((1 / n + 1 / (n - 1)) * square / n);
}

static hpo_status add_row(hpo_terminator *t, const hpo_trial *trial,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  double *x = NULL;
  double y =
      t->plan->objective[0].maximize ? -trial->value[0] : trial->value[0];

  HPO_TRY(status, hpo_mem_copy(trial->x, trial->n_param * sizeof *x, &x, err));
  HPO_TRY(status,
          hpo_mem_grow(&t->x, &t->x_room, t->n + 1, sizeof *t->x, err));
  HPO_TRY(status,
          hpo_mem_grow(&t->y, &t->y_room, t->n + 1, sizeof *t->y, err));
  t->x[t->n] = x;
  t->y[t->n++] = y;
  x = NULL; /* now the table's */
  if (isnan(t->best) || y < t->best) {
    t->best = y;
    t->best_error = error_of(trial);
  }
done:
  hpo_mem_free(x);
  return status;
}

/* --- What is left to try ---------------------------------------------- */

/* Looks for an untried point from the last one on: each point of the space is
 * passed once, some for each trial.  Whether there is none. */
static bool is_exhausted(hpo_terminator *t) {
  const hpo_space *space = &t->plan->space;

  for (int i = 0; i < LOOKS && hpo_points_find(&t->tried, t->next_x); i++) {
    hpo_points_next(space, NULL, t->next_x);
    if (hpo_space_equal_points(space, t->next_x, t->first))
      return true;
  }
  return false;
}

/* A final trial's point; where it has no value that counts, the bound need
 * not look there.  A pruned one might have been good. */
static hpo_status add_point(hpo_terminator *t, const hpo_trial *trial,
                            bool counts, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_points_add(&t->tried, trial->x, err));
  if (!counts && trial->state != HPO_TRIAL_PRUNED)
    HPO_TRY(status, hpo_points_add(&t->regret.failed, trial->x, err));
  if (t->n > 0 && is_exhausted(t))
    snprintf(t->reason, sizeof t->reason,
             "regret-bound: every point of the space was tried");
done:
  return status;
}

/* --- When to end ------------------------------------------------------ */

static int by_value(const void *a, const void *b, void *values) {
  const double *y = values;
  size_t i = *(const size_t *)a, j = *(const size_t *)b;

  if (y[i] != y[j])
    return y[i] < y[j] ? -1 : 1;
  return i < j ? -1 : i > j;
}

/* How many of the best the bound comes from. */
static size_t count_top(const hpo_terminator *t) {
  int64_t top = (int64_t)(t->ratio * (double)t->n);

  top = top < t->least ? t->least : top;
  return (size_t)(top > t->most ? t->most : top);
}

static hpo_status find_bound(hpo_terminator *t, double *bound,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = count_top(t), *order = NULL;
  const double **x = NULL;
  double *y = NULL;

  HPO_TRY(status, hpo_mem_new(t->n, sizeof *order, &order, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *x, &x, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *y, &y, err));
  for (size_t i = 0; i < t->n; i++)
    order[i] = i;
  qsort_r(order, t->n, sizeof *order, by_value, t->y);
  for (size_t i = 0; i < n; i++) {
    x[i] = t->x[order[i]];
    y[i] = t->y[order[i]];
  }
  HPO_TRY(status, hpo_regret_find(&t->regret, x, y, n, bound, err));
done:
  hpo_mem_free(order);
  hpo_mem_free(x);
  hpo_mem_free(y);
  return status;
}

/* With one more complete trial. */
static hpo_status judge(hpo_terminator *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  double bound = 0, error;

  t->next = t->n + (t->n >= 40 ? t->n / 20 : 1);
  HPO_TRY(status, find_bound(t, &bound, err));
  error = isnan(t->error) ? t->best_error : t->error;
  if (bound < error)
    snprintf(t->reason, sizeof t->reason,
             "regret-bound: %.3g is below the error %.3g", bound, error);
done:
  return status;
}

hpo_status hpo_terminator_add(hpo_terminator *t, const hpo_trial *trial,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  bool counts;

  if (t == NULL || t->reason[0] != '\0' ||
      hpo_space_check(&t->plan->space, trial->x, NULL) != HPO_OK)
    return HPO_OK;
  counts = trial->state == HPO_TRIAL_COMPLETE &&
           !(hpo_trial_violation(trial, t->plan) > 0);
  if (counts)
    HPO_TRY(status, add_row(t, trial, err));
  if (t->is_countable)
    HPO_TRY(status, add_point(t, trial, counts, err));
  if (counts && t->reason[0] == '\0' && t->n >= t->next)
    HPO_TRY(status, judge(t, err));
done:
  return status;
}

const char *hpo_terminator_reason(const hpo_terminator *t) {
  return t == NULL || t->reason[0] == '\0' ? NULL : t->reason;
}
