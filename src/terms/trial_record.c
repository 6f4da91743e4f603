/* SPDX-License-Identifier: BSD-3-Clause */
/* A trial as a row of /trials, and back.
 *
 * The columns are those of trial_members.c, with value, model, params.* and
 * metrics.* between job and start. */
#include "hpo/trial.h"

#include "trial_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/** What stands in the column of an inactive integer: no legal value. */
static int64_t inactive_int(const hpo_param *p) {
  return p->low < 0 ? INT64_MIN : -1;
}

/** Whether the parameter is the choice of the model, the column "model". */
static bool is_model(const hpo_param *p) { return p->model < 0; }

static hpo_status prefixed(const char *prefix, const char *name, char **out,
                           hpo_error *err) {
  return hpo_mem_format(out, err, "%s%s", prefix, name);
}

static hpo_status column_name(const hpo_param *p, char **out, hpo_error *err) {
  return is_model(p) ? hpo_mem_string("model", out, err)
                     : prefixed("params.", p->full_name, out, err);
}

double hpo_trial_violation(const hpo_trial *t, const hpo_plan *plan) {
  return t->state == HPO_TRIAL_COMPLETE || t->state == HPO_TRIAL_PRUNED
             ? hpo_plan_violation(plan, t->metric)
             : (double)NAN;
}

static void value_name(size_t i, size_t n, char *to, size_t room) {
  if (n == 1)
    snprintf(to, room, "value");
  else
    snprintf(to, room, "value.%zu", i);
}

static hpo_status add_values(hpo_record *r, const hpo_trial *t,
                             const hpo_plan *plan, hpo_error *err) {
  hpo_status status = HPO_OK;
  char name[32], text[256];

  for (size_t i = 0; i < t->n_objective; i++) {
    value_name(i, t->n_objective, name, sizeof name);
    snprintf(text, sizeof text,
             "Objective %s on the validation rows, to be %s; NaN while there "
             "is none.",
             plan->objective[i].metric,
             plan->objective[i].maximize ? "maximized" : "minimized");
    HPO_TRY(status, hpo_record_add_float(r, name, t->value[i], "", text, err));
  }
done:
  return status;
}

/** Writes "parent is choice" for what makes a parameter active. */
static void say_when(const hpo_space *s, const hpo_param *p, char *to,
                     size_t room) {
  if (p->parent < 0) {
    snprintf(to, room, "always active");
  } else {
    const hpo_param *parent = &s->param[p->parent];
    snprintf(to, room, "active where %s is %s", parent->full_name,
             parent->choice[p->parent_choice]);
  }
}

static hpo_status add_param(hpo_record *r, const hpo_space *s,
                            const hpo_param *p, double x, hpo_error *err) {
  hpo_status status = HPO_OK;
  char when[300], text[400];
  char *name = NULL;
  int32_t choice = x >= 0 && x < (double)p->n_choice ? (int32_t)x : -1;

  HPO_TRY(status, column_name(p, &name, err));
  say_when(s, p, when, sizeof when);
  if (p->kind == HPO_PARAM_CATEGORICAL) {
    snprintf(text, sizeof text, "%s, %s; -1 (none) where inactive.",
             is_model(p) ? "Model of the trial" : "Parameter", when);
    HPO_TRY(status,
            hpo_record_add_enum(r, name, (const char *const *)p->choice,
                                p->n_choice, &choice, 1, text, err));
  } else if (p->kind == HPO_PARAM_INT) {
    int64_t none = inactive_int(p);
    snprintf(text, sizeof text, "Parameter, %s; %s where inactive.", when,
             none == -1 ? "-1" : "-2^63");
    HPO_TRY(status, hpo_record_add_int(r, name, isnan(x) ? none : (int64_t)x,
                                       "", text, err));
  } else {
    snprintf(text, sizeof text, "Parameter, %s; NaN where inactive.", when);
    HPO_TRY(status, hpo_record_add_float(r, name, x, "", text, err));
  }
done:
  hpo_mem_free(name);
  return status;
}

/** The choice of the model first, then the parameters. */
static hpo_status add_params(hpo_record *r, const hpo_trial *t,
                             const hpo_plan *plan, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_space *s = &plan->space;

  for (int pass = 0; pass < 2; pass++)
    for (size_t i = 0; i < s->n_param; i++)
      if (is_model(&s->param[i]) == (pass == 0))
        HPO_TRY(status, add_param(r, s, &s->param[i], t->x[i], err));
done:
  return status;
}

static const char *metric_unit(const char *metric) {
  if (strcmp(metric, "train_seconds") == 0)
    return "s";
  return strcmp(metric, "model_bytes") == 0 ? "bytes" : "";
}

static hpo_status add_metrics(hpo_record *r, const hpo_trial *t,
                              const hpo_names *metrics, hpo_error *err) {
  hpo_status status = HPO_OK;
  char *name = NULL, text[256];

  for (size_t i = 0; i < metrics->n; i++) {
    const char *metric = metrics->item[i];
    HPO_TRY(status, prefixed("metrics.", metric, &name, err));
    snprintf(text, sizeof text,
             "Metric %s at the end of the trial; NaN while there is none.",
             metric);
    HPO_TRY(status, hpo_record_add_float(r, name, t->metric[i],
                                         metric_unit(metric), text, err));
    hpo_mem_free(name);
    name = NULL;
  }
done:
  hpo_mem_free(name);
  return status;
}

static hpo_status add_violation(hpo_record *r, const hpo_trial *t,
                                const hpo_plan *plan, hpo_error *err) {
  return plan->n_constraint == 0
             ? HPO_OK
             : hpo_record_add_float(
                   r, "violation", hpo_trial_violation(t, plan), "",
                   "How far it is from what the constraints allow: the sum of "
                   "the excesses, each as a share of its bound; 0 is "
                   "feasible, NaN while there are no metrics.",
                   err);
}

hpo_status hpo_trial_record(const hpo_trial *t, const hpo_plan *plan,
                            hpo_record **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *r = NULL;
  hpo_names metrics = {0};

  HPO_TRY(status, hpo_plan_metrics(plan, &metrics, err));
  HPO_ASSERT(t->n_param == plan->space.n_param &&
             t->n_objective == plan->n_objective && t->n_metric == metrics.n);
  HPO_TRY(status, hpo_record_create("trials", &r, err));
  for (const hpo_trial_member *m = hpo_trial_members; m->name != NULL; m++) {
    HPO_TRY(status, hpo_trial_member_add(m, t, r, err));
    if (m->kind == HPO_TRIAL_VALUES) {
      HPO_TRY(status, add_values(r, t, plan, err));
      HPO_TRY(status, add_params(r, t, plan, err));
      HPO_TRY(status, add_metrics(r, t, &metrics, err));
      HPO_TRY(status, add_violation(r, t, plan, err));
    }
  }
  if (plan->shards > 0)
    HPO_TRY(status, hpo_record_add_int(
                        r, "shard", hpo_plan_shard(plan, t->number), "",
                        "Shard of the training rows that it trains on.", err));
  *out = r;
  r = NULL;
done:
  hpo_names_free(&metrics);
  hpo_record_destroy(r);
  return status;
}

static hpo_status read_values(const hpo_record *r, size_t i, hpo_trial *t,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *f = NULL;
  char name[32];

  for (size_t k = 0; k < t->n_objective; k++) {
    value_name(k, t->n_objective, name, sizeof name);
    HPO_TRY(status, hpo_record_need(r, name, HPO_FIELD_FLOAT, i, &f, err));
    t->value[k] = hpo_field_number(f, i);
  }
done:
  return status;
}

static hpo_status read_param(const hpo_record *r, size_t i, const hpo_param *p,
                             double *x, hpo_error *err) {
  static const hpo_field_type types[] = {HPO_FIELD_INT, HPO_FIELD_FLOAT,
                                         HPO_FIELD_ENUM};
  hpo_status status = HPO_OK;
  const hpo_field *f = NULL;
  char *name = NULL;

  HPO_TRY(status, column_name(p, &name, err));
  HPO_TRY(status, hpo_record_need(r, name, types[p->kind], i, &f, err));
  *x = hpo_field_number(f, i);
  if (p->kind == HPO_PARAM_INT && hpo_field_int(f, i) == inactive_int(p))
    *x = (double)NAN;
  if (p->kind == HPO_PARAM_CATEGORICAL &&
      !(*x >= 0 && *x < (double)p->n_choice))
    *x = (double)NAN;
done:
  hpo_mem_free(name);
  return status;
}

static hpo_status read_metrics(const hpo_record *r, size_t i,
                               const hpo_names *metrics, hpo_trial *t,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *f = NULL;
  char *name = NULL;

  for (size_t k = 0; k < metrics->n; k++) {
    HPO_TRY(status, prefixed("metrics.", metrics->item[k], &name, err));
    HPO_TRY(status, hpo_record_need(r, name, HPO_FIELD_FLOAT, i, &f, err));
    t->metric[k] = hpo_field_number(f, i);
    hpo_mem_free(name);
    name = NULL;
  }
done:
  hpo_mem_free(name);
  return status;
}

hpo_status hpo_trial_from_record(const hpo_record *r, size_t i,
                                 const hpo_plan *plan, hpo_trial **out,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_space *s = &plan->space;
  hpo_trial *t = NULL;
  hpo_names metrics = {0};

  HPO_TRY(status, hpo_plan_metrics(plan, &metrics, err));
  HPO_TRY(status,
          hpo_trial_create(s->n_param, plan->n_objective, metrics.n, &t, err));
  for (const hpo_trial_member *m = hpo_trial_members; m->name != NULL; m++)
    HPO_TRY(status, hpo_trial_member_read(m, r, i, t, err));
  HPO_TRY(status, read_values(r, i, t, err));
  for (size_t k = 0; k < s->n_param; k++)
    HPO_TRY(status, read_param(r, i, &s->param[k], &t->x[k], err));
  HPO_TRY(status, read_metrics(r, i, &metrics, t, err));
  *out = t;
  t = NULL;
done:
  hpo_names_free(&metrics);
  hpo_trial_destroy(t);
  return status;
}
