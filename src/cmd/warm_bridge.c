/* SPDX-License-Identifier: BSD-3-Clause */
/* From one study's space and metrics to another's: see warm.h.
 *
 * Models go by name, or by kind where each study has one of that kind.
 * Parameters go by the model's own name; scales and steps do not matter, a
 * value moves to the nearest of this study's grid.  What this study alone
 * searches has the value that the other one held fixed; what the other alone
 * searched is ignored.
 *
 * Contents: making; a point; values; words. */
#include "cmd/warm.h"

#include "hpo/evaluate.h"
#include "hpo/options.h"

#include <math.h>
#include <string.h>

struct hpo_bridge {
  const hpo_plan *from, *to;
  const hpo_plan_warm *warm;
  ptrdiff_t *model;  /* [to n_model] of from, -1: none */
  ptrdiff_t *param;  /* [to n_param] of from, -1: none */
  const char **held; /* [to n_param] value that from held fixed, or NULL */
  ptrdiff_t *metric; /* [n_metric] of from, -1: not recorded */
  hpo_names metrics; /* of to */
  bool takes_pruned;
  size_t fate[HPO_WARM_FATES];
  size_t *outside, *strange, *unsaid; /* [to n_param] trials left out */
};

/* --- Making ------------------------------------------------------------- */

static bool is_same(const char *a, const char *b) { return strcmp(a, b) == 0; }

static size_t count_kind(const hpo_plan *p, const char *kind) {
  size_t n = 0;

  for (size_t i = 0; i < p->n_model; i++)
    n += is_same(p->model[i].kind, kind);
  return n;
}

static ptrdiff_t find_model(const hpo_plan *from, const hpo_plan *to,
                            size_t m) {
  const hpo_plan_model *model = &to->model[m];
  bool is_only =
      count_kind(from, model->kind) == 1 && count_kind(to, model->kind) == 1;

  for (size_t i = 0; i < from->n_model; i++)
    if (is_same(from->model[i].kind, model->kind) &&
        (is_only || is_same(from->model[i].name, model->name)))
      return (ptrdiff_t)i;
  return -1;
}

static ptrdiff_t find_param(const hpo_plan *from, ptrdiff_t model,
                            const char *name) {
  for (size_t i = 0; i < from->space.n_param; i++)
    if (from->space.param[i].model == (int)model &&
        is_same(from->space.param[i].name, name))
      return (ptrdiff_t)i;
  return -1;
}

static void match_space(hpo_bridge *b) {
  const hpo_space *s = &b->to->space;

  for (size_t m = 0; m < b->to->n_model; m++)
    b->model[m] = find_model(b->from, b->to, m);
  for (size_t i = 0; i < s->n_param; i++) {
    ptrdiff_t m = s->param[i].model < 0 ? -1 : b->model[s->param[i].model];
    b->param[i] = m < 0 ? -1 : find_param(b->from, m, s->param[i].name);
    if (m >= 0 && b->param[i] < 0)
      b->held[i] =
          hpo_settings_get(&b->from->model[m].fixed, s->param[i].name);
  }
}

static ptrdiff_t find_name(const hpo_names *names, const char *name) {
  for (size_t i = 0; i < names->n; i++)
    if (is_same(names->item[i], name))
      return (ptrdiff_t)i;
  return -1;
}

/* That the other study measured a metric. */
static hpo_status need_metric(const hpo_names *there, const char *what,
                              const char *metric, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer list = {0};

  if (find_name(there, metric) >= 0)
    return HPO_OK;
  for (size_t i = 0; i < there->n; i++)
    HPO_TRY(status, hpo_buffer_format(&list, err, "%s%s", i > 0 ? ", " : "",
                                      there->item[i]));
  HPO_FAIL(status, err, HPO_EINVAL,
           "that study did not record %s, %s of this one; it recorded %.*s",
           metric, what, (int)list.n, (const char *)list.byte);
done:
  hpo_buffer_free(&list);
  return status;
}

static hpo_status match_metrics(hpo_bridge *b, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names there = {0};
  const hpo_plan *from = b->from, *to = b->to;

  HPO_TRY(status, hpo_plan_metrics(from, &there, err));
  HPO_TRY(status, hpo_plan_metrics(to, &b->metrics, err));
  for (size_t i = 0; i < to->n_objective; i++)
    HPO_TRY(status, need_metric(&there, "the objective",
                                to->objective[i].metric, err));
  for (size_t i = 0; i < to->n_constraint; i++)
    HPO_TRY(status, need_metric(&there, "which a constraint bounds",
                                to->constraint[i].metric, err));
  for (size_t i = 0; i < to->n_objective; i++)
    for (size_t k = 0; k < from->n_objective; k++)
      if (is_same(to->objective[i].metric, from->objective[k].metric) &&
          to->objective[i].maximize != from->objective[k].maximize)
        HPO_FAIL(status, err, HPO_EINVAL, "that study %ss %s, this one %ss it",
                 from->objective[k].maximize ? "maximize" : "minimize",
                 to->objective[i].metric,
                 to->objective[i].maximize ? "maximize" : "minimize");
  HPO_TRY(status,
          hpo_mem_new(b->metrics.n, sizeof *b->metric, &b->metric, err));
  for (size_t i = 0; i < b->metrics.n; i++)
    b->metric[i] = find_name(&there, b->metrics.item[i]);
  b->takes_pruned =
      !b->warm->is_points && to->n_objective == 1 &&
      is_same(to->objective[0].metric, from->objective[0].metric);
done:
  hpo_names_free(&there);
  return status;
}

hpo_status hpo_bridge_create(const hpo_plan *from, const hpo_plan *to,
                             size_t warm, hpo_bridge **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = to->space.n_param;
  hpo_bridge *b = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *b, &b, err));
  b->from = from;
  b->to = to;
  b->warm = &to->warm[warm];
  HPO_TRY(status, hpo_mem_new(to->n_model, sizeof *b->model, &b->model, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *b->param, &b->param, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *b->held, &b->held, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *b->outside, &b->outside, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *b->strange, &b->strange, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *b->unsaid, &b->unsaid, err));
  match_space(b);
  HPO_TRY(status, match_metrics(b, err));
  *out = b;
  b = NULL; /* now the caller's */
done:
  hpo_bridge_destroy(b);
  return status;
}

void hpo_bridge_destroy(hpo_bridge *b) {
  if (b == NULL)
    return;
  hpo_mem_free(b->model);
  hpo_mem_free(b->param);
  hpo_mem_free(b->held);
  hpo_mem_free(b->metric);
  hpo_mem_free(b->outside);
  hpo_mem_free(b->strange);
  hpo_mem_free(b->unsaid);
  hpo_names_free(&b->metrics);
  hpo_mem_free(b);
}

/* --- A point ------------------------------------------------------------ */

/* The choice of a text: the same text, or the same number; clipped, the
 * nearest of an ordinal's numbers. */
static double find_choice(const hpo_param *p, const char *text, bool clip) {
  const bool any = clip && p->ordered && hpo_param_is_numeric(p);
  double number = (double)NAN, own, near = (double)INFINITY;
  double choice = (double)NAN;

  for (size_t c = 0; c < p->n_choice; c++)
    if (is_same(p->choice[c], text))
      return (double)c;
  if (!hpo_options_parse_float(text, &number))
    return (double)NAN;
  for (size_t c = 0; c < p->n_choice; c++) {
    if (!hpo_options_parse_float(p->choice[c], &own))
      continue;
    own = fabs(own - number);
    if (own < near && (any || !(own > 0))) {
      near = own;
      choice = (double)c;
    }
  }
  return choice;
}

/* A text as a value of parameter i. */
static hpo_warm_fate read_value(hpo_bridge *b, size_t i, const char *text,
                                double *out) {
  const hpo_param *p = &b->to->space.param[i];
  double value = (double)NAN, slack;

  if (p->kind == HPO_PARAM_CATEGORICAL) {
    value = find_choice(p, text, b->warm->clip);
  } else if (hpo_options_parse_float(text, &value)) {
    slack = 1e-9 * (p->step > 0 ? p->step : fabs(value));
    if (!b->warm->clip &&
        (value < p->low - slack || value > p->high + slack)) {
      b->outside[i]++;
      return HPO_WARM_RANGE;
    }
    value = hpo_param_round(p, value);
  }
  if (isnan(value)) {
    b->strange[i]++;
    return HPO_WARM_CHOICE;
  }
  *out = value;
  return HPO_WARM_TAKEN;
}

/* The choice of the model. */
static double choose_model(const hpo_bridge *b, size_t from) {
  for (size_t m = 0; m < b->to->n_model; m++)
    if (b->model[m] == (ptrdiff_t)from)
      return (double)m;
  return (double)NAN;
}

static hpo_warm_fate cross_param(hpo_bridge *b, const hpo_trial *t, size_t i,
                                 double *x) {
  const ptrdiff_t from = b->param[i];
  char text[512];

  if (from >= 0 && !isnan(t->x[from]))
    return read_value(b, i,
                      hpo_param_format(&b->from->space.param[from], t->x[from],
                                       text, sizeof text),
                      &x[i]);
  if (b->held[i] != NULL)
    return read_value(b, i, b->held[i], &x[i]);
  if (b->warm->is_points) /* the sampler's to say */
    return HPO_WARM_TAKEN;
  b->unsaid[i]++;
  return HPO_WARM_UNSAID;
}

static hpo_warm_fate cross_point(hpo_bridge *b, const hpo_trial *t,
                                 double *x) {
  const hpo_space *s = &b->to->space;
  const size_t from = hpo_evaluate_model(b->from, t->x);
  const double model = choose_model(b, from);
  hpo_warm_fate fate = HPO_WARM_TAKEN;

  if (isnan(model))
    return HPO_WARM_MODEL;
  for (size_t i = 0; i < s->n_param; i++)
    x[i] = (double)NAN;
  for (size_t i = 0; i < s->n_param && fate == HPO_WARM_TAKEN; i++) {
    if (!hpo_space_active(s, x, i))
      continue;
    if (s->param[i].model < 0)
      x[i] = model;
    else
      fate = cross_param(b, t, i, x);
  }
  if (fate == HPO_WARM_TAKEN && hpo_space_forbids(s, x) >= 0)
    fate = HPO_WARM_FORBIDDEN;
  return fate;
}

/* --- Values ------------------------------------------------------------- */

static hpo_warm_fate cross_values(const hpo_bridge *b, const hpo_trial *t,
                                  hpo_trial *to) {
  for (size_t i = 0; i < to->n_metric; i++)
    to->metric[i] = b->metric[i] < 0 ? (double)NAN : t->metric[b->metric[i]];
  for (size_t i = 0; i < to->n_objective; i++) {
    ptrdiff_t k = find_name(&b->metrics, b->to->objective[i].metric);
    to->value[i] = to->metric[k];
  }
  if (t->state == HPO_TRIAL_PRUNED) { /* its last step's */
    to->value[0] = t->value[0];
    return isfinite(to->value[0]) ? HPO_WARM_TAKEN : HPO_WARM_PRUNED;
  }
  for (size_t i = 0; i < to->n_objective; i++)
    if (!isfinite(to->value[i]))
      return HPO_WARM_VALUE;
  return isinf(hpo_plan_violation(b->to, to->metric)) ? HPO_WARM_VALUE
                                                      : HPO_WARM_TAKEN;
}

static hpo_warm_fate cross(hpo_bridge *b, const hpo_trial *t, hpo_trial *to) {
  hpo_warm_fate fate;

  if (t->state == HPO_TRIAL_PRUNED && !b->takes_pruned)
    return HPO_WARM_PRUNED;
  if (t->state != HPO_TRIAL_PRUNED && t->state != HPO_TRIAL_COMPLETE)
    return HPO_WARM_OPEN;
  to->number = t->number;
  to->state = t->state;
  to->steps = t->steps;
  fate = cross_point(b, t, to->x);
  return fate == HPO_WARM_TAKEN ? cross_values(b, t, to) : fate;
}

hpo_status hpo_bridge_cross(hpo_bridge *b, const hpo_trial *t,
                            hpo_warm_fate *fate, hpo_trial **out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_trial *to = NULL;

  HPO_TRY(status, hpo_trial_create(b->to->space.n_param, b->to->n_objective,
                                   b->metrics.n, &to, err));
  *fate = t != NULL ? cross(b, t, to) : HPO_WARM_TORN;
  b->fate[*fate]++;
  if (*fate == HPO_WARM_TAKEN) {
    *out = to;
    to = NULL; /* now the caller's */
  }
done:
  hpo_trial_destroy(to);
  return status;
}

/* --- Words -------------------------------------------------------------- */

static hpo_status add_counts(const hpo_bridge *b, const size_t *count,
                             const char *why, const char **between,
                             hpo_buffer *to, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t i = 0; i < b->to->space.n_param; i++)
    if (count[i] > 0) {
      HPO_TRY(status,
              hpo_buffer_format(to, err, "%s%zu %s %s", *between, count[i],
                                why, b->to->space.param[i].full_name));
      *between = ", ";
    }
done:
  return status;
}

static hpo_status add_fates(const hpo_bridge *b, const char **between,
                            hpo_buffer *to, hpo_error *err) {
  static const struct {
    hpo_warm_fate fate;
    const char *why;
  } word[] = {{HPO_WARM_OPEN, "failed or not at their end"},
              {HPO_WARM_TORN, "torn"},
              {HPO_WARM_PRUNED, "pruned"},
              {HPO_WARM_VALUE, "without a value that counts here"},
              {HPO_WARM_MODEL, "of a model that is not searched here"},
              {HPO_WARM_FORBIDDEN, "forbidden here"}};
  hpo_status status = HPO_OK;

  for (size_t i = 0; i < sizeof word / sizeof *word; i++)
    if (b->fate[word[i].fate] > 0) {
      HPO_TRY(status, hpo_buffer_format(to, err, "%s%zu %s", *between,
                                        b->fate[word[i].fate], word[i].why));
      *between = ", ";
    }
done:
  return status;
}

/* Parameters that only one of the studies searches. */
static hpo_status add_params(const hpo_bridge *b, hpo_buffer *to,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *between = "; held fixed there: ";

  for (size_t i = 0; i < b->to->space.n_param; i++)
    if (b->held[i] != NULL) {
      HPO_TRY(status,
              hpo_buffer_format(to, err, "%s%s = %s", between,
                                b->to->space.param[i].full_name, b->held[i]));
      between = ", ";
    }
  between = "; ignored: ";
  for (size_t k = 0; k < b->from->space.n_param; k++) {
    bool is_used = b->from->space.param[k].model < 0;
    for (size_t i = 0; i < b->to->space.n_param; i++)
      is_used = is_used || b->param[i] == (ptrdiff_t)k;
    if (!is_used) {
      HPO_TRY(status, hpo_buffer_format(to, err, "%s%s", between,
                                        b->from->space.param[k].full_name));
      between = ", ";
    }
  }
done:
  return status;
}

hpo_status hpo_bridge_text(const hpo_bridge *b, hpo_buffer *to,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *between = "; left out: ";

  HPO_TRY(status, add_counts(b, b->outside, "outside the range of", &between,
                             to, err));
  HPO_TRY(status,
          add_counts(b, b->strange, "with a value that is no choice of",
                     &between, to, err));
  HPO_TRY(status,
          add_counts(b, b->unsaid, "that do not say", &between, to, err));
  HPO_TRY(status, add_fates(b, &between, to, err));
  HPO_TRY(status, add_params(b, to, err));
done:
  return status;
}
