/* SPDX-License-Identifier: BSD-3-Clause */
/* The choice of a winner, and what the folds say of its luck. */
#include "hpo/winner.h"

#include <math.h>
#include <string.h>

static bool is_better(const hpo_plan *plan, double a, double b) {
  return plan->objective[0].maximize ? a > b : a < b;
}

int64_t hpo_winner_step(const hpo_trial *curve, double value) {
  int64_t step = 0, last = 0;

  for (size_t i = 0; i < curve->n_curve; i++) {
    const hpo_curve_point *p = &curve->curve[i];
    if (p->fold != 0 || p->metric != 0)
      continue;
    if (p->value == value && step == 0)
      step = p->step;
    last = p->value == value ? p->step : 0;
  }
  return last > 0 ? last : step;
}

void hpo_winner_folds(const hpo_trial *curve, double value, size_t n_fold,
                      double *out) {
  const int64_t step = hpo_winner_step(curve, value);

  for (size_t f = 0; f < n_fold; f++)
    out[f] = NAN;
  for (size_t i = 0; i < curve->n_curve; i++) {
    const hpo_curve_point *p = &curve->curve[i];
    if (p->step == step && p->metric == 0 && p->fold >= 1 &&
        (size_t)p->fold <= n_fold)
      out[p->fold - 1] = p->value;
  }
}

static const double *folds_of(const hpo_fold_values *f, hpo_id trial) {
  return f->n_fold > 0 && (size_t)trial < f->n_trial
             ? f->value + (size_t)trial * f->n_fold
             : NULL;
}

/* Standard error of a trial's mean over its folds; NaN: unknown. */
static double standard_error(const hpo_fold_values *f, hpo_id trial) {
  const double *v = folds_of(f, trial);
  const double n = (double)f->n_fold;
  double mean = 0, sum = 0;

  if (!v || f->n_fold < 2)
    return NAN;
  for (size_t k = 0; k < f->n_fold; k++)
    mean += v[k] / n;
  for (size_t k = 0; k < f->n_fold; k++)
    sum += (v[k] - mean) * (v[k] - mean);
  return sqrt(sum / (n - 1) / n);
}

/* What is the less the simpler: a metric's place, or a parameter's. */
typedef struct measure {
  ptrdiff_t metric, param; /* -1: not it */
  double sign;
} measure;

static hpo_status find_measure(const hpo_plan *plan, measure *out,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names metrics = {0};
  const char *name =
      plan->simpler && plan->simpler[0] ? plan->simpler : "model_bytes";

  *out = (measure){.metric = -1, .param = -1, .sign = *name == '-' ? -1 : 1};
  name += *name == '-';
  HPO_TRY(status, hpo_plan_metrics(plan, &metrics, err));
  for (size_t i = 0; i < metrics.n; i++)
    if (strcmp(metrics.item[i], name) == 0)
      out->metric = (ptrdiff_t)i;
  if (out->metric < 0)
    out->param = hpo_space_find(&plan->space, name);
done:
  hpo_names_free(&metrics);
  return status;
}

static double measured(const measure *m, const hpo_trial *t) {
  const double x = m->metric >= 0  ? t->metric[m->metric]
                   : m->param >= 0 ? t->x[m->param]
                                   : NAN;

  return isnan(x) ? (double)INFINITY : m->sign * x;
}

/* The simplest within a standard error: ties to the better, then to the
 * lower number. */
static void choose_simplest(const hpo_plan *plan, const hpo_ledger *ledger,
                            const measure *m, hpo_winner *w) {
  const double sign = plan->objective[0].maximize ? 1 : -1;
  const double least = sign * w->best_value - w->standard_error;
  const hpo_trial *win = hpo_ledger_get(ledger, w->best);
  const double violation = hpo_trial_violation(win, plan);

  w->candidates = 0;
  for (size_t i = 0; i < hpo_ledger_trials(ledger); i++) {
    const hpo_trial *t = hpo_ledger_get(ledger, (hpo_id)i);
    if (t->state != HPO_TRIAL_COMPLETE || sign * t->value[0] < least ||
        hpo_trial_violation(t, plan) > violation)
      continue;
    w->candidates++;
    const double a = measured(m, t), b = measured(m, win);
    if (a < b || (!(b < a) && is_better(plan, t->value[0], win->value[0])))
      win = t;
  }
  w->trial = win->number;
  w->value = win->value[0];
}

hpo_status hpo_winner_choose(const hpo_plan *plan, const hpo_ledger *ledger,
                             const hpo_fold_values *folds, hpo_winner *out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_trial *best = hpo_ledger_best(ledger);
  measure m = {0};
  hpo_winner w = {.trial = -1,
                  .best = -1,
                  .candidates = 1,
                  .value = NAN,
                  .best_value = NAN,
                  .standard_error = NAN,
                  .corrected = NAN,
                  .low = NAN,
                  .high = NAN};

  for (size_t i = 0; i < hpo_ledger_trials(ledger); i++)
    w.trials += hpo_trial_is_final(hpo_ledger_get(ledger, (hpo_id)i)->state);
  if (best) {
    w.trial = w.best = best->number;
    w.value = w.best_value = best->value[0];
    w.standard_error = standard_error(folds, w.best);
  }
  if (best && plan->winner && strcmp(plan->winner, "one-se") == 0 &&
      !isnan(w.standard_error)) {
    HPO_TRY(status, find_measure(plan, &m, err));
    choose_simplest(plan, ledger, &m, &w);
  }
  *out = w;
done:
  return status;
}

/* Student's t at 0.975 by degrees of freedom. */
static double student(size_t freedom) {
  static const double t[] = {
      12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
      2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
      2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};
  const size_t n = sizeof t / sizeof *t;

  return t[(freedom < n ? freedom : n) - 1];
}

/* The best value of any trial in a fold. */
static double best_in(const hpo_plan *plan, const hpo_fold_values *f,
                      size_t fold) {
  double best = NAN;

  for (size_t i = 0; i < f->n_trial; i++) {
    const double v = f->value[i * f->n_fold + fold];
    if (isnan(best) || is_better(plan, v, best))
      best = v;
  }
  return best;
}

void hpo_winner_correct(const hpo_plan *plan, const hpo_fold_values *folds,
                        hpo_winner *w) {
  const double *mine = folds_of(folds, w->best);
  const double n = (double)folds->n_fold;
  double bias = 0, half;

  if (!mine || folds->n_fold < 2)
    return;
  for (size_t k = 0; k < folds->n_fold; k++)
    bias += (mine[k] - best_in(plan, folds, k)) / n;
  if (!isfinite(bias))
    return;
  for (size_t i = 0; i < folds->n_trial; i++)
    w->models += !isnan(folds->value[i * folds->n_fold]);
  half = student(folds->n_fold - 1) * standard_error(folds, w->trial);
  w->method = HPO_WINNER_TT;
  w->corrected = w->value + bias;
  w->low = w->corrected - half;
  w->high = w->corrected + half;
}
